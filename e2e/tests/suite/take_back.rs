//! A sender takes back what they sent.

use e2e::{Account, Submission, World, button_of, codes_of, eventually, link_of, on_each_engine};
use serde_json::{Value, json};
use uuid::Uuid;

const ALICE: &str = "U0ALICE";
const BOB: &str = "U0BOB";
const CHLOE: &str = "U0CHLOE";

const ENDS: &str = "SELECT COUNT(*) FROM audit_events WHERE slot = 'terminal'";
const LIVE: &str = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL";
const SEALED: &str =
    "SELECT COUNT(*) FROM deliveries WHERE kind = 'recipient_message' AND sealed IS NOT NULL";
const DENIED: &str = "SELECT COUNT(*) FROM audit_events WHERE event = 'denied'";

/// The receipt that was posted last.
async fn receipt(world: &World, sender: &str) -> Value {
    world.slack().messages(sender, 1).await.pop().unwrap()
}

/// Presses a button of the last receipt; what its sender is shown then.
async fn press(world: &World, sender: &str, action: &str) -> Value {
    let known = world.slack().dialogs(sender).await.len();
    let receipt = receipt(world, sender).await;
    world
        .slack()
        .press_in(sender, &receipt, action, &json!({}))
        .await;
    world.slack().shown_after(sender, known).await
}

/// The state of a link's page.
async fn state(world: &World, link: &str) -> String {
    let token = link.rsplit('/').next().unwrap();
    world.web().look(token).await.state().to_owned()
}

/// The last message to somebody, once it says this.
async fn says(world: &World, user: &str, text: &str) -> Value {
    eventually(text, || async {
        let last = world.slack().messages_now(user).await.pop()?;
        last.to_string().contains(text).then_some(last)
    })
    .await
}

fn action(message: &Value) -> Option<&str> {
    button_of(message)?["action_id"].as_str()
}

