//! A submission is stored once, however often it comes.

use e2e::{Submission, World, on_each_engine};
use serde_json::json;

on_each_engine! {
    async fn a_redelivered_submission_makes_one_secret_and_one_message(engine) {
        let world = World::start(engine).await;
        for (count, duplicate) in [(1, "same_envelope"), (2, "new_envelope")] {
            let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
            let duplicate = Some(duplicate);
            let submission = Submission { secret: "x", duplicate, ..Submission::default() };
            world.slack().submit("U0ALICE", &dialog, &submission).await;
            world.slack().messages("U0ALICE", count).await;
            let stored = world.database.count("SELECT COUNT(*) FROM secrets").await;
            assert_eq!(stored, i64::try_from(count).unwrap());
            assert_eq!(world.slack().messages_now("U0BOB").await.len(), count);
        }
        world.finish().await;
    }

    async fn pressing_twice_at_once_makes_one_secret(engine) {
        let world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
        let submission = Submission { secret: "x", ..Submission::default() };
        let press = || world.slack().submit("U0ALICE", &dialog, &submission);
        let (one, other) = tokio::join!(press(), press());
        let mut outcomes = [one["outcome"].as_str().unwrap(), other["outcome"].as_str().unwrap()];
        outcomes.sort_unstable();
        assert!(outcomes == ["closed", "trouble"] || outcomes == ["closed", "updated"], "{outcomes:?}");
        world.slack().messages("U0ALICE", 1).await;
        assert_eq!(world.database.count("SELECT COUNT(*) FROM secrets").await, 1);
        assert_eq!(world.slack().messages_now("U0BOB").await.len(), 1);
        world.finish().await;
    }

    async fn a_stored_dialog_says_what_was_sent_and_sends_nothing_new(engine) {
        let world = World::start(engine).await;
        let view = |recipient: &str, secret: &str| {
            json!({
                "type": "interactive",
                "payload": {
                    "type": "view_submission",
                    "team": null,
                    "enterprise": null,
                    "user": {"id": "U0ALICE"},
                    "an_unknown_field": [1],
                    "view": {
                        "id": "V0RESUBMITTED",
                        "callback_id": "send_secret",
                        "app_installed_team_id": "T0SCHOOL",
                        "state": {"values": {
                            "recipient": {"value": {"selected_user": recipient}},
                            "secret": {"value": {"value": secret}},
                            "lifetime": {"value": {"selected_option": {"value": "4h"}}},
                        }},
                    },
                },
            })
        };
        let first = world.slack().post("/envelope", &view("U0BOB", "one")).await;
        assert!(first["answered"] == true && first["answer"].is_null(), "{first}");
        let again = world.slack().post("/envelope", &view("U0CHLOE", "other")).await;
        assert_eq!(again["answer"]["response_action"], "update");
        let text = again["answer"]["view"].to_string();
        assert!(text.contains("<@U0BOB>") && !text.contains("U0CHLOE"), "{text}");
        world.slack().messages("U0BOB", 1).await;
        assert!(world.slack().messages_now("U0CHLOE").await.is_empty());
        world.finish().await;
    }

    async fn trouble_with_the_database_is_told_in_the_dialog(engine) {
        let world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
        let store = world.database.store().await;
        let rename = |from, to| format!("ALTER TABLE {from} RENAME TO {to}");
        let run = async |sql: String| {
            use sea_orm::ConnectionTrait as _;
            store.connection().execute_unprepared(&sql).await.unwrap();
        };
        run(rename("audit_events", "away")).await;
        let submission = Submission { secret: "x", ..Submission::default() };
        let refused = world.slack().submit("U0ALICE", &dialog, &submission).await;
        assert_eq!(refused["outcome"], "errors", "{refused}");
        assert!(refused["errors"]["secret"].as_str().unwrap().contains("nothing was sent"));
        run(rename("away", "audit_events")).await;
        world.database.grant().await;
        assert_eq!(world.database.count("SELECT COUNT(*) FROM secrets").await, 0);
        world.slack().send("U0ALICE", &dialog, &submission).await;
        world.finish().await;
    }
}
