//! "That wasn't me": what a recipient says of an opening.

use e2e::{Account, Submission, World, button_of, eventually, on_each_engine};
use serde_json::{Value, json};

const ALICE: &str = "U0ALICE";
const BOB: &str = "U0BOB";
const DAY: u64 = 86_400_000;

const SAID: &str =
    "SELECT COUNT(*) FROM audit_events WHERE event IN ('disputed', 'dispute_withdrawn')";

fn action(message: &Value) -> &str {
    button_of(message).map_or("", |button| button["action_id"].as_str().unwrap())
}

/// What Alice sent Bob is opened by somebody.
async fn opened(world: &mut World) {
    let link = world
        .alice_sends_bob(Submission {
            secret: "canary-seen",
            ..Submission::default()
        })
        .await;
    world.settled().await;
    let token = link.rsplit('/').next().unwrap();
    assert_eq!(world.web().reveal(token).await.status, 200);
    says(world, BOB, "was opened on").await;
}

/// A message to somebody that says this.
async fn says(world: &World, user: &str, text: &str) -> Value {
    eventually(text, || async {
        let messages = world.slack().messages_now(user).await;
        messages
            .into_iter()
            .find(|message| message.to_string().contains(text))
    })
    .await
}

/// Presses the button of a message; what is shown then.
async fn press(world: &World, user: &str, message: &Value, action: &str, more: &Value) -> Value {
    let known = world.slack().dialogs(user).await.len();
    world.slack().press_in(user, message, action, more).await;
    world.slack().shown_after(user, known).await
}

