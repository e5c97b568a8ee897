//! Messages that can't be changed, replies that ring, and what a dialog says that was sent before.

use e2e::{
    Account, Engine, Options, Submission, World, codes_of, eventually, link_of, on_each_engine,
};
use serde_json::{Value, json};

async fn open(world: &World, recipient: &str) {
    let message = world.slack().messages(recipient, 1).await.pop().unwrap();
    let link = link_of(&message);
    let token = link.rsplit('/').next().unwrap();
    assert_eq!(world.web().reveal(token).await.status, 200);
}

/// The only message to somebody, once it says this.
async fn only_message(world: &World, user: &str, text: &str) -> Value {
    eventually(text, || async {
        let messages = world.slack().messages_now(user).await;
        let is_it = messages.len() == 1 && messages[0].to_string().contains(text);
        is_it.then(|| messages[0].clone())
    })
    .await
}

/// A dialog is submitted, as Slack does it when an acknowledgement got lost: what is answered.
async fn submit(world: &World, dialog: &str) -> Value {
    let envelope = json!({
        "type": "interactive",
        "payload": {
            "type": "view_submission",
            "team": {"id": "T0SCHOOL"},
            "user": {"id": "U0CHLOE"},
            "view": {
                "id": dialog,
                "callback_id": "send_secret",
                "state": {"values": {
                    "recipient": {"value": {"selected_user": "U0BOB"}},
                    "secret": {"value": {"value": "x"}},
                    "lifetime": {"value": {"selected_option": {"value": "4h"}}},
                }},
            },
        },
    });
    let outcome = world.slack().post("/envelope", &envelope).await;
    assert_eq!(outcome["answered"], true, "{outcome}");
    outcome["answer"].clone()
}