on_each_engine! {
    async fn what_is_taken_back_opens_for_nobody_and_everybody_is_told(engine) {
        let mut world = World::start(engine).await;
        for (sender, [title, told, message]) in [
            (ALICE, ["Taken back", "You took back your secret for <@U0BOB>", "took this secret back on"]),
            (CHLOE, ["Secret repris", "Vous avez repris votre secret pour <@U0BOB>", "took this secret back on"]),
        ] {
            let known = world.slack().messages_now(BOB).await.len();
            world.watch_for("canary-note");
            world.send_from(sender, BOB).await;
            let link = link_of(world.slack().messages(BOB, known + 1).await.last().unwrap());
            world.settled().await;
            let before = receipt(&world, sender).await;
            assert_eq!(action(&before), Some("take_back"));
            let ends = world.database.count(ENDS).await;
            let shown = press(&world, sender, "take_back").await;
            assert_eq!(shown["title"], title, "{shown}");
            assert!(shown["view"]["blocks"].to_string().contains(told), "{shown}");
            assert_eq!(world.database.count(ENDS).await, ends + 1);
            assert_eq!(state(&world, &link).await, "revoked");
            let after = says(&world, sender, told).await;
            assert_eq!((action(&after), &after["ts"]), (Some("send_again"), &before["ts"]));
            let theirs = says(&world, BOB, message).await;
            assert!(button_of(&theirs).is_none(), "{theirs}");
            assert!(!theirs.to_string().contains("canary-note"), "{theirs}");
        }
        assert_eq!(world.database.count(LIVE).await, 0);
        let trail = world.trail().await;
        let ended = trail.iter().find(|entry| entry["event"] == "revoked").unwrap();
        assert_eq!((&ended["actor"], &ended["actor_kind"]), (&json!(ALICE), &json!("user")), "{ended}");
        assert_eq!(ended["metadata"], json!({"by": "sender", "reason": "taken_back"}), "{ended}");
        world.finish().await;
    }

    async fn who_comes_too_late_is_told_so_and_when(engine) {
        let mut world = World::start(engine).await;
        let link = world.alice_sends_bob(Submission { secret: "canary-seen", ..Submission::default() }).await;
        world.settled().await;
        // The receipt still has the button: nobody can change it.
        world.slack().refuse_edits("a_code_of_tomorrow").await;
        let token = link.rsplit('/').next().unwrap();
        assert_eq!(world.web().reveal(token).await.status, 200);
        let shown = press(&world, ALICE, "take_back").await;
        let said = shown["view"]["blocks"].to_string();
        assert_eq!(shown["title"], "Too late", "{shown}");
        assert!(said.contains("was opened on") && said.contains("change it now"), "{said}");
        assert_eq!(state(&world, &link).await, "opened");
        assert_eq!(world.events().await, ["created", "viewed"]);
        world.slack().heal().await;
        world.make_due().await;
        world.finish().await;
    }

    async fn what_is_over_otherwise_is_said_to_be(engine) {
        let mut world = World::start(engine).await;
        world.alice_sends_bob(Submission { secret: "canary-over", ..Submission::default() }).await;
        world.settled().await;
        world.slack().refuse_edits("a_code_of_tomorrow").await;
        // Its time is over, and nobody has swept it yet.
        world.database.run(Account::Migrate, "UPDATE secrets SET expires_at = created_at + 1").await.unwrap();
        let shown = press(&world, ALICE, "take_back").await;
        assert_eq!(shown["title"], "Over already", "{shown}");
        assert!(shown["view"]["blocks"].to_string().contains("was not opened in time"), "{shown}");
        assert_eq!(world.database.count("SELECT COUNT(*) FROM audit_events WHERE event = 'revoked'").await, 0);
        // It is from so long ago that nothing is known of it.
        for table in ["deliveries", "secrets"] {
            world.database.run(Account::Migrate, &format!("DELETE FROM {table}")).await.unwrap();
        }
        let shown = press(&world, ALICE, "take_back").await;
        assert!(shown["view"]["blocks"].to_string().contains("from too long ago"), "{shown}");
        world.discard().await;
    }

    async fn a_message_that_is_not_out_is_never_posted(engine) {
        let world = World::start(engine).await;
        let refused = json!({"method": "chat.postMessage", "status": 500, "to": BOB});
        world.slack().fail(&refused).await;
        world.send_from(ALICE, BOB).await;
        eventually("a try", || async {
            (world.slack().calls("chat.postMessage").await > 0).then_some(())
        })
        .await;
        world.pass_time(61).await;
        let interim = says(&world, ALICE, "isn’t delivered yet").await;
        assert_eq!(action(&interim), Some("take_back"));
        assert_eq!(world.database.count(SEALED).await, 1);
        let shown = press(&world, ALICE, "take_back").await;
        assert_eq!(shown["title"], "Taken back", "{shown}");
        assert_eq!(world.database.count(SEALED).await, 0);
        world.slack().heal().await;
        world.pass_leases().await;
        says(&world, ALICE, "You took back").await;
        world.settled().await;
        assert!(world.slack().messages_now(BOB).await.is_empty());
        assert_eq!(world.events().await, ["created", "revoked"]);
        let outcome = "SELECT COUNT(*) FROM deliveries WHERE outcome = 'withdrawn'";
        assert_eq!(world.database.count(outcome).await, 1);
        world.finish().await;
    }

    async fn a_message_that_is_being_posted_is_changed_once_its_place_is_known(engine) {
        let world = World::start(engine).await;
        // Alice has a button to press from a secret before.
        let slow = json!({"method": "chat.postMessage", "delay_ms": 3000, "to": BOB, "times": 1});
        world.slack().fail(&slow).await;
        world.send_from(ALICE, BOB).await;
        eventually("the courier is at it", || async {
            (world.slack().calls("chat.postMessage").await > 0).then_some(())
        })
        .await;
        let id = world.database.text("SELECT LOWER(HEX(id)) FROM secrets").await;
        let outcome = forged(&world, ALICE, &hyphenated(&id), json!({})).await;
        assert_eq!(outcome["answered"], true, "{outcome}");
        assert_eq!(world.slack().shown_after(ALICE, 0).await["title"], "Taken back");
        assert_eq!(world.database.count(SEALED).await, 0);
        let theirs = says(&world, BOB, "took this secret back on").await;
        assert!(button_of(&theirs).is_none(), "{theirs}");
        says(&world, ALICE, "You took back").await;
        assert_eq!(world.events().await, ["created", "revoked"]);
        world.finish().await;
    }

    async fn nobody_else_takes_it_back_and_the_trail_tells_of_ten_tries_an_hour(engine) {
        let mut world = World::start(engine).await;
        let link = world.alice_sends_bob(Submission { secret: "canary-kept", ..Submission::default() }).await;
        world.settled().await;
        let receipt = receipt(&world, ALICE).await;
        let row = button_of(&receipt).unwrap()["value"].as_str().unwrap().to_owned();
        let elsewhere = json!({"team": {"id": "T0ELSEWHERE"}});
        for (number, (user, more)) in [(BOB, json!({})), ("U0DMITRI", json!({})), (ALICE, elsewhere)].into_iter().enumerate() {
            for action in ["take_back", "send_again"] {
                let known = world.slack().dialogs(user).await.len();
                let mut more = more.clone();
                more["actions"] = json!([{"action_id": action, "value": row, "action_ts": format!("17.{number}")}]);
                pressed(&world, user, more).await;
                let shown = world.slack().shown_after(user, known).await;
                assert_eq!(shown["title"], "Not your button", "{user} {shown}");
                let said = shown["view"].to_string();
                assert!(!said.contains(BOB) && !said.contains("opened"), "{said}");
            }
        }
        assert_eq!(world.database.count(DENIED).await, 6);
        let trail = world.trail().await;
        let denied = trail.iter().find(|entry| entry["event"] == "denied" && entry["actor"] == BOB).unwrap();
        assert_eq!((&denied["actor_kind"], &denied["sender"]), (&json!("user"), &json!(ALICE)), "{denied}");
        let causes: Vec<_> = trail.iter().filter(|entry| entry["event"] == "denied").map(|entry| entry["metadata"]["cause"].clone()).collect();
        assert!(causes.contains(&json!("take_back")) && causes.contains(&json!("send_again")), "{causes:?}");
        // Sixteen more at once.
        let known = world.slack().dialogs(BOB).await.len();
        let presses = (0..16).map(|number| {
            let ts = format!("18.{number}");
            pressed(&world, BOB, json!({"actions": [{"action_id": "take_back", "value": row, "action_ts": ts}]}))
        });
        futures_util::future::join_all(presses).await;
        world.slack().shown_after(BOB, known + 15).await;
        let of_bob = format!("{DENIED} AND actor = '{BOB}'");
        assert_eq!(world.database.count(&of_bob).await, 10);
        // The link is as good as before.
        let token = link.rsplit('/').next().unwrap();
        assert_eq!(world.web().reveal(token).await.secret().as_deref(), Some("canary-kept"));
        world.finish().await;
    }

    async fn a_button_that_names_nothing_does_nothing(engine) {
        let world = World::start(engine).await;
        world.send_from(ALICE, BOB).await;
        world.settled().await;
        let outcome = forged(&world, ALICE, &Uuid::now_v7().to_string(), json!({})).await;
        assert_eq!(outcome["answered"], true, "{outcome}");
        let shown = world.slack().shown_after(ALICE, 0).await;
        assert!(shown["view"]["blocks"].to_string().contains("from too long ago"), "{shown}");
        for value in [json!(""), json!("x"), json!(null), json!(7), json!("' OR 1=1")] {
            let ts = json!({"actions": [{"action_id": "take_back", "value": value, "action_ts": "17.1"}]});
            let outcome = pressed(&world, ALICE, ts).await;
            assert_eq!(outcome["answered"], true, "{outcome}");
        }
        assert_eq!(world.database.count(LIVE).await, 1);
        assert_eq!(world.database.count(DENIED).await, 0);
        world.finish().await;
    }

    async fn what_comes_along_with_a_press_is_in_no_log(engine) {
        let mut world = World::start(engine).await;
        let link = world.alice_sends_bob(Submission { secret: "canary-here", ..Submission::default() }).await;
        world.settled().await;
        world.watch_for("canary-beside");
        let beside = json!({"value": {"type": "plain_text_input", "value": "canary-beside"}});
        let block = json!({"type": "section", "text": {"type": "plain_text", "text": "canary-beside"}});
        for action in ["take_back", "send_again", "issue_link", "follow_link", "open_secret", "more_room", "of_tomorrow"] {
            for value in [json!("01936f0e-7b1c-7000-8000-000000000001"), json!("01936f0e-7b1c-7000-8000-000000000001.canary-beside"), json!("canary-beside"), json!({"canary-beside": 1})] {
                let payload = json!({
                    "actions": [{"action_id": action, "value": value, "action_ts": "17.1", "url": link}],
                    "message": {"text": "canary-beside", "blocks": [block.clone()]},
                    "state": {"values": {"secret": beside.clone()}},
                    "view": {"id": "V0", "private_metadata": "canary-beside", "blocks": [block.clone(), {"type": "actions", "elements": [{"url": link}]}]},
                    "response_url": "https://127.0.0.1:1/canary-beside",
                });
                let outcome = pressed(&world, BOB, payload).await;
                assert_eq!(outcome["answered"], true, "{outcome}");
            }
        }
        world.finish().await;
    }

    async fn a_press_that_comes_twice_acts_once_and_is_told_once(engine) {
        let mut world = World::start(engine).await;
        world.start_bot().await;
        world.slack().connections(4).await;
        for duplicate in ["same_envelope", "new_envelope"] {
            let known = world.slack().messages_now(ALICE).await.len();
            world.send_from(ALICE, BOB).await;
            world.slack().messages(ALICE, known + 1).await;
            world.settled().await;
            let (ends, shown) = (world.database.count(ENDS).await, world.slack().dialogs(ALICE).await.len());
            let receipt = receipt(&world, ALICE).await;
            world.slack().press_in(ALICE, &receipt, "take_back", &json!({"duplicate": duplicate})).await;
            assert_eq!(world.slack().shown_after(ALICE, shown).await["title"], "Taken back");
            world.settled().await;
            assert_eq!(world.database.count(ENDS).await, ends + 1, "{duplicate}");
            assert_eq!(world.slack().dialogs(ALICE).await.len(), shown + 1, "{duplicate}");
        }
        assert!(world.slack().ephemerals(ALICE).await.is_empty());
        world.finish().await;
    }

    async fn it_holds_though_slack_changes_nothing_and_reveal_web_is_down(engine) {
        let mut world = World::start(engine).await;
        let link = world.alice_sends_bob(Submission { secret: "canary-down", ..Submission::default() }).await;
        world.settled().await;
        let mut web = world.webs.remove(0);
        web.process.kill().await;
        world.slack().refuse_edits("a_code_of_tomorrow").await;
        let shown = press(&world, ALICE, "take_back").await;
        assert_eq!(shown["title"], "Taken back", "{shown}");
        assert_eq!(world.database.count(LIVE).await, 0);
        world.start_web(&[]).await;
        assert_eq!(state(&world, &link).await, "revoked");
        world.slack().heal().await;
        world.make_due().await;
        world.discard().await;
    }

    async fn a_bot_that_dies_before_its_answer_has_taken_it_back(engine) {
        let mut world = World::start(engine).await;
        let link = world.alice_sends_bob(Submission { secret: "canary-dies", ..Submission::default() }).await;
        world.settled().await;
        for method in ["views.open", "chat.update"] {
            world.slack().fail(&json!({"method": method, "mode": "hang"})).await;
        }
        let receipt = receipt(&world, ALICE).await;
        world.slack().press_in(ALICE, &receipt, "take_back", &json!({})).await;
        eventually("the commit", || async {
            (world.database.count(LIVE).await == 0).then_some(())
        })
        .await;
        world.kill_bots().await;
        assert_eq!(state(&world, &link).await, "revoked");
        world.revive().await;
        says(&world, ALICE, "You took back").await;
        says(&world, BOB, "took this secret back on").await;
        world.finish().await;
    }

    async fn who_can_not_be_shown_a_modal_is_answered_where_the_button_is(engine) {
        let world = World::start(engine).await;
        let codes = codes_of("views.open", "trigger_over");
        assert!(!codes.is_empty());
        let faults = codes.into_iter().map(|code| json!({"error": code}));
        for mut fault in faults.chain([json!({"status": 500}), json!({"mode": "hang"})]) {
            let heard = world.slack().ephemerals(ALICE).await.len();
            let known = world.slack().messages_now(ALICE).await.len();
            world.send_from(ALICE, BOB).await;
            world.slack().messages(ALICE, known + 1).await;
            world.settled().await;
            fault["method"] = json!("views.open");
            world.slack().fail(&fault).await;
            let receipt = receipt(&world, ALICE).await;
            world.slack().press_in(ALICE, &receipt, "take_back", &json!({})).await;
            let answer = eventually("an answer", || async {
                world.slack().ephemerals(ALICE).await.get(heard).cloned()
            })
            .await;
            assert!(answer.to_string().contains("You took back"), "{answer}");
            world.slack().heal().await;
        }
        world.finish().await;
    }

    async fn who_gets_no_dialog_is_told_though_the_trigger_is_used_up(engine) {
        let mut world = World::start(engine).await;
        world.alice_sends_bob(Submission { secret: "canary-undialed", ..Submission::default() }).await;
        world.settled().await;
        press(&world, ALICE, "take_back").await;
        says(&world, ALICE, "You took back").await;
        // The view with the name is refused, and the trigger is used then.
        world.slack().fail(&json!({"method": "views.open", "error": "invalid_arguments", "times": 1})).await;
        world.slack().fail(&json!({"method": "views.open", "error": "exchanged_trigger_id"})).await;
        let receipt = receipt(&world, ALICE).await;
        world.slack().press_in(ALICE, &receipt, "send_again", &json!({})).await;
        let heard = eventually("an answer", || async { world.slack().ephemerals(ALICE).await.pop() }).await;
        assert!(heard.to_string().contains("The dialog could not be opened"), "{heard}");
        world.finish().await;
    }

    async fn what_is_over_can_be_sent_again_to_the_same_person_for_as_long(engine) {
        let mut world = World::start(engine).await;
        world.watch_for("canary-first");
        let first = Submission { secret: "canary-first", note: "canary-note", lifetime: Some("4h"), ..Submission::default() };
        world.alice_sends_bob(first).await;
        world.settled().await;
        press(&world, ALICE, "take_back").await;
        says(&world, ALICE, "You took back").await;
        let dialog = press(&world, ALICE, "send_again").await;
        let view = dialog["view"].to_string();
        assert_eq!(dialog["view"]["callback_id"], "send_secret", "{dialog}");
        assert!(!view.contains("canary"), "{view}");
        let blocks = dialog["view"]["blocks"].as_array().unwrap();
        let block = |id: &str| blocks.iter().find(|block| block["block_id"] == id).unwrap();
        assert_eq!(block("recipient")["element"]["initial_user"], BOB);
        assert_eq!(block("lifetime")["element"]["initial_option"]["value"], "4h");
        let second = Submission { secret: "canary-second", ..Submission::default() };
        world.slack().send(ALICE, &dialog, &second).await;
        let messages = world.slack().messages(BOB, 2).await;
        let link = link_of(&messages[1]);
        let token = link.rsplit('/').next().unwrap();
        assert_eq!(world.web().reveal(token).await.secret().as_deref(), Some("canary-second"));
        world.finish().await;
    }
}

/// A press of a button that stands nowhere, or not so.
async fn forged(world: &World, user: &str, row: &str, more: Value) -> Value {
    world
        .slack()
        .press_row(user, "take_back", &json!(row), &more)
        .await
}

async fn pressed(world: &World, user: &str, more: Value) -> Value {
    forged(world, user, "", more).await
}

/// An id as a button has it.
fn hyphenated(hex: &str) -> String {
    Uuid::parse_str(hex).unwrap().to_string()
}
