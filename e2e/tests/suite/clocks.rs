//! Clocks that are set wrong: nothing is destroyed for its age by them, and nothing is late.

use e2e::{Account, Engine, Options, OwnMySql, Submission, TestDatabase, World, eventually, tool};
use serde_json::json;

const LIVE: &str = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL";
const UNSOUND: &str = "the database's clock can't be trusted: nothing is destroyed for its age";

async fn world_on(server: &OwnMySql) -> World {
    let database = TestDatabase::migrated_on(server).await;
    let bot_variables = vec![("CLEANUP_INTERVAL", "1s".to_owned())];
    let options = Options {
        bot_variables,
        ..Options::default()
    };
    World::on(database, options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_for_a_moment_destroys_nothing() {
    let server = OwnMySql::with_clock().await;
    let mut world = world_on(&server).await;
    let submission = Submission {
        secret: "canary-of-time",
        lifetime: Some("1h"),
        ..Submission::default()
    };
    let link = world.alice_sends_bob(submission).await;
    let token = link.rsplit('/').next().unwrap();
    world.settled().await;
    let page = world.web().look(token).await;
    let confirmation = page.confirmation().unwrap().to_owned();
    world
        .slack()
        .fail(&json!({"method": "chat.postMessage", "status": 500, "to": "U0GUEST"}))
        .await;
    world.send_from("U0DMITRI", "U0GUEST").await;
    // Refused while others are reached: final after ten minutes, but not after ten of such a clock.
    world
        .slack()
        .fail(&json!({"method": "chat.postMessage", "error": "a_code_of_tomorrow", "to": "U0CROWD001"}))
        .await;
    let dialog = world.slack().open_dialog("U0DMITRI", "").await;
    let lasting = Submission {
        recipient: Some("U0CROWD001"),
        secret: "canary-of-time",
        // By that clock, too, there is time left for it.
        lifetime: Some("4h"),
        ..Submission::default()
    };
    world.slack().send("U0DMITRI", &dialog, &lasting).await;
    world.refusal().await;
    world.send_from("U0DMITRI", "U0CROWD002").await;
    world.slack().messages("U0CROWD002", 1).await;
    server.set_clock("+61m");
    eventually("that both have noticed", || async {
        let log = world.logs();
        (log.matches(UNSOUND).count() == 2 && log.contains("a sweep failed")).then_some(())
    })
    .await;
    for page in [
        world.web().look(token).await,
        world.web().press(token, &confirmation).await,
    ] {
        assert_eq!((page.status, page.state()), (503, "unavailable"));
    }
    for person in ["U0GUEST", "U0CROWD001"] {
        let tries = format!("SELECT attempts FROM deliveries WHERE addressee = '{person}'");
        let before = world.database.count(&tries).await;
        eventually("tries to deliver by that clock", || async {
            world.make_due().await;
            (world.database.count(&tries).await > before + 1).then_some(())
        })
        .await;
    }
    let waits = "SELECT COUNT(*) FROM deliveries WHERE sealed IS NOT NULL";
    assert_eq!(world.database.count(waits).await, 2);
    assert_eq!(world.database.count(LIVE).await, 4);
    let sound = "secure_secret_database_clock_sound ";
    assert_eq!(world.bot().metric(sound).await, Some(0.0));
    let (status, said) = world.bot().ask("/readyz").await;
    assert!(status == 503 && said.contains("clock: NOT OK"), "{said}");
    server.set_clock("+0");
    eventually("that it is trusted again", || async {
        world.logs().contains("can be trusted again").then_some(())
    })
    .await;
    let page = world.web().reveal(token).await;
    assert_eq!(page.secret().as_deref(), Some("canary-of-time"));
    world.slack().heal().await;
    world.pass_leases().await;
    world.slack().messages("U0GUEST", 1).await;
    world.slack().messages("U0CROWD001", 1).await;
    world.settled().await;
    world.finish().await;
}

/// Else it would live again once the clock is set right.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_by_a_clock_that_is_ahead_can_be_taken_back() {
    let server = OwnMySql::with_clock().await;
    let mut world = world_on(&server).await;
    let submission = Submission {
        secret: "canary-of-time",
        ..Submission::default()
    };
    world.alice_sends_bob(submission).await;
    world.settled().await;
    server.set_clock("+61m");
    eventually("that both have noticed", || async {
        (world.logs().matches(UNSOUND).count() == 2).then_some(())
    })
    .await;
    let row = world
        .database
        .text("SELECT LOWER(HEX(id)) FROM secrets")
        .await;
    let row = json!(uuid::Uuid::parse_str(&row).unwrap());
    let slack = world.slack();
    slack
        .press_row("U0ALICE", "take_back", &row, &json!({}))
        .await;
    let shown = slack.shown_after("U0ALICE", 0).await;
    assert_eq!(shown["title"], "Taken back", "{shown}");
    assert_eq!(world.database.count(LIVE).await, 0);
    server.set_clock("+0");
    world.settled().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_delays_no_delivery() {
    let server = OwnMySql::with_clock().await;
    let world = world_on(&server).await;
    world
        .slack()
        .fail(&json!({"method": "chat.postMessage", "status": 500}))
        .await;
    world.send_from("U0ALICE", "U0BOB").await;
    eventually("a try", || async {
        let waits = "SELECT COUNT(*) FROM deliveries WHERE attempts > 0 AND leased_until IS NULL";
        (world.database.count(waits).await == 1).then_some(())
    })
    .await;
    server.set_clock("-60m");
    world.slack().heal().await;
    world.slack().messages("U0BOB", 1).await;
    world.slack().messages("U0ALICE", 1).await;
    world.discard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_off_alone_stops_no_delivery_and_destroys_nothing() {
    let options = Options {
        bot: false,
        slack: true,
        ..Options::default()
    };
    let mut world = World::with(Engine::MySql, options).await;
    world
        .launch_bot(&[
            ("LD_PRELOAD", tool("LIBFAKETIME").display().to_string()),
            ("FAKETIME", "+10m".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("CLEANUP_INTERVAL", "1s".to_owned()),
        ])
        .process
        .line_with("ready: connected to Slack")
        .await;
    world.send_from("U0ALICE", "U0BOB").await;
    world.slack().messages("U0BOB", 1).await;
    world.slack().messages("U0ALICE", 1).await;
    world.settled().await;
    let expire = "UPDATE secrets SET expires_at = created_at + 1";
    world.database.run(Account::Migrate, expire).await.unwrap();
    eventually("that it destroys nothing", || async {
        world.logs().contains("a sweep failed").then_some(())
    })
    .await;
    assert_eq!(world.database.count(LIVE).await, 1);
    // One that is right does.
    world.start_bot().await;
    eventually("that another one does", || async {
        (world.database.count(LIVE).await == 0).then_some(())
    })
    .await;
    world.finish().await;
}
