//! What people do, as Slack sends it with one odd thing in it: nobody's dialog closes as if it had
//! been sent, and nobody waits for an answer that doesn't come.

use std::{collections::BTreeMap, time::Duration};

use e2e::{Engine, World, eventually, link_of};
use odd_json::{Change, Odd, every_odd};
use serde_json::{Value, json};

const SECRET: [&str; 2] = ["first half, ", "second half"];
const NOTE: &str = "for the VPN";

/// What was sent, and to whom.
struct Case {
    odd: Odd,
    recipient: String,
}

/// A submission to somebody who gets no other, in a dialog of its own.
fn submission(number: usize) -> (Value, String) {
    let person = |number: usize| format!("U0CROWD{number:03}");
    let (sender, recipient) = (person(400 + number % 100), person(number));
    let input = |block: &str| json!({"type": "input", "block_id": block});
    let blocks = ["recipient", "secret", "secret_2", "lifetime", "note"].map(input);
    let frame = json!({
        "envelope_id": format!("odd-{number}"),
        "type": "interactive",
        "payload": {
            "type": "view_submission",
            "team": {"id": "T0SCHOOL"},
            "user": {"id": sender},
            "view": {
                "id": format!("V0ODD{number}"),
                "callback_id": "send_secret",
                "private_metadata": "{\"fields\":2}",
                "blocks": blocks,
                "state": {"values": {
                    "recipient": {"value": {"selected_user": recipient}},
                    "secret": {"value": {"value": SECRET[0]}},
                    "secret_2": {"value": {"value": SECRET[1]}},
                    "lifetime": {"value": {"selected_option": {"value": "4h"}}},
                    "note": {"value": {"value": NOTE}},
                }},
            },
        },
    });
    (frame, recipient)
}

/// What was typed, as far as the odd payload still says so: the secret, and the note.
fn typed(odd: &Odd) -> (String, &'static str) {
    let leaf = |block: &str| format!("/payload/view/state/values/{block}/value/value");
    let text = |block: &str, typed: &'static str| match odd.change {
        Change::Null | Change::Empty if odd.path == leaf(block) => "",
        Change::Text if odd.path == leaf(block) => "odd",
        _ => typed,
    };
    let secret = text("secret", SECRET[0]).to_owned() + text("secret_2", SECRET[1]);
    // Slack may leave out a note that was not typed.
    let is_of_note = odd.path.contains("/values/note") && leaf("note").starts_with(&odd.path);
    let note = match odd.change {
        Change::Deleted | Change::Null if is_of_note => "",
        _ => text("note", NOTE),
    };
    (secret, note)
}

