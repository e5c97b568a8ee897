//! What Slack does to connections, and what must come through all the same.

use std::time::Duration;

use e2e::{Engine, Options, Submission, World, eventually, eventually_within, on_each_engine};
use serde_json::json;

/// What an error of the network or of Slack's may cost at most: the bot's own timeouts and pauses.
const RECOVERY: Duration = Duration::from_secs(75);

async fn send(world: &World, over: Option<u64>) {
    let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
    let submission = Submission {
        secret: "x",
        over,
        ..Submission::default()
    };
    world.slack().send("U0ALICE", &dialog, &submission).await;
}

async fn one_connection() -> World {
    let options = Options {
        bot_variables: vec![("SLACK_CONNECTIONS", "1".to_owned())],
        ..Options::default()
    };
    World::with(Engine::Sqlite, options).await
}

/// Until there is a connection that was not there before, and a submission over it is answered.
async fn recovers(world: World, known: &[u64]) {
    let id = eventually_within(RECOVERY, "another connection", || async {
        let seen = world.slack().get("/connections").await;
        let ids = seen["ids"].as_array().unwrap().clone();
        ids.iter()
            .filter_map(serde_json::Value::as_u64)
            .find(|id| !known.contains(id))
    })
    .await;
    send(&world, Some(id)).await;
    world.slack().messages("U0ALICE", 1).await;
    world.finish().await;
}

on_each_engine! {
    async fn envelopes_after_a_disconnect_are_answered_on_the_same_connection(engine) {
        let world = World::with(engine, Options::default()).await;
        let mut sent = 0;
        for reason in ["warning", "refresh_requested", "something_new", "too_many_websockets", "link_disabled"] {
            let connections = world.slack().get("/connections").await;
            let old = connections["ids"][0].as_u64().unwrap();
            let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
            let act = json!({
                "act": "disconnect", "reason": reason, "close_after_ms": 1500, "connection": old,
            });
            world.slack().act(&act).await;
            let submission = Submission { secret: "x", over: Some(old), ..Submission::default() };
            world.slack().send("U0ALICE", &dialog, &submission).await;
            sent += 1;
            world.slack().messages("U0BOB", sent).await;
            eventually("the old connection is gone", || async {
                let seen = world.slack().get("/connections").await;
                let ids = seen["ids"].as_array().unwrap().clone();
                (!ids.contains(&json!(old)) && !ids.is_empty()).then_some(())
            })
            .await;
        }
        world.finish().await;
    }

    async fn a_connection_that_breaks_in_the_middle_of_a_submission_costs_nothing(engine) {
        let world = World::start(engine).await;
        world.slack().post("/quirks", &json!({"retry": true})).await;
        for (recipient, act) in [
            ("U0DMITRI", json!({"act": "drop"})),
            ("U0GUEST", json!({"act": "close", "code": 1009})),
        ] {
            world.slack().connections(2).await;
            let receipts = world.slack().messages_now("U0ALICE").await.len();
            let dialog = world.slack().open_dialog("U0ALICE", "").await;
            let submission = Submission {
                recipient: Some(recipient), secret: "x", ..Submission::default()
            };
            let outcome = world.submit_while(&dialog, &submission, world.slack().act(&act)).await;
            // The acknowledgement got lost. Slack asks again, and is told what was sent.
            assert_eq!(outcome["outcome"], "updated", "{act} {outcome}");
            let dialogs = world.slack().dialogs("U0ALICE").await;
            let text = dialogs.last().unwrap().to_string();
            assert!(text.contains("sent already") && text.contains(recipient), "{text}");
            world.slack().messages("U0ALICE", receipts + 1).await;
            assert_eq!(world.slack().messages_now(recipient).await.len(), 1);
            world.slack().post("/heal", &json!({})).await;
            world.slack().post("/quirks", &json!({"retry": true})).await;
        }
        world.finish().await;
    }

    async fn odd_payloads_are_understood(engine) {
        let world = World::start(engine).await;
        let quirks = json!({"team_null": true, "unknown": true});
        world.slack().post("/quirks", &quirks).await;
        send(&world, None).await;
        world.slack().messages("U0BOB", 1).await;
        world.finish().await;
    }

    async fn two_bots_share_the_work(engine) {
        let mut world = World::start(engine).await;
        world.start_bot().await;
        let connections = world.slack().connections(4).await;
        for (number, over) in connections.iter().enumerate() {
            let recipient = Some(["U0BOB", "U0CHLOE", "U0DMITRI", "U0GUEST"][number]);
            let dialog = world.slack().open_dialog("U0ALICE", "").await;
            // The same envelope goes to another connection too.
            let submission = Submission {
                recipient, secret: "x", duplicate: Some("same_envelope"), over: Some(*over),
                ..Submission::default()
            };
            let outcome = world.slack().submit("U0ALICE", &dialog, &submission).await;
            assert!(e2e::is_sent(&outcome), "{outcome}");
        }
        world.settled().await;
        assert_eq!(world.database.count("SELECT COUNT(*) FROM secrets").await, 4);
        let postings = world.slack().get("/postings").await;
        assert_eq!(postings.as_array().unwrap().len(), 8, "each message once");
        world.finish().await;
    }
}

/// Nothing of this touches the database, and most of it is waiting: once is enough.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_hangs_is_given_up_and_replaced() {
    let open_hangs = async {
        let world = one_connection().await;
        let known = world.slack().connections(1).await;
        let hang = json!({"method": "apps.connections.open", "mode": "hang", "times": 1});
        world.slack().fail(&hang).await;
        world.slack().act(&json!({"act": "drop"})).await;
        recovers(world, &known).await;
    };
    let handshakes_fail = async {
        let world = one_connection().await;
        let known = world.slack().connections(1).await;
        for fault in ["refuse", "hang", "no_hello"] {
            world.slack().fail_handshake(fault).await;
        }
        world
            .slack()
            .act(&json!({"act": "close", "code": 1001}))
            .await;
        recovers(world, &known).await;
    };
    let goes_silent = async {
        let world = one_connection().await;
        let known = world.slack().connections(1).await;
        world.slack().act(&json!({"act": "freeze"})).await;
        recovers(world, &known).await;
    };
    let one_too_many = async {
        let world = one_connection().await;
        let known = world.slack().connections(1).await;
        world.slack().fail_handshake("too_many").await;
        world.slack().act(&json!({"act": "drop"})).await;
        recovers(world, &known).await;
    };
    let must_wait = async {
        let world = one_connection().await;
        let known = world.slack().connections(1).await;
        let wait = json!({
            "method": "apps.connections.open", "status": 429, "retry_after": 4, "times": 1,
        });
        world.slack().fail(&wait).await;
        // Before it is refused: a test that is late may not take the wait for a shorter one.
        let begun = tokio::time::Instant::now();
        world.slack().act(&json!({"act": "drop"})).await;
        eventually("the refused opening", || async {
            (world.slack().calls("apps.connections.open").await == 2).then_some(())
        })
        .await;
        eventually("the next opening", || async {
            (world.slack().calls("apps.connections.open").await == 3).then_some(())
        })
        .await;
        assert!(
            begun.elapsed() >= Duration::from_secs(4),
            "Retry-After is obeyed"
        );
        recovers(world, &known).await;
    };
    tokio::join!(
        open_hangs,
        handshakes_fail,
        goes_silent,
        one_too_many,
        must_wait
    );
}
