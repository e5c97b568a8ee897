//! Messages and receipts show what became of the secret.

use e2e::{Account, Submission, World, eventually, on_each_engine};
use serde_json::Value;

/// The newest message to somebody, once it says this.
async fn message_with(world: &World, user: &str, text: &str) -> Value {
    eventually(text, || async {
        let messages = world.slack().messages_now(user).await;
        messages
            .last()
            .filter(|message| message.to_string().contains(text))
            .cloned()
    })
    .await
}

on_each_engine! {
    async fn an_opened_secret_is_shown_as_opened_to_both(engine) {
        let mut world = World::start(engine).await;
        let link = world.alice_sends_bob(Submission { secret: "canary-of-updates", ..Submission::default() }).await;
        let token = link.rsplit('/').next().unwrap();
        assert_eq!(world.web().reveal(token).await.status, 200);
        let message = message_with(&world, "U0BOB", "was opened on").await;
        assert!(message["edited"] == true && !message.to_string().contains("http"), "{message}");
        let receipt = message_with(&world, "U0ALICE", "was opened on").await;
        assert!(receipt.to_string().contains("<@U0BOB>"), "{receipt}");
        assert_eq!(world.slack().messages_now("U0BOB").await.len(), 1, "changed in place");
        world.finish().await;
    }

    async fn an_expired_secret_is_shown_as_expired_to_both(engine) {
        let mut world = World::start(engine).await;
        world.alice_sends_bob(Submission { secret: "canary-of-updates", ..Submission::default() }).await;
        let expire = "UPDATE secrets SET expires_at = created_at - 1";
        world.database.run(Account::Migrate, expire).await.unwrap();
        let link = e2e::link_of(&world.slack().messages_now("U0BOB").await[0]);
        let page = world.web().look(link.rsplit('/').next().unwrap()).await;
        assert_eq!(page.status, 410);
        let message = message_with(&world, "U0BOB", "Nobody opened this secret in time").await;
        assert!(!message.to_string().contains("http"), "{message}");
        message_with(&world, "U0ALICE", "was not opened in time").await;
        world.finish().await;
    }

    async fn what_happened_while_no_bot_ran_is_shown_later(engine) {
        let mut world = World::start(engine).await;
        let link = world.alice_sends_bob(Submission { secret: "canary-of-updates", ..Submission::default() }).await;
        world.settled().await;
        world.kill_bots().await;
        assert_eq!(world.web().reveal(link.rsplit('/').next().unwrap()).await.status, 200);
        // A week ago, for all that the bot knows.
        let sql = "UPDATE secrets SET destroyed_at = destroyed_at - 604800000";
        world.database.run(Account::Migrate, sql).await.unwrap();
        world.start_bot().await;
        message_with(&world, "U0BOB", "was opened on").await;
        message_with(&world, "U0ALICE", "was opened on").await;
        world.finish().await;
    }

    async fn a_message_that_somebody_removed_is_left_alone(engine) {
        let mut world = World::start(engine).await;
        let link = world.alice_sends_bob(Submission { secret: "canary-of-updates", ..Submission::default() }).await;
        let gone = serde_json::json!({"method": "chat.update", "error": "message_not_found", "times": 2});
        world.slack().fail(&gone).await;
        assert_eq!(world.web().reveal(link.rsplit('/').next().unwrap()).await.status, 200);
        world.settled().await;
        assert_eq!(world.slack().calls("chat.update").await, 2);
        // The simulator still shows what it refused to change.
        world.database.run(Account::Migrate, "UPDATE deliveries SET message_ts = NULL").await.unwrap();
        world.database.run(Account::Migrate, "UPDATE deliveries SET outcome = 'refused' WHERE kind = 'sender_receipt'").await.unwrap();
        world.finish().await;
    }
}
