//! The page that opened a secret, sent once more: a second press is no visit by somebody else.

use e2e::{Account, Engine, Options, Page, Submission, Web, World, eventually, on_each_engine};

/// One sender of forms: an address, as our own proxy reports it, and a browser.
struct Sender<'a> {
    address: &'a str,
    browser: &'a str,
}

const BOB: Sender<'static> = Sender {
    address: "198.51.100.7",
    browser: "Bob's browser",
};

impl Sender<'_> {
    async fn press(&self, web: &Web, token: &str, confirmation: &str) -> Page {
        let form = [("token", token), ("confirmation", confirmation)];
        let request = web.post().form(&form).header("user-agent", self.browser);
        Web::send(request.header("x-forwarded-for", self.address)).await
    }
}

fn behind_a_proxy(bot: bool) -> Options {
    Options {
        bot,
        webs: 2,
        web_variables: vec![
            ("RATE_LIMIT", "100000/1s".to_owned()),
            ("TRUSTED_PROXIES", "127.0.0.1".to_owned()),
        ],
        ..Options::default()
    }
}

async fn count(world: &World, column: &str) -> i64 {
    let sql = format!("SELECT CAST(SUM({column}) AS SIGNED) FROM secrets");
    let sql = match world.database.engine {
        Engine::MySql => sql,
        Engine::Sqlite => sql.replace("SIGNED", "INTEGER"),
    };
    world.database.count(&sql).await
}

/// Opens a secret, lets time pass, and sends the same page again; what that page says.
async fn again(world: &World, first: &Sender<'_>, second: &Sender<'_>, later_ms: i64) -> Page {
    let sent = world
        .keys
        .send(&world.database.store().await, "canary-twice")
        .await;
    let token = sent.token.encode();
    let confirm = world.webs[0].look(&token).await;
    let confirmation = confirm.confirmation().unwrap();
    let shown = first.press(&world.webs[0], &token, confirmation).await;
    assert_eq!(shown.secret().as_deref(), Some("canary-twice"));
    let age = format!("UPDATE secrets SET viewed_at = viewed_at - {later_ms}");
    world.database.run(Account::Migrate, &age).await.unwrap();
    // Whichever process answers.
    let page = second.press(&world.webs[1], &token, confirmation).await;
    assert_eq!(page.status, 410);
    assert!(!page.html.contains("canary-twice"));
    page
}

on_each_engine! {
    async fn the_same_page_from_the_same_visitor_a_moment_later_is_no_visit(engine) {
        let world = World::with(engine, behind_a_proxy(false)).await;
        let elsewhere = Sender { address: "198.51.100.8", ..BOB };
        let other_browser = Sender { browser: "another", ..BOB };
        let nameless = Sender { browser: "", ..BOB };
        for (name, first, second, later_ms, state) in [
            ("at once", &BOB, &BOB, 0, "repeated"),
            ("nearly two minutes later", &BOB, &BOB, 110_000, "repeated"),
            ("more than two minutes later", &BOB, &BOB, 120_001, "opened"),
            ("a stolen page posted first, from elsewhere", &elsewhere, &BOB, 0, "opened"),
            ("a stolen page posted later, from elsewhere", &BOB, &elsewhere, 0, "opened"),
            ("another browser", &BOB, &other_browser, 0, "opened"),
            ("a browser without a name", &BOB, &nameless, 0, "opened"),
        ] {
            let page = again(&world, first, second, later_ms).await;
            assert_eq!(page.state(), state, "{name}");
        }
        eventually("everything is counted", || async {
            let counted = (count(&world, "repeat_count").await, count(&world, "reuse_count").await);
            (counted == (2, 5)).then_some(())
        })
        .await;
        let log = world.logs();
        assert_eq!(log.matches("was sent again, from the same address and browser").count(), 2);
        assert_eq!(log.matches("the link of an opened secret was visited again").count(), 5);
        world.finish().await;
    }

    async fn another_page_of_the_same_visitor_is_a_visit(engine) {
        let world = World::with(engine, behind_a_proxy(false)).await;
        let sent = world.keys.send(&world.database.store().await, "one of two pages").await;
        let token = sent.token.encode();
        let web = &world.webs[0];
        let (one, other) = (web.look(&token).await, web.look(&token).await);
        let shown = BOB.press(web, &token, one.confirmation().unwrap()).await;
        assert_eq!(shown.status, 200);
        let page = BOB.press(web, &token, other.confirmation().unwrap()).await;
        assert_eq!((page.status, page.state()), (410, "opened"));
        world.finish().await;
    }

    async fn presses_at_once_show_it_once_and_raise_no_alarm(engine) {
        let mut world = World::with(engine, behind_a_proxy(true)).await;
        let submission = Submission { secret: "canary-of-presses", ..Submission::default() };
        let link = world.alice_sends_bob(submission).await;
        let token = link.rsplit('/').next().unwrap();
        let page = world.webs[0].look(token).await;
        let confirmation = page.confirmation().unwrap();
        let presses = (0..8).map(|n| BOB.press(&world.webs[n % 2], token, confirmation));
        let pages = futures_util::future::join_all(presses).await;
        let shown = pages.iter().filter(|page| page.secret().is_some()).count();
        let repeated = pages.iter().filter(|page| page.state() == "repeated").count();
        assert_eq!((shown, repeated), (1, 7));
        let receipt = eventually("the receipt tells of it", || async {
            let receipt = world.slack().messages_now("U0ALICE").await[0].to_string();
            receipt.contains("sent again a moment later").then_some(receipt)
        })
        .await;
        assert!(!receipt.contains("somebody else") && !receipt.contains("visited"), "{receipt}");
        world.finish().await;
    }

    async fn a_press_after_the_receipt_changed_is_told_all_the_same(engine) {
        let mut world = World::with(engine, behind_a_proxy(true)).await;
        let submission = Submission { secret: "canary-of-a-late-press", ..Submission::default() };
        let link = world.alice_sends_bob(submission).await;
        let token = link.rsplit('/').next().unwrap();
        let page = world.webs[0].look(token).await;
        let confirmation = page.confirmation().unwrap();
        assert_eq!(BOB.press(&world.webs[0], token, confirmation).await.status, 200);
        for (says, presses_again) in [("was opened on", true), ("sent again a moment later", false)] {
            eventually(says, || async {
                let receipt = world.slack().messages_now("U0ALICE").await[0].to_string();
                receipt.contains(says).then_some(())
            })
            .await;
            if presses_again {
                let page = BOB.press(&world.webs[1], token, confirmation).await;
                assert_eq!(page.state(), "repeated");
            }
        }
        world.finish().await;
    }
}
