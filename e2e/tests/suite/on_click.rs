//! With `LINK_DELIVERY=on_click` there is no link until the recipient presses the button of the
//! message: it is made for them, for a few minutes, and the last one counts.

use e2e::{
    Account, Engine, Options, Submission, World, button_of, eventually, eventually_within,
    on_each_engine,
};
use serde_json::{Value, json};
use shared::store::end_all::Reason;
use std::time::Duration;
use uuid::Uuid;

const ALICE: &str = "U0ALICE";
const BOB: &str = "U0BOB";

const ISSUED: &str = "SELECT COUNT(*) FROM audit_events WHERE event = 'link_issued'";
const DENIED: &str = "SELECT COUNT(*) FROM audit_events WHERE event = 'denied'";
const SHARES: &str = "SELECT COUNT(*) FROM links WHERE share IS NOT NULL";
const LINKS: &str = "SELECT COUNT(*) FROM links";
const LIVE: &str = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL";

async fn world(engine: Engine, more: &[(&'static str, &str)]) -> World {
    let mut bot_variables = vec![("LINK_DELIVERY", "on_click".to_owned())];
    let more = more
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    bot_variables.extend(more);
    let options = Options {
        bot_variables,
        ..Options::default()
    };
    World::with(engine, options).await
}

/// Alice sends Bob a secret; his message, once she has her receipt.
async fn sent(world: &mut World, secret: &str) -> Value {
    world.watch_for(secret);
    let known = world.slack().messages_now(BOB).await.len();
    let dialog = world.slack().open_dialog(ALICE, "@bob").await;
    let submission = Submission {
        secret,
        ..Submission::default()
    };
    world.slack().send(ALICE, &dialog, &submission).await;
    let message = world.slack().messages(BOB, known + 1).await.pop().unwrap();
    world.settled().await;
    let share = value_of(&message);
    let share = share.rsplit('.').next().unwrap();
    assert!(share.len() > 100, "{share}");
    let share = share.to_owned();
    world.watch_for(&share);
    message
}

fn value_of(message: &Value) -> String {
    button_of(message).unwrap()["value"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The modal that somebody is shown after so many, once it has this title.
async fn titled(world: &World, user: &str, known: usize, title: &str) -> Value {
    eventually(title, || async {
        let shown = world.slack().dialogs(user).await.get(known).cloned()?;
        (shown["title"] == title).then_some(shown)
    })
    .await
}

/// Presses the button as Bob; the token of the link that he is shown.
async fn link(world: &mut World, message: &Value) -> String {
    let known = world.slack().dialogs(BOB).await.len();
    world
        .slack()
        .press_in(BOB, message, "issue_link", &json!({}))
        .await;
    let shown = titled(world, BOB, known, "Your link").await;
    let token = token_of(&shown);
    world.watch_for(&token);
    token
}

fn token_of(shown: &Value) -> String {
    let blocks = shown["view"]["blocks"].as_array().unwrap();
    let mut urls = blocks
        .iter()
        .filter_map(|block| block["elements"][0]["url"].as_str());
    let url = urls.next().unwrap();
    url.rsplit('/').next().unwrap().to_owned()
}

/// What a press of somebody's with this value is answered.
async fn pressed(world: &World, user: &str, value: &str, more: Value) -> String {
    let known = world.slack().dialogs(user).await.len();
    world
        .slack()
        .press_row(user, "issue_link", &json!(value), &more)
        .await;
    let shown = eventually("an answer", || async {
        let shown = world.slack().dialogs(user).await.get(known).cloned()?;
        (shown["title"] != "One moment").then_some(shown)
    });
    shown.await["title"].as_str().unwrap().to_owned()
}

async fn state(world: &World, token: &str) -> String {
    world.web().look(token).await.state().to_owned()
}

/// Presses the page's button of a link.
async fn reveal(world: &World, token: &str) -> Option<String> {
    world.web().reveal(token).await.secret()
}

async fn set(world: &World, sql: &str) {
    world.database.run(Account::Migrate, sql).await.unwrap();
}

on_each_engine! {
    async fn the_recipient_gets_a_link_by_the_button_and_it_opens_once(engine) {
        let mut world = world(engine, &[]).await;
        let message = sent(&mut world, "canary-clicked").await;
        let button = button_of(&message).unwrap();
        assert_eq!(button["action_id"], "issue_link");
        assert!(!message.to_string().contains("/s/"), "{message}");
        assert!(message.to_string().contains("It opens once"), "{message}");
        let receipt = world.slack().messages_now(ALICE).await.pop().unwrap();
        assert!(receipt.to_string().contains("has the message with the button"), "{receipt}");
        assert_eq!(world.database.count(LINKS).await, 0);
        let token = link(&mut world, &message).await;
        assert_eq!((world.database.count(LINKS).await, world.database.count(SHARES).await), (1, 1));
        let page = world.web().look(&token).await;
        assert!(page.html.contains("This page is good for five minutes"), "{}", page.html);
        assert_eq!(world.database.count(LIVE).await, 1);
        // The link is followed, and the modal shows it no more.
        let modal = world.slack().dialogs(BOB).await.pop().unwrap();
        let known = world.slack().dialogs(BOB).await.len() - 1;
        world.slack().press(BOB, &modal, "follow_link", &json!({})).await;
        let shown = titled(&world, BOB, known, "In your browser").await;
        assert!(!shown.to_string().contains(&token), "{shown}");
        assert_eq!(reveal(&world, &token).await.as_deref(), Some("canary-clicked"));
        assert_eq!(world.database.count(SHARES).await, 0);
        assert_eq!(state(&world, &token).await, "opened");
        world.settled().await;
        let message = world.slack().messages_now(BOB).await.pop().unwrap();
        assert!(message.to_string().contains("was opened on"), "{message}");
        let entry = world.trail().await.into_iter().find(|entry| entry["event"] == "link_issued").unwrap();
        assert_eq!((&entry["actor"], &entry["actor_kind"]), (&json!(BOB), &json!("user")), "{entry}");
        assert_eq!(world.events().await[..3], ["created", "link_issued", "viewed"]);
        world.finish().await;
    }

    async fn of_several_links_the_last_one_counts(engine) {
        let mut world = world(engine, &[]).await;
        let message = sent(&mut world, "canary-last").await;
        let first = link(&mut world, &message).await;
        let page = world.web().look(&first).await;
        let confirmation = page.confirmation().unwrap().to_owned();
        let second = link(&mut world, &message).await;
        assert_eq!((world.database.count(LINKS).await, world.database.count(SHARES).await), (2, 1));
        assert_eq!(state(&world, &first).await, "spent");
        // Not by its page that is open, either.
        let page = world.web().press(&first, &confirmation).await;
        assert_eq!((page.state(), page.secret()), ("spent", None));
        assert_eq!(world.database.count(LIVE).await, 1);
        assert_eq!(reveal(&world, &second).await.as_deref(), Some("canary-last"));
        for token in [first, second] {
            assert_eq!(state(&world, &token).await, "opened", "a later visit hears how it ended");
        }
        // And both are counted.
        let receipt = eventually("visits are told", || async {
            let receipts = world.slack().messages_now(ALICE).await;
            receipts.into_iter().find(|message| message.to_string().contains("visited"))
        });
        receipt.await;
        world.finish().await;
    }

    async fn many_presses_at_once_leave_one_link_that_opens(engine) {
        let mut world = world(engine, &[]).await;
        world.start_bot().await;
        let message = sent(&mut world, "canary-many").await;
        let known = world.slack().dialogs(BOB).await.len();
        let nothing = json!({});
        let press = |_| world.slack().press_in(BOB, &message, "issue_link", &nothing);
        futures_util::future::join_all((0..12).map(press)).await;
        let shown = eventually("twelve answers", || async {
            let dialogs = world.slack().dialogs(BOB).await;
            let links: Vec<_> = dialogs[known..].iter().filter(|shown| shown["title"] == "Your link").map(token_of).collect();
            (links.len() == 12).then_some(links)
        })
        .await;
        assert_eq!((world.database.count(LINKS).await, world.database.count(SHARES).await), (12, 1));
        let revealed = futures_util::future::join_all(shown.iter().map(|token| reveal(&world, token))).await;
        assert_eq!(revealed.iter().flatten().count(), 1, "{revealed:?}");
        world.finish().await;
    }

    async fn a_link_leads_for_its_time_and_a_page_opened_in_it_for_its_own(engine) {
        let mut world = world(engine, &[("LINK_LIFETIME", "30s")]).await;
        let message = sent(&mut world, "canary-in-time").await;
        let token = link(&mut world, &message).await;
        let page = world.web().look(&token).await;
        let confirmation = page.confirmation().unwrap().to_owned();
        eventually_within(Duration::from_mins(1), "its time is over", || async {
            (state(&world, &token).await == "spent").then_some(())
        })
        .await;
        assert_eq!(world.database.count(SHARES).await, 1, "for as long as a page may be open");
        let page = world.web().press(&token, &confirmation).await;
        assert_eq!(page.secret().as_deref(), Some("canary-in-time"));
        world.finish().await;
    }

    async fn the_share_of_a_link_of_long_ago_is_erased(engine) {
        let mut world = world(engine, &[("CLEANUP_INTERVAL", "1s")]).await;
        let message = sent(&mut world, "canary-forgotten").await;
        let token = link(&mut world, &message).await;
        set(&world, "UPDATE links SET expires_at = expires_at - 600000").await;
        assert_eq!(state(&world, &token).await, "spent");
        eventually("it is erased", || async {
            (world.database.count(SHARES).await == 0).then_some(())
        })
        .await;
        assert_eq!(world.database.count(LINKS).await, 1);
        let again = link(&mut world, &message).await;
        assert_eq!(reveal(&world, &again).await.as_deref(), Some("canary-forgotten"));
        world.finish().await;
    }

    /// Whichever end it is, it takes the shares of its links in its own transaction.
    async fn every_end_takes_the_share_and_the_link_says_how_it_was(engine) {
        let mut world = world(engine, &[("CLEANUP_INTERVAL", "1h")]).await;
        for (end, expected) in [
            ("taken back", "revoked"),
            ("a visit after its time", "expired"),
            ("an operator", "ended"),
            ("an opening", "opened"),
            ("the sweeper", "expired"),
        ] {
            let message = sent(&mut world, &format!("canary-{}", end.replace(' ', "-"))).await;
            let token = link(&mut world, &message).await;
            assert_eq!(world.database.count(SHARES).await, 1, "{end}");
            match end {
                "taken back" => {
                    let receipt = world.slack().messages_now(ALICE).await.pop().unwrap();
                    let known = world.slack().dialogs(ALICE).await.len();
                    world.slack().press_in(ALICE, &receipt, "take_back", &json!({})).await;
                    titled(&world, ALICE, known, "Taken back").await;
                }
                "an operator" => {
                    let migrating = world.database.store_of(Account::Migrate).await;
                    migrating.end_all(Reason::Incident).await.unwrap();
                }
                "an opening" => assert!(reveal(&world, &token).await.is_some()),
                over => {
                    set(&world, "UPDATE secrets SET expires_at = created_at + 1 WHERE destroyed_at IS NULL").await;
                    if over == "the sweeper" {
                        world.kill_bots().await;
                        world.revive().await;
                        eventually("it is swept", || async { (world.database.count(LIVE).await == 0).then_some(()) }).await;
                    }
                }
            }
            assert_eq!(state(&world, &token).await, expected, "{end}");
            assert_eq!(world.database.count(SHARES).await, 0, "{end}");
            world.settled().await;
            let known = world.slack().dialogs(BOB).await.len();
            let title = pressed(&world, BOB, &value_of(&message), json!({})).await;
            assert_eq!(title, "Over already", "{end}");
            let shown = world.slack().dialogs(BOB).await[known].to_string();
            assert!(!shown.contains("/s/"), "{shown}");
        }
        world.finish().await;
    }

    async fn nobody_else_gets_a_link(engine) {
        let mut world = world(engine, &[]).await;
        let message = sent(&mut world, "canary-kept").await;
        let value = value_of(&message);
        let elsewhere = json!({"team": {"id": "T0ELSEWHERE"}});
        for (user, more) in [(ALICE, json!({})), ("U0DMITRI", json!({})), (BOB, elsewhere)] {
            assert_eq!(pressed(&world, user, &value, more).await, "Not your button", "{user}");
        }
        assert_eq!(world.database.count(DENIED).await, 3);
        // What else a button may hold: nothing, what nobody sealed, what was sealed for another.
        let row = value.split('.').next().unwrap().to_owned();
        let other = value_of(&sent(&mut world, "canary-other").await);
        let of_other = other.split_once('.').unwrap().1.to_owned();
        for value in [row.clone(), format!("{row}.x"), format!("{row}.{of_other}")] {
            assert_eq!(pressed(&world, BOB, &value, json!({})).await, "Not just now", "{value}");
            assert_eq!(pressed(&world, "U0DMITRI", &value, json!({})).await, "Not your button", "{value}");
        }
        let gone = format!("{}.{of_other}", Uuid::now_v7());
        assert_eq!(pressed(&world, BOB, &gone, json!({})).await, "Over already");
        assert_eq!((world.database.count(LINKS).await, world.database.count(ISSUED).await), (0, 0));
        let token = link(&mut world, &message).await;
        assert_eq!(reveal(&world, &token).await.as_deref(), Some("canary-kept"));
        world.settled().await;
        world.discard().await;
    }

    async fn a_press_that_comes_twice_makes_one_link(engine) {
        let mut world = world(engine, &[]).await;
        world.start_bot().await;
        world.slack().connections(4).await;
        let message = sent(&mut world, "canary-twice").await;
        for duplicate in ["same_envelope", "new_envelope"] {
            let (known, issued) = (world.slack().dialogs(BOB).await.len(), world.database.count(ISSUED).await);
            world.slack().press_in(BOB, &message, "issue_link", &json!({"duplicate": duplicate})).await;
            titled(&world, BOB, known, "Your link").await;
            assert_eq!(world.database.count(ISSUED).await, issued + 1, "{duplicate}");
            assert_eq!(world.slack().dialogs(BOB).await.len(), known + 1, "{duplicate}");
        }
        // Under a trigger that opens another modal, but the press itself is the same one.
        let action = |trigger: &str| json!({"actions": [{"action_id": "issue_link", "value": value_of(&message), "action_ts": "77.1"}], "trigger": trigger});
        let issued = world.database.count(ISSUED).await;
        assert_eq!(pressed(&world, BOB, "", action("one")).await, "Your link");
        assert_eq!(pressed(&world, BOB, "", action("two")).await, "Shown a moment ago");
        assert_eq!(world.database.count(ISSUED).await, issued + 1);
        world.finish().await;
    }

    async fn who_can_not_be_shown_a_modal_gets_no_link_and_is_told(engine) {
        let mut world = world(engine, &[]).await;
        let message = sent(&mut world, "canary-no-modal").await;
        for (method, issued) in [("views.open", 0), ("views.update", 1)] {
            let told = world.slack().ephemerals(BOB).await.len();
            let before = world.database.count(ISSUED).await;
            world.slack().fail(&json!({"method": method, "status": 500})).await;
            world.slack().press_in(BOB, &message, "issue_link", &json!({})).await;
            let words = eventually("words", || async {
                world.slack().ephemerals(BOB).await.get(told).cloned()
            })
            .await;
            assert!(words.to_string().contains("could not be shown, and nothing was opened"), "{words}");
            assert!(!words.to_string().contains("/s/"), "{words}");
            assert_eq!(world.database.count(ISSUED).await, before + issued, "{method}");
            world.slack().heal().await;
        }
        let token = link(&mut world, &message).await;
        assert_eq!(reveal(&world, &token).await.as_deref(), Some("canary-no-modal"));
        world.finish().await;
    }

    /// Rows of both ways live side by side, whatever the setting is now.
    async fn changing_the_setting_changes_new_secrets_only(engine) {
        let mut world = World::start(engine).await;
        let in_message = world.alice_sends_bob(Submission { secret: "canary-before", ..Submission::default() }).await;
        world.settled().await;
        world.kill_bots().await;
        world.bots.clear();
        let bot = world.launch_bot(&[("LINK_DELIVERY", "on_click".to_owned())]);
        bot.process.line_with("ready: connected to Slack").await;
        let by_button = sent(&mut world, "canary-between").await;
        world.kill_bots().await;
        world.bots.clear();
        world.start_bot().await;
        let token = in_message.rsplit('/').next().unwrap();
        assert_eq!(reveal(&world, token).await.as_deref(), Some("canary-before"));
        let token = link(&mut world, &by_button).await;
        assert_eq!(reveal(&world, &token).await.as_deref(), Some("canary-between"));
        let last = world.alice_sends_bob(Submission { secret: "canary-after", ..Submission::default() }).await;
        assert_eq!(reveal(&world, last.rsplit('/').next().unwrap()).await.as_deref(), Some("canary-after"));
        world.finish().await;
    }

    async fn a_bot_that_dies_at_a_press_leaves_nobody_without_a_way(engine) {
        let mut world = world(engine, &[]).await;
        let message = sent(&mut world, "canary-dies").await;
        let known = world.slack().dialogs(BOB).await.len();
        world.slack().fail(&json!({"method": "views.update", "mode": "hang"})).await;
        world.slack().press_in(BOB, &message, "issue_link", &json!({})).await;
        eventually("the commit", || async { (world.database.count(ISSUED).await == 1).then_some(()) }).await;
        let modal = titled(&world, BOB, known, "One moment").await;
        assert!(modal["view"]["blocks"].to_string().contains("press the button again"), "{modal}");
        world.kill_bots().await;
        world.slack().heal().await;
        world.revive().await;
        let token = link(&mut world, &message).await;
        assert_eq!(reveal(&world, &token).await.as_deref(), Some("canary-dies"));
        world.finish().await;
    }
}
