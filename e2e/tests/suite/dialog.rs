//! Mistakes in the dialog are answered beside their field.

use e2e::{Engine, Options, Submission, World, on_each_engine};
use serde_json::json;

async fn error(world: &World, recipient: &str, secret: &str, note: &str, block: &str) -> String {
    let dialog = world.slack().open_dialog("U0ALICE", "").await;
    let recipient = (!recipient.is_empty()).then_some(recipient);
    let submission = Submission {
        recipient,
        secret,
        note,
        ..Submission::default()
    };
    let outcome = world.slack().submit("U0ALICE", &dialog, &submission).await;
    assert_eq!(outcome["outcome"], "errors", "{outcome}");
    assert_eq!(outcome["errors"].as_object().unwrap().len(), 1, "{outcome}");
    outcome["errors"][block].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_of_another_program_is_not_closed_as_if_it_had_been_sent() {
    let mut world = World::start(Engine::Sqlite).await;
    let canary = "canary-typed-before-the-switch";
    world.watch_for(canary);
    let envelope = json!({
        "type": "interactive",
        "accepts_response_payload": true,
        "payload": {
            "type": "view_submission",
            "user": { "id": "U0CHLOE", "team_id": "T0SCHOOL" },
            "view": {
                "id": "V0OLD", "callback_id": "secret_modal",
                "blocks": [{ "type": "input", "block_id": "secret_block" }],
                "state": { "values": { "secret_block": { "x": { "value": canary } } } },
            },
        },
    });
    let answer = world.slack().post("/envelope", &envelope).await;
    let payload = &answer["answer"];
    assert_eq!(payload["response_action"], "errors", "{answer}");
    let said = payload["errors"]["secret_block"].as_str().unwrap();
    // In her own language, though she was not met before.
    assert!(said.contains("Rien n’a été envoyé"), "{answer}");
    assert_eq!(
        world.database.count("SELECT COUNT(*) FROM secrets").await,
        0
    );
    world.finish().await;
}

on_each_engine! {
    async fn each_mistake_is_told_beside_its_field(engine) {
        let world = World::start(engine).await;
        let long = "é".repeat(3001);
        for (recipient, secret, note, block, expected) in [
            ("", "x", "", "recipient", "Choose who"),
            ("U0ROBOT", "x", "", "recipient", "That’s an app"),
            ("U0SECRET", "x", "", "recipient", "That’s an app"),
            ("USLACKBOT", "x", "", "recipient", "Slackbot"),
            ("U0GONE", "x", "", "recipient", "deactivated"),
            ("U0STRANGER", "x", "", "recipient", "another organization"),
            ("U0ALICE", "x", "", "recipient", "That’s you"),
            ("U0NOBODY", "x", "", "recipient", "doesn’t show this app that person"),
            ("U0BOB", "", "", "secret", "Type the secret"),
            ("U0BOB", " \n\t", "", "secret", "only spaces"),
            ("U0BOB", "a\0b", "", "secret", "NUL"),
            ("U0BOB", &long, "", "secret", "3,001 characters; 3,000 fit"),
            ("U0BOB", "x", &long[..1002], "note", "501 characters; 500 fit"),
        ] {
            let error = error(&world, recipient, secret, note, block).await;
            assert!(error.contains(expected), "{recipient} {block}: {error}");
        }
        let dialog = world.slack().open_dialog("U0ALICE", "").await;
        let both = world.slack().submit("U0ALICE", &dialog, &Submission::default()).await;
        assert_eq!(both["errors"].as_object().unwrap().len(), 2, "{both}");
        assert_eq!(world.database.count("SELECT COUNT(*) FROM secrets").await, 0);
        world.finish().await;
    }

    async fn operators_can_allow_oneself_and_others(engine) {
        let allow = |name| (name, "yes".to_owned());
        let bot_variables = vec![allow("ALLOW_SELF"), allow("ALLOW_EXTERNAL")];
        let world = World::with(engine, Options { bot_variables, ..Options::default() }).await;
        for recipient in ["U0ALICE", "U0STRANGER", "U0GUEST"] {
            let dialog = world.slack().open_dialog("U0ALICE", "").await;
            let recipient = Some(recipient);
            let submission = Submission { recipient, secret: "x", ..Submission::default() };
            world.slack().send("U0ALICE", &dialog, &submission).await;
        }
        world.slack().messages("U0STRANGER", 1).await;
        world.finish().await;
    }

    async fn the_largest_secret_comes_through(engine) {
        let mut world = World::start(engine).await;
        let secret = "🔑".repeat(3000);
        let note = "ñ".repeat(500);
        let submission = Submission { secret: &secret, note: &note, ..Submission::default() };
        let link = world.alice_sends_bob(submission).await;
        let page = world.web().reveal(link.rsplit('/').next().unwrap()).await;
        assert_eq!(page.secret(), Some(secret));
        world.finish().await;
    }
}
