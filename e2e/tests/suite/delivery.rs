//! What goes wrong on the way to the recipient.

use e2e::{Submission, World, on_each_engine};
use serde_json::json;

async fn send(world: &World) {
    let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
    let submission = Submission {
        secret: "x",
        ..Submission::default()
    };
    world.slack().send("U0ALICE", &dialog, &submission).await;
}

on_each_engine! {
    async fn what_can_never_be_delivered_is_destroyed_and_told(engine) {
        let world = World::start(engine).await;
        for (count, (method, code, expected)) in [
            ("conversations.open", "user_disabled", "deactivated"),
            ("conversations.open", "cannot_dm_bot", "lets no app write to that account"),
            ("chat.postMessage", "channel_not_found", "doesn’t show this app that person"),
        ].into_iter().enumerate() {
            world.slack().fail(&json!({"method": method, "error": code, "to": "U0BOB"})).await;
            send(&world).await;
            let receipts = world.slack().messages("U0ALICE", count + 1).await;
            let receipt = receipts.last().unwrap().to_string();
            assert!(receipt.contains("was destroyed") && receipt.contains(expected), "{receipt}");
            world.slack().heal().await;
        }
        assert!(world.slack().messages_now("U0BOB").await.is_empty());
        let events = world.events().await;
        assert_eq!(events.iter().filter(|event| *event == "dm_failed").count(), 3);
        let live = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL";
        assert_eq!(world.database.count(live).await, 0);
        world.finish().await;
    }

    /// The dialog does not wait long for who somebody is; whoever may get nothing gets nothing all
    /// the same.
    async fn nobody_gets_a_message_whom_the_dialog_would_have_refused(engine) {
        let world = World::start(engine).await;
        for (count, (recipient, expected)) in [
            ("U0STRANGER", "another organization"),
            ("U0GONE", "deactivated"),
            ("U0ROBOT", "lets no app write to that account"),
        ].into_iter().enumerate() {
            world.slack().fail(&json!({"method": "users.info", "mode": "hang", "to": recipient, "times": 1})).await;
            world.send_from("U0ALICE", recipient).await;
            let receipts = world.slack().messages("U0ALICE", count + 1).await;
            let receipt = receipts.last().unwrap().to_string();
            assert!(receipt.contains("was destroyed") && receipt.contains(expected), "{receipt}");
            assert!(world.slack().messages_now(recipient).await.is_empty(), "{recipient}");
        }
        let live = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL";
        assert_eq!(world.database.count(live).await, 0);
        world.finish().await;
    }

    async fn what_passes_is_tried_again(engine) {
        let world = World::start(engine).await;
        for fault in [
            json!({"method": "chat.postMessage", "status": 503, "times": 1}),
            json!({"method": "chat.postMessage", "status": 429, "retry_after": 1, "times": 1}),
            json!({"method": "conversations.open", "error": "internal_error", "times": 1}),
        ] {
            world.slack().fail(&fault).await;
        }
        send(&world).await;
        world.slack().messages("U0ALICE", 1).await;
        assert_eq!(world.slack().messages_now("U0BOB").await.len(), 1);
        assert_eq!(world.events().await, ["created"]);
        world.finish().await;
    }

    async fn a_slow_recipient_check_does_not_hold_the_dialog_up(engine) {
        let world = World::start(engine).await;
        world.slack().fail(&json!({"method": "users.info", "mode": "hang", "times": 2})).await;
        send(&world).await;
        world.slack().messages("U0BOB", 1).await;
        world.finish().await;
    }
}
