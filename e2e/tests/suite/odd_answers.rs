//! What Slack answers with one odd thing in it: as long as what was asked for was done, it counts
//! as done.

use e2e::{Engine, Submission, World, is_sent, until_confirmed};
use serde_json::json;

/// Somebody as `users.info` has them, with this in the place of a member.
fn person(member: &str) -> String {
    let rest = r#""id":"U0BOB","team_id":"T0SCHOOL","name":"bob","tz":"America/Toronto""#;
    format!(r#"{{"ok":true,"user":{{{rest},{member}}}}}"#)
}

async fn send(world: &World) -> serde_json::Value {
    let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
    let submission = Submission {
        secret: "x",
        ..Submission::default()
    };
    until_confirmed(|| world.slack().submit("U0ALICE", &dialog, &submission)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_profile_keeps_nobody_from_their_secrets() {
    for (member, is_allowed) in [
        (r#""profile":null"#, true),
        (r#""profile":[],"enterprise_user":{"teams":null}"#, true),
        (r#""is_bot":null,"deleted":[],"is_stranger":"""#, true),
        (
            r#""real_name":"half \ud83d","profile":{"real_name":7}"#,
            true,
        ),
        (r#""name":"bob","name":"bill""#, true),
        (r#""locale":7,"tz":null"#, true),
        (r#""is_bot":"true""#, false),
        (r#""deleted":1"#, false),
        (r#""is_stranger":"perhaps""#, false),
    ] {
        let world = World::start(Engine::Sqlite).await;
        let body = person(member);
        world
            .slack()
            .fail(&json!({"method": "users.info", "to": "U0BOB", "body": body}))
            .await;
        let outcome = send(&world).await;
        if is_allowed {
            assert!(is_sent(&outcome), "{member} {outcome}");
            world.slack().messages("U0BOB", 1).await;
        } else {
            assert!(
                outcome["errors"]["recipient"].is_string(),
                "{member} {outcome}"
            );
        }
        world.finish().await;
    }
}

/// What is done with a message or a dialog is not done again for a word too many in the answer.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_not_done_again_for_an_odd_answer() {
    let odd = r#"{"ok":true,"channel":{"id":"D0BOB"},"view":null,"ts":null,"warnings":7,"response_metadata":[]}"#;
    let world = World::start(Engine::Sqlite).await;
    for method in [
        "conversations.open",
        "views.open",
        "chat.postMessage",
        "chat.update",
    ] {
        let to = json!({"method": method, "to": "U0BOB", "body": odd});
        world.slack().fail(&to).await;
    }
    let to = json!({"method": "views.open", "to": "U0ALICE", "body": odd});
    world.slack().fail(&to).await;
    let outcome = send(&world).await;
    assert!(is_sent(&outcome), "{outcome}");
    // The receipt comes when the message counts as out.
    let receipts = world.slack().messages("U0ALICE", 1).await;
    assert!(
        receipts[0].to_string().contains("has the link"),
        "{receipts:?}"
    );
    assert_eq!(world.slack().messages_now("U0BOB").await.len(), 1);
    assert!(world.slack().ephemerals("U0ALICE").await.is_empty());
    world.finish().await;
}
