//! Who may press the button: our own page, lately, for its own link.

use e2e::{Web, World, on_each_engine};
use shared::domain::clock::Timestamp;

/// Programs that open links before people do.
const SCANNERS: [&str; 8] = [
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Microsoft Office Safelinks",
    "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))",
    "Mozilla/5.0 (compatible; Proofpoint URL Defense)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.0",
];

async fn row(world: &World) -> String {
    let columns = "id, format, token_hash, submission_key, part, ciphertext, key_id, team, sender, \
                   sender_name, recipient, created_at, expires_at";
    let all = columns.split(", ").map(|column| format!("HEX({column})"));
    let all = all.collect::<Vec<_>>().join(", '|', ");
    let live = "viewed_at IS NULL AND destroyed_at IS NULL AND burn_id IS NULL \
                AND reuse_count = 0 AND reused_at IS NULL AND confirmed_by IS NULL \
                AND repeat_count = 0 AND repeated_at IS NULL";
    let whole = match world.database.engine {
        e2e::Engine::MySql => format!("CONCAT({all})"),
        e2e::Engine::Sqlite => all.replace(", '|', ", " || '|' || "),
    };
    let sql = format!("SELECT {whole} FROM secrets WHERE {live}");
    world.database.text(&sql).await
}

on_each_engine! {
    async fn looking_changes_no_byte_of_a_secret(engine) {
        let world = World::of_web(engine).await;
        let sent = world.keys.send(&world.database.store().await, "unseen").await;
        let (token, web) = (sent.token.encode(), world.web());
        let before = row(&world).await;
        assert!(before.len() > 100, "{before}");
        let link = format!("{}/s/{}", web.url, token.as_str());
        for agent in SCANNERS {
            for method in ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PROPFIND"] {
                let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
                let request = web.http().request(method, &link).header("user-agent", agent);
                assert!(matches!(Web::send(request).await.status, 200 | 405));
            }
            for purpose in ["prefetch", "prefetch;prerender"] {
                let request = web.http().get(&link).header("user-agent", agent);
                let page = Web::send(request.header("sec-purpose", purpose)).await;
                assert_eq!(page.status, 200);
            }
            let blind = [("token", token.as_str())];
            let press = web.post().header("user-agent", agent).form(&blind);
            assert_eq!(Web::send(press).await.status, 403, "without the page");
        }
        assert_eq!(row(&world).await, before);
        assert_eq!(world.events().await, ["created"]);
        world.finish().await;
    }

    async fn a_confirmation_is_good_for_its_own_link_and_a_few_minutes(engine) {
        let world = World::of_web(engine).await;
        let store = world.database.store().await;
        let [mine, other] = [world.keys.send(&store, "mine").await, world.keys.send(&store, "other").await];
        let (token, web) = (mine.token.encode(), world.web());
        let of_the_other = web.look(&other.token.encode()).await;
        let forged = [
            String::new(),
            "x".repeat(54),
            of_the_other.confirmation().unwrap().to_owned(),
            e2e::Keys::fresh().master().confirm(&mine.token.hash(), Timestamp::from_millis(i64::MAX)),
        ];
        for confirmation in forged {
            let page = web.press(&token, &confirmation).await;
            assert_eq!((page.status, page.state()), (403, "forbidden"), "{confirmation}");
        }
        let stale = world.keys.master().confirm(&mine.token.hash(), Timestamp::from_millis(1));
        let page = web.press(&token, &stale).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.secret(), None, "the page with the button again");
        assert!(page.html.contains("press the button again"), "{}", page.html);
        let page = web.press(&token, page.confirmation().unwrap()).await;
        assert_eq!(page.secret().as_deref(), Some("mine"));
        let page = web.press(&token, &stale).await;
        assert_eq!((page.status, page.state()), (410, "opened"));
        world.finish().await;
    }

    async fn only_our_own_page_may_send_the_form(engine) {
        let world = World::of_web(engine).await;
        let sent = world.keys.send(&world.database.store().await, "mine").await;
        let (token, web) = (sent.token.encode(), world.web());
        let page = web.look(&token).await;
        let form = [("token", token.as_str()), ("confirmation", page.confirmation().unwrap())];
        let (_, host) = web.public_url.split_once("://").unwrap();
        let own = web.public_url.as_str();
        for headers in [
            &[("host", host)][..],
            &[("host", host), ("origin", "null")],
            &[("host", host), ("origin", "https://evil.example")],
            &[("host", "evil.example"), ("origin", own)],
            &[("host", host), ("origin", own), ("sec-fetch-site", "cross-site")],
            &[
                ("host", host),
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-mode", "cors"),
                ("sec-fetch-dest", "empty"),
            ],
        ] {
            let mut request = web.http().post(format!("{}/reveal", web.url)).form(&form);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let page = Web::send(request).await;
            assert_eq!((page.status, page.state()), (403, "forbidden"), "{headers:?}");
        }
        assert_eq!(web.press(form[0].1, form[1].1).await.secret().as_deref(), Some("mine"));
        world.finish().await;
    }

    async fn visits_after_the_opening_are_told_to_the_sender(engine) {
        let mut world = World::start(engine).await;
        let submission = e2e::Submission { secret: "canary-of-reuse", ..e2e::Submission::default() };
        let link = world.alice_sends_bob(submission).await;
        let token = link.rsplit('/').next().unwrap();
        assert_eq!(world.web().reveal(token).await.status, 200);
        let prefetch = world.web().http().get(&link).header("sec-purpose", "prefetch");
        assert_eq!(Web::send(prefetch).await.status, 410);
        assert_eq!(Web::send(world.web().http().head(&link)).await.status, 410);
        for _ in 0..3 {
            assert_eq!(world.web().look(token).await.status, 410);
        }
        e2e::eventually("the receipt tells of it", || async {
            let receipt = world.slack().messages_now("U0ALICE").await[0].to_string();
            receipt.contains("visited 3 more times").then_some(())
        })
        .await;
        let message = world.slack().messages_now("U0BOB").await[0].to_string();
        assert!(!message.contains("visited"), "{message}");
        let noted = world.logs().matches("the link of an opened secret was visited again").count();
        assert_eq!(noted, 3);
        world.finish().await;
    }
}
