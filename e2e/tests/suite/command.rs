//! What may stand after `/sendsecret`.

use e2e::{Options, World, on_each_engine};
use serde_json::Value;

fn element<'a>(dialog: &'a Value, block: &str) -> &'a Value {
    let blocks = dialog["view"]["blocks"].as_array().unwrap();
    &blocks
        .iter()
        .find(|candidate| candidate["block_id"] == block)
        .unwrap()["element"]
}

on_each_engine! {
    async fn a_person_and_a_lifetime_are_filled_in(engine) {
        let world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob 24h").await;
        assert_eq!(element(&dialog, "recipient")["initial_user"], "U0BOB");
        assert_eq!(element(&dialog, "lifetime")["initial_option"]["value"], "24h");
        let plain = world.slack().open_dialog("U0CHLOE", "").await;
        assert!(element(&plain, "recipient").get("initial_user").is_none());
        assert_eq!(element(&plain, "lifetime")["initial_option"]["value"], "1h");
        assert_eq!(element(&plain, "secret")["max_length"], 3000);
        assert_eq!(element(&plain, "note")["max_length"], 500);
        world.finish().await;
    }

    async fn other_words_are_not_used_and_never_logged(engine) {
        let mut world = World::start(engine).await;
        world.watch_for("canary-typed-after-the-command");
        let dialog = world
            .slack()
            .open_dialog("U0ALICE", "@bob canary-typed-after-the-command")
            .await;
        assert_eq!(element(&dialog, "recipient")["initial_user"], "U0BOB");
        let text = dialog.to_string();
        assert!(text.contains("was not used") && !text.contains("canary"), "{text}");
        world.finish().await;
    }

    async fn a_name_that_slack_did_not_resolve_chooses_nobody(engine) {
        let options = Options { simulator_arguments: vec!["--no-escape"], ..Options::default() };
        let world = World::with(engine, options).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob 4h").await;
        assert!(element(&dialog, "recipient").get("initial_user").is_none());
        assert_eq!(element(&dialog, "lifetime")["initial_option"]["value"], "4h");
        assert!(!dialog.to_string().contains("was not used"));
        world.finish().await;
    }
}
