//! The headers of every answer.

use std::collections::BTreeMap;

use e2e::{Options, Page, Web, World, on_each_engine};

/// What every answer has, letter by letter.
const ALWAYS: [(&str, &str); 12] = [
    (
        "cache-control",
        "no-store, max-age=0, private, no-transform",
    ),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), browsing-topics=(), camera=(), clipboard-read=(), display-capture=(), \
         geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    ),
    ("pragma", "no-cache"),
    ("strict-transport-security", "max-age=63072000"),
    ("vary", "Accept-Language, Sec-Fetch-Site, Origin"),
    ("x-content-type-options", "nosniff"),
    ("x-dns-prefetch-control", "off"),
    ("x-frame-options", "DENY"),
    ("x-robots-tag", "noindex, nofollow, noarchive, nosnippet"),
];

/// What differs from page to page.
#[derive(Clone, Copy)]
struct Kind {
    script: &'static str,
    form_action: &'static str,
    referrer: &'static str,
}

const CONFIRM: Kind = Kind {
    script: "HASH",
    form_action: "'self'",
    referrer: "strict-origin",
};
const REVEALED: Kind = Kind {
    script: "HASH",
    form_action: "'none'",
    referrer: "no-referrer",
};
const WAIT: Kind = Kind {
    script: "HASH",
    form_action: "'none'",
    referrer: "no-referrer",
};
const INERT: Kind = Kind {
    script: "'none'",
    form_action: "'none'",
    referrer: "no-referrer",
};

/// The policy with its hashes, which change with style and script, written as `HASH`.
fn without_hashes(policy: &str) -> String {
    let words = policy.split(' ').map(|word| {
        if word.starts_with("'sha256-") {
            let end = if word.ends_with(';') { ";" } else { "" };
            format!("HASH{end}")
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Every header but those of the one status, letter by letter; nothing else is there.
fn check(name: &str, page: &Page, kind: Kind, more: &[&str]) {
    let mut found: BTreeMap<_, _> = page
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    for (header, value) in ALWAYS {
        assert_eq!(found.remove(header), Some(value), "{name}: {header}");
    }
    let policy = found.remove("content-security-policy").unwrap();
    assert_eq!(
        without_hashes(policy),
        format!(
            "default-src 'none'; style-src HASH; script-src {}; img-src 'none'; object-src 'none'; \
             base-uri 'none'; frame-ancestors 'none'; form-action {}; \
             require-trusted-types-for 'script'",
            kind.script, kind.form_action
        ),
        "{name}"
    );
    assert_eq!(
        found.remove("referrer-policy"),
        Some(kind.referrer),
        "{name}"
    );
    if !page.html.is_empty() {
        let html = Some("text/html; charset=utf-8");
        assert_eq!(found.remove("content-type"), html, "{name}");
    }
    for own in ["content-length", "date"].iter().chain(more) {
        assert!(
            found.remove(own).is_some() || *own == "content-length",
            "{name}: {own}"
        );
    }
    assert!(found.is_empty(), "{name}: {found:?}");
    assert!(page.html.len() < 15_000, "{name}");
    assert_eq!(
        page.html.contains("<script"),
        kind.script == "HASH",
        "{name}"
    );
}

on_each_engine! {
    async fn every_status_has_the_same_headers(engine) {
        let web_variables = vec![("RATE_LIMIT", "15/60s".to_owned())];
        let options = Options { bot: false, web_variables, ..Options::default() };
        let world = World::with(engine, options).await;
        let store = world.database.store().await;
        let expired = world.keys.send(&store, "x").await;
        let expire = "UPDATE secrets SET expires_at = created_at - 1";
        world.database.run(e2e::Account::Migrate, expire).await.unwrap();
        let sent = world.keys.send(&store, "x").await;
        let token = sent.token.encode();
        let web = world.web();
        let form = "application/x-www-form-urlencoded";
        let confirm = web.look(&token).await;
        let confirmation = confirm.confirmation().unwrap().to_owned();
        let body = |text: String| web.post().header("content-type", form).body(text);
        let forbidden = web.http().post(format!("{}/reveal", web.url));
        for (name, page, status, kind, more) in [
            ("confirm", confirm, 200, CONFIRM, &[][..]),
            ("revealed", web.press(&token, &confirmation).await, 200, REVEALED, &[]),
            ("pressed again", web.press(&token, &confirmation).await, 410, INERT, &[]),
            ("opened", web.look(&token).await, 410, INERT, &[]),
            ("expired", web.look(&expired.token.encode()).await, 410, INERT, &[]),
            ("malformed", web.look("short").await, 404, INERT, &[]),
            ("nowhere", web.get("/").await, 404, INERT, &[]),
            ("not again", web.get("/reveal").await, 405, INERT, &["allow"]),
            ("method", Web::send(web.http().put(format!("{}/reveal", web.url))).await, 405, INERT, &["allow"]),
            ("no form", Web::send(body("x".to_owned())).await, 400, INERT, &[]),
            ("too large", Web::send(body("x".repeat(5000))).await, 413, INERT, &[]),
            ("from elsewhere", Web::send(forbidden).await, 403, INERT, &[]),
            ("forged", web.press(&token, "forged").await, 403, INERT, &[]),
            ("icon", web.get("/favicon.ico").await, 204, INERT, &[]),
            ("head", Web::send(web.http().head(&web.url)).await, 404, INERT, &["content-type"]),
            ("too many", web.get("/").await, 429, INERT, &["refresh", "retry-after"]),
            ("too many presses", web.press(&token, &confirmation).await, 429, WAIT, &["retry-after"]),
        ] {
            assert_eq!(page.status, status, "{name}");
            check(name, &page, kind, more);
        }
        world.finish().await;
    }

    async fn names_below_ours_are_bound_to_https_when_the_operator_says_so(engine) {
        let mut world = World::without_programs(engine).await;
        for (said, subdomains) in [("yes", true), ("no", false)] {
            world.start_web(&[("HSTS_INCLUDE_SUBDOMAINS", said.to_owned())]).await;
            let web = world.webs.last().unwrap();
            for page in [web.get("/").await, web.get("/reveal").await, web.get("/favicon.ico").await] {
                let value = page.headers["strict-transport-security"].to_str().unwrap();
                let (age, below) = value.split_once("; ").unwrap_or((value, ""));
                assert_eq!(age, "max-age=63072000");
                assert_eq!(below, if subdomains { "includeSubDomains" } else { "" });
            }
        }
        world.finish().await;
    }

    async fn without_a_database_or_a_key_the_headers_are_the_same(engine) {
        let mut world = World::without_programs(engine).await;
        let sent = world.keys.send(&world.database.store().await, "x").await;
        world.start_web(&[("FERNET_KEYS", e2e::Keys::key())]).await;
        let page = world.web().reveal(&sent.token.encode()).await;
        assert_eq!(page.status, 503);
        check("unavailable", &page, INERT, &["retry-after"]);
        world.finish().await;
    }
}
