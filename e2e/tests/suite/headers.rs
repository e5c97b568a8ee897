//! The headers of every answer.

use e2e::{Options, Page, World, on_each_engine};

fn check(page: &Page, name: &str) {
    let header = |name: &str| {
        page.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    };
    assert!(header("cache-control").starts_with("no-store"), "{name}");
    assert!(
        header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-")
    );
    assert!(
        header("content-security-policy").contains("frame-ancestors 'none'"),
        "{name}"
    );
    assert!(
        header("content-security-policy").contains("script-src 'none'"),
        "{name}"
    );
    for (header_name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "strict-transport-security",
            "max-age=63072000; includeSubDomains",
        ),
    ] {
        assert_eq!(header(header_name), value, "{name}");
    }
    for absent in ["server", "set-cookie", "etag", "last-modified"] {
        assert!(!page.headers.contains_key(absent), "{name} {absent}");
    }
    assert!(page.html.len() < 15_000, "{name}");
    assert!(!page.html.contains("<script"), "{name}");
}

on_each_engine! {
    async fn every_status_has_the_same_headers(engine) {
        let web_variables = vec![("RATE_LIMIT", "8/60s".to_owned())];
        let options = Options { bot: false, web_variables, ..Options::default() };
        let world = World::with(engine, options).await;
        let sent = world.keys.send(&world.database.store().await, "x").await;
        let token = sent.token.encode();
        let web = world.web();
        let confirm = web.look(&token).await;
        let policy = confirm.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("form-action 'self'"));
        assert_eq!(confirm.headers["referrer-policy"], "strict-origin");
        let revealed = web.reveal(&token).await;
        assert_eq!(revealed.headers["referrer-policy"], "no-referrer");
        let too_large = web.http().post(format!("{}/reveal", web.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("x".repeat(5000));
        for (page, status) in [
            (confirm, 200),
            (revealed, 200),
            (web.reveal(&token).await, 410),
            (web.look("short").await, 404),
            (web.get("/reveal").await, 405),
            (e2e::Web::send(too_large).await, 413),
            (web.get("/favicon.ico").await, 204),
            (web.get("/").await, 404),
            (web.get("/").await, 429),
        ] {
            assert_eq!(page.status, status);
            check(&page, &status.to_string());
        }
        world.finish().await;
    }
}