/// Whether Slack would show the errors: they stand beside a field that the dialog has, as far as it
/// says so.
fn stays_open(answer: &Value) -> bool {
    let errors = answer["errors"].as_object();
    answer["response_action"] == "errors" && errors.is_some_and(|errors| !errors.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_submission_is_sent_exactly_as_typed_or_stays_open() {
    let mut world = World::start(Engine::Sqlite).await;
    world.watch_for("odd \u{fffd} text");
    // Without its id nobody can answer it, and Slack says so after three seconds each. What the
    // blocks are is asked of the bot alone (`bot::handlers::odd_events`).
    let is_asked = |odd: &Odd| {
        let is_answered = !odd.path.is_empty() && odd.path != "/envelope_id";
        is_answered && !odd.path.contains("/blocks/")
    };
    let all = every_odd(&submission(0).0).into_iter().enumerate();
    let asked: Vec<_> = all
        .filter_map(|(index, odd)| is_asked(&odd).then_some(index))
        .collect();
    assert!((250..400).contains(&asked.len()), "{}", asked.len());
    let mut fates = BTreeMap::<&str, usize>::new();
    let mut sent = Vec::new();
    for (number, index) in asked.into_iter().enumerate() {
        let (frame, recipient) = submission(number);
        let odd = every_odd(&frame).remove(index);
        let sending = json!({"envelope_id": format!("odd-{number}"), "text": odd.text});
        let answer = world.slack().post("/frame", &sending).await;
        assert_eq!(answer["answered"], true, "{odd}");
        let answer = &answer["answer"];
        let fate = if stays_open(answer) {
            "kept open"
        } else {
            assert!(answer.is_null(), "{odd} {answer}");
            sent.push(Case { odd, recipient });
            "sent"
        };
        *fates.entry(fate).or_default() += 1;
    }
    println!("view_submission: {fates:?}");
    assert!(
        fates["kept open"] >= 150 && fates["sent"] >= 50,
        "{fates:?}"
    );
    let stored = world.database.count("SELECT COUNT(*) FROM secrets").await;
    assert_eq!(usize::try_from(stored).unwrap(), sent.len());
    for Case { odd, recipient } in sent {
        let is_other = odd.path.ends_with("/selected_user");
        if is_other || odd.path.ends_with("/user/id") {
            // Somebody else, whom Slack names.
            continue;
        }
        let (secret, note) = typed(&odd);
        let messages = world.slack().messages(&recipient, 1).await;
        let message = &messages[0];
        assert_eq!(messages.len(), 1, "{odd}");
        assert_eq!(message.to_string().contains(NOTE), note == NOTE, "{odd}");
        let link = link_of(message);
        let token = link.rsplit('/').next().unwrap();
        let page = world.web().reveal(token).await;
        assert_eq!(page.secret().as_deref(), Some(secret.as_str()), "{odd}");
    }
    world.finish().await;
}

async fn told(world: &World, user: &str, count: usize) -> String {
    let heard = eventually("an answer", || async {
        let heard = world.slack().ephemerals(user).await;
        (heard.len() >= count).then_some(heard)
    });
    heard.await.last().unwrap()["text"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_command_opens_the_dialog_or_is_told_why_not() {
    let world = World::start(Engine::Sqlite).await;
    let slack = world.slack();
    let odd_values = [json!(null), json!([]), json!({}), json!(7), json!("")];
    let command =
        |odd: Value| json!({"user": "U0CHLOE", "command": "/sendsecret", "text": "", "odd": odd});
    let (mut opened, mut refused) = (0, 0);
    for value in &odd_values {
        for pointer in [
            "/text",
            "/user_id",
            "/team_id",
            "/response_url",
            "/is_enterprise_install",
            "/channel_id",
        ] {
            slack
                .post("/command", &command(json!({ pointer: value })))
                .await;
            opened += 1;
            eventually("the dialog", || async {
                (slack.dialogs("U0CHLOE").await.len() == opened).then_some(())
            })
            .await;
        }
        slack
            .post("/command", &command(json!({"/trigger_id": value})))
            .await;
        refused += 1;
        let told = told(&world, "U0CHLOE", refused).await;
        assert!(
            told.contains("pas lisible ici") && told.contains("équipe informatique"),
            "{told}"
        );
    }
    let dialogs = slack.dialogs("U0CHLOE").await;
    // A number may have been a secret.
    let unused = |dialog: &&Value| dialog.to_string().contains("D’autres mots");
    assert_eq!(dialogs.iter().filter(unused).count(), 1);
    assert_eq!(slack.ephemerals("U0CHLOE").await.len(), refused);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_press_is_acknowledged_and_told() {
    let mut world = World::start(Engine::Sqlite).await;
    world
        .alice_sends_bob(e2e::Submission {
            secret: "canary-of-a-press",
            ..Default::default()
        })
        .await;
    let slack = world.slack();
    let message = slack.messages("U0BOB", 1).await.remove(0);
    let mut count = 0;
    for odd in [json!(null), json!([]), json!(7), json!({}), json!([null])] {
        let press = json!({
            "user": "U0BOB", "channel": message["channel"], "ts": message["ts"],
            "action_id": "open_secret", "odd": {"/actions": odd},
        });
        let outcome = slack.post("/press", &press).await;
        assert_eq!(outcome["acknowledged"], true, "{outcome}");
        count += 1;
        let told = told(&world, "U0BOB", count).await;
        assert!(told.contains("can’t be read here"), "{told}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_submission_is_told_in_its_senders_language() {
    let mut world = World::start(Engine::Sqlite).await;
    world.watch_for("canary-of-half-a-character");
    let secret = r#""canary-of-half-a-character \ud83d""#;
    for (user, words) in [
        ("U0ALICE", "can’t be read here"),
        ("U0CHLOE", "pas lisible ici"),
    ] {
        let frame = json!({
            "envelope_id": user, "type": "interactive",
            "payload": {
                "type": "view_submission", "team": {"id": "T0SCHOOL"}, "user": {"id": user},
                "view": {
                    "id": format!("V0{user}"), "callback_id": "send_secret",
                    "blocks": [{"type": "input", "block_id": "recipient"}, {"type": "input", "block_id": "secret"}],
                    "state": {"values": {
                        "recipient": {"value": {"selected_user": "U0BOB"}},
                        "secret": {"value": {"value": "SECRET"}},
                        "lifetime": {"value": {"selected_option": {"value": "4h"}}},
                    }},
                },
            },
        });
        let text = frame.to_string().replace("\"SECRET\"", secret);
        let sending = json!({"envelope_id": user, "text": text});
        let answer = world.slack().post("/frame", &sending).await;
        let said = answer["answer"]["errors"]["secret"].as_str();
        assert!(said.is_some_and(|said| said.contains(words)), "{answer}");
    }
    assert_eq!(
        world.database.count("SELECT COUNT(*) FROM secrets").await,
        0
    );
    let log = world.bot();
    let line = log.process.line_with("could not be understood");
    let line = tokio::time::timeout(Duration::from_mins(1), line)
        .await
        .unwrap();
    assert!(line.contains("view.state.values.secret"), "{line}");
    world.finish().await;
}