/// A dialog that is sent.
async fn sent(world: &World, dialog: &'static str) -> &'static str {
    assert!(submit(world, dialog).await.is_null());
    dialog
}

/// What it says when it is sent again.
async fn sent_again(world: &World, dialog: &str) -> String {
    let answer = submit(world, dialog).await;
    assert_eq!(answer["response_action"], "update", "{answer}");
    answer["view"]["blocks"].to_string()
}

on_each_engine! {
    async fn a_message_that_can_not_be_changed_is_deleted_and_posted_anew(engine) {
        let world = World::start(engine).await;
        let codes = codes_of("chat.update", "message_fixed");
        let person = |number: usize| format!("U0CROWD{number:03}");
        for (number, code) in codes.iter().enumerate() {
            for person in [person(2 * number), person(2 * number + 1)] {
                world.slack().fail(&json!({"method": "chat.update", "error": code, "to": person})).await;
            }
            world.send_from(&person(2 * number), &person(2 * number + 1)).await;
        }
        // For one of them nor can it be deleted.
        let kept = person(1);
        world.slack().fail(&json!({"method": "chat.delete", "error": "cant_delete_message", "to": kept})).await;
        let numbers = 0..codes.len();
        for number in numbers.clone() {
            world.slack().messages(&person(2 * number), 1).await;
            open(&world, &person(2 * number + 1)).await;
        }
        for number in numbers.filter(|number| *number > 0) {
            let message = only_message(&world, &person(2 * number + 1), "was opened on").await.to_string();
            assert!(!message.contains("canary-note") && !message.contains("open_secret"), "{message}");
            let receipt = only_message(&world, &person(2 * number), "was opened on").await;
            assert!(receipt["edited"] == false, "{receipt}");
        }
        let both = world.slack().messages(&kept, 2).await;
        assert!(both[1].to_string().contains("was opened on"), "{both:?}");
        world.settled().await;
        assert!(world.logs().contains("a message that can't be changed could not be deleted either"));
        // What stayed has a button that leads nowhere, which Slack alone could mend.
        world.discard().await;
    }

    async fn a_change_that_is_refused_is_tried_a_few_times(engine) {
        let world = World::start(engine).await;
        for code in ["a_code_of_tomorrow", "restricted_action"] {
            let before = world.slack().calls("chat.update").await;
            world.slack().fail(&json!({"method": "chat.update", "error": code})).await;
            let known = world.slack().messages_now("U0BOB").await.len();
            world.send_from("U0ALICE", "U0BOB").await;
            world.slack().messages("U0ALICE", known + 1).await;
            world.settled().await;
            let link = link_of(world.slack().messages_now("U0BOB").await.last().unwrap());
            assert_eq!(world.web().reveal(link.rsplit('/').next().unwrap()).await.status, 200);
            eventually("that it is left", || async {
                // Time passes between two tries only.
                world.make_due().await;
                let open = "SELECT COUNT(*) FROM deliveries WHERE shown = 'live' OR next_attempt_at IS NOT NULL";
                (world.database.count(open).await == 0).then_some(())
            })
            .await;
            assert_eq!(world.slack().calls("chat.update").await - before, 2 * 5, "{code}");
            world.slack().heal().await;
        }
        world.discard().await;
    }

    async fn no_change_is_tried_a_day_after_the_end(engine) {
        let world = World::start(engine).await;
        world.send_from("U0ALICE", "U0BOB").await;
        world.slack().messages("U0ALICE", 1).await;
        world.settled().await;
        world.slack().fail(&json!({"method": "chat.update", "status": 503})).await;
        open(&world, "U0BOB").await;
        let tries = "SELECT COUNT(*) FROM deliveries WHERE update_tries > 0";
        eventually("tries", || async { (world.database.count(tries).await == 2).then_some(()) }).await;
        let long_ago = "UPDATE secrets SET destroyed_at = destroyed_at - 86400000";
        world.database.run(Account::Migrate, long_ago).await.unwrap();
        world.pass_leases().await;
        eventually("that it is left", || async {
            let open = "SELECT COUNT(*) FROM deliveries WHERE next_attempt_at IS NOT NULL";
            (world.database.count(open).await == 0).then_some(())
        })
        .await;
        world.discard().await;
    }

    async fn a_visit_after_the_opening_rings_once(engine) {
        let mut world = World::start(engine).await;
        let link = world.alice_sends_bob(Submission { secret: "canary-of-edits", ..Submission::default() }).await;
        let token = link.rsplit('/').next().unwrap();
        assert_eq!(world.web().reveal(token).await.status, 200);
        for (visits, says) in [(1, "visited once more"), (2, "visited 2 more times")] {
            assert_eq!(world.web().look(token).await.status, 410);
            eventually(says, || async {
                let receipts = world.slack().messages_now("U0ALICE").await;
                receipts[0].to_string().contains(says).then_some(())
            })
            .await;
            world.settled().await;
            let receipts = world.slack().messages("U0ALICE", 2).await;
            assert_eq!(receipts.len(), 2, "{visits}: {receipts:?}");
            assert_eq!(receipts[1]["thread_ts"], receipts[0]["ts"]);
            let reply = receipts[1]["text"].as_str().unwrap();
            assert!(reply.starts_with("<@U0ALICE>") && reply.contains("visited again"), "{reply}");
        }
        world.finish().await;
    }

    async fn a_receipt_that_fails_at_once_needs_no_reply(engine) {
        let world = World::start(engine).await;
        world.slack().fail(&json!({"method": "conversations.open", "error": "user_disabled", "to": "U0BOB"})).await;
        world.send_from("U0ALICE", "U0BOB").await;
        world.settled().await;
        let receipts = world.slack().messages("U0ALICE", 1).await;
        assert_eq!(receipts.len(), 1, "{receipts:?}");
        world.finish().await;
    }

    async fn a_dialog_that_was_sent_before_says_how_it_stands(engine) {
        already_sent(engine).await;
    }
}

async fn already_sent(engine: Engine) {
    let options = Options {
        bot_variables: vec![("CLEANUP_INTERVAL", "1s".to_owned())],
        ..Options::default()
    };
    let world = World::with(engine, options).await;
    let refused = json!({"method": "chat.postMessage", "status": 503, "to": "U0BOB"});
    world.slack().fail(&refused).await;
    let waits = sent(&world, "V0WAITS").await;
    let says = sent_again(&world, waits).await;
    assert!(
        says.contains("pas encore remis. Les essais continuent") && says.contains("HNE"),
        "{says}"
    );
    world.slack().heal().await;
    world.pass_leases().await;
    world.settled().await;
    let lives = sent(&world, "V0LIVES").await;
    world.settled().await;
    let says = sent_again(&world, lives).await;
    assert!(
        says.contains("a reçu le lien et ne l’a pas encore ouvert"),
        "{says}"
    );
    let fresh = sent(&world, "V0FRESH").await;
    world.settled().await;
    let link = link_of(world.slack().messages_now("U0BOB").await.last().unwrap());
    assert_eq!(
        world
            .web()
            .reveal(link.rsplit('/').next().unwrap())
            .await
            .status,
        200
    );
    let says = sent_again(&world, fresh).await;
    assert!(says.contains("Le secret a été ouvert le"), "{says}");
    let expired = sent(&world, "V0EXPIRED").await;
    world.settled().await;
    let expire = "UPDATE secrets SET expires_at = created_at + 1 WHERE destroyed_at IS NULL";
    world.database.run(Account::Migrate, expire).await.unwrap();
    let says = sent_again(&world, expired).await;
    assert!(says.contains("pas été ouvert à temps"), "{says}");
    world
        .slack()
        .fail(&json!({"method": "chat.postMessage", "error": "user_disabled", "to": "U0BOB"}))
        .await;
    let failed = sent(&world, "V0FAILED").await;
    world.settled().await;
    let says = sent_again(&world, failed).await;
    assert!(
        says.contains("pas pu être remis, et a été détruit"),
        "{says}"
    );
    world.finish().await;
}