on_each_engine! {
    async fn the_sender_is_told_at_once_and_it_can_be_taken_back(engine) {
        let mut world = World::start(engine).await;
        opened(&mut world).await;
        let message = world.slack().messages_now(BOB).await.pop().unwrap();
        assert_eq!(action(&message), "dispute");
        let shown = press(&world, BOB, &message, "dispute", &json!({"duplicate": "new_envelope"})).await;
        assert!(shown["view"].to_string().contains("<@U0ALICE> is told that it wasn’t you"), "{shown}");
        let reply = says(&world, ALICE, "<@U0ALICE> <@U0BOB> says that it wasn’t them").await;
        let receipt = says(&world, ALICE, "says that it wasn’t them who opened it: change the secret now").await;
        assert_eq!(reply["thread_ts"], receipt["ts"]);
        assert_eq!(reply["rang"], json!(["desktop", "phone"]), "{reply}");
        let message = says(&world, BOB, "You said that it wasn’t you").await;
        assert_eq!(action(&message), "withdraw_dispute");
        assert_eq!(world.database.count(SAID).await, 1);
        let shown = press(&world, BOB, &message, "withdraw_dispute", &json!({})).await;
        assert!(shown["view"].to_string().contains("it was you after all"), "{shown}");
        says(&world, ALICE, "<@U0ALICE> <@U0BOB> says that it was them after all").await;
        says(&world, ALICE, "and then that it was them after all").await;
        world.settled().await;
        let message = world.slack().messages_now(BOB).await.pop().unwrap();
        assert!(button_of(&message).is_none(), "{message}");
        assert_eq!(world.slack().messages_now(ALICE).await.len(), 3, "a receipt and two replies");
        assert_eq!(world.events().await, ["created", "viewed", "disputed", "dispute_withdrawn"]);
        let trail = world.trail().await;
        let said: Vec<_> = trail.iter().filter(|entry| entry["event"].as_str().unwrap().starts_with("dispute")).collect();
        for entry in said {
            assert_eq!((&entry["actor"], &entry["actor_kind"]), (&json!(BOB), &json!("user")), "{entry}");
        }
        world.finish().await;
    }

    async fn nobody_else_says_so_and_each_is_said_once(engine) {
        let mut world = World::start(engine).await;
        opened(&mut world).await;
        let message = world.slack().messages_now(BOB).await.pop().unwrap();
        let row = button_of(&message).unwrap()["value"].clone();
        for user in [ALICE, "U0DMITRI"] {
            for action in ["dispute", "withdraw_dispute"] {
                let known = world.slack().dialogs(user).await.len();
                world.slack().press_row(user, action, &row, &json!({})).await;
                let shown = world.slack().shown_after(user, known).await;
                assert_eq!(shown["title"], "Not your button", "{shown}");
            }
        }
        assert_eq!(world.database.count(SAID).await, 0);
        let denied = "SELECT COUNT(*) FROM audit_events WHERE event = 'denied'";
        assert_eq!(world.database.count(denied).await, 4);
        // Many at once, as of a message that is open in several places.
        let presses = (0..8).map(|_| {
            let press = json!({"user": BOB, "channel": message["channel"], "ts": message["ts"], "action_id": "dispute"});
            let world = &world;
            async move { world.slack().post("/press", &press).await }
        });
        futures_util::future::join_all(presses).await;
        eventually("it is said", || async { (world.database.count(SAID).await > 0).then_some(()) }).await;
        world.settled().await;
        assert_eq!(world.database.count(SAID).await, 1);
        let replies = world.slack().messages_now(ALICE).await;
        assert_eq!(replies.iter().filter(|message| message["thread_ts"].is_string()).count(), 1, "{replies:?}");
        world.finish().await;
    }

    async fn the_sender_is_told_days_later_whatever_keeps_slack_from_it(engine) {
        let mut world = World::start(engine).await;
        opened(&mut world).await;
        world.settled().await;
        let ago = format!("UPDATE secrets SET viewed_at = viewed_at - {}, destroyed_at = destroyed_at - {}", 3 * DAY, 3 * DAY);
        world.database.run(Account::Migrate, &ago).await.unwrap();
        let receipt = world.slack().messages_now(ALICE).await.pop().unwrap();
        for method in ["chat.postMessage", "chat.update"] {
            world.slack().fail(&json!({"method": method, "status": 503, "to": ALICE, "times": 2})).await;
        }
        let message = world.slack().messages_now(BOB).await.pop().unwrap();
        press(&world, BOB, &message, "dispute", &json!({})).await;
        eventually("it is tried", || async {
            world.make_due().await;
            let messages = world.slack().messages_now(ALICE).await;
            messages.iter().any(|message| message["thread_ts"] == receipt["ts"]).then_some(())
        })
        .await;
        says(&world, ALICE, "says that it wasn’t them who opened it: change the secret now").await;
        world.finish().await;
    }

    async fn whose_receipt_could_not_be_posted_reads_it_at_the_next_command(engine) {
        let mut world = World::start(engine).await;
        opened(&mut world).await;
        world.settled().await;
        let lost = "UPDATE deliveries SET channel = NULL, message_ts = NULL, outcome = 'refused' WHERE kind = 'sender_receipt'";
        world.database.run(Account::Migrate, lost).await.unwrap();
        let message = world.slack().messages_now(BOB).await.pop().unwrap();
        press(&world, BOB, &message, "dispute", &json!({})).await;
        world.settled().await;
        let notices = world.notices(ALICE).await;
        assert!(json!(notices).to_string().contains("says that it wasn’t them who opened it"), "{notices:?}");
        world.discard().await;
    }

    async fn after_a_week_the_button_is_gone_and_a_press_is_told_so(engine) {
        let mut world = World::start(engine).await;
        opened(&mut world).await;
        world.settled().await;
        let message = world.slack().messages_now(BOB).await.pop().unwrap();
        assert_eq!(action(&message), "dispute");
        let ago = format!("UPDATE secrets SET viewed_at = viewed_at - {}, destroyed_at = destroyed_at - {}", 7 * DAY, 7 * DAY);
        world.database.run(Account::Migrate, &ago).await.unwrap();
        let known = world.slack().dialogs(BOB).await.len();
        let row = &button_of(&message).unwrap()["value"];
        world.slack().press_row(BOB, "dispute", row, &json!({})).await;
        let shown = world.slack().shown_after(BOB, known).await;
        assert_eq!(shown["title"], "Too long ago", "{shown}");
        assert_eq!(world.database.count(SAID).await, 0);
        eventually("the button is gone", || async {
            let message = world.slack().messages_now(BOB).await.pop()?;
            button_of(&message).is_none().then_some(())
        })
        .await;
        world.settled().await;
        let updates = world.slack().calls("chat.update").await;
        // Nothing goes on changing it.
        world.make_due().await;
        world.settled().await;
        assert_eq!(world.slack().calls("chat.update").await, updates);
        world.finish().await;
    }
}
