//! Recipients are reminded of what they did not open yet: once, by day, without a link, and never
//! after its end.

use e2e::{Account, Engine, Options, Submission, World, eventually, on_each_engine};
use serde_json::{Value, json};

const ALICE: &str = "U0ALICE";
const BOB: &str = "U0BOB";
const TEXT: &str = "The secret above was not opened yet";

/// What a bot asks when it looks of what to remind.
const LOOK: &str = "deliveries.reminded_at IS NULL AND deliveries.message_ts IS NOT NULL";

/// A world with so many bots that remind half an hour before the end, where Bob's clock shows this
/// hour.
async fn world(engine: Engine, bots: usize, hour: i64) -> World {
    let options = Options {
        bot: false,
        slack: true,
        bot_variables: vec![("REMIND_BEFORE", "30m".to_owned())],
        ..Options::default()
    };
    let mut world = World::with(engine, options).await;
    world.set_hour(BOB, hour).await;
    for _ in 0..bots {
        world.start_bot().await;
    }
    world
}

async fn send(world: &mut World, lifetime: &str) -> String {
    let submission = Submission {
        secret: "canary-reminded",
        note: "canary-note",
        lifetime: Some(lifetime),
        ..Submission::default()
    };
    let link = world.alice_sends_bob(submission).await;
    world.settled().await;
    link.rsplit('/').next().unwrap().to_owned()
}

/// So many minutes pass for everything that was sent.
async fn pass(world: &World, minutes: i64) {
    let by = minutes * 60_000;
    for sql in [
        format!(
            "UPDATE secrets SET created_at = created_at - {by}, expires_at = expires_at - {by}"
        ),
        format!(
            "UPDATE deliveries SET created_at = created_at - {by}, posted_at = posted_at - {by}"
        ),
    ] {
        world.database.run(Account::Migrate, &sql).await.unwrap();
    }
}

async fn reminders(world: &World) -> Vec<Value> {
    let mut messages = world.slack().messages_now(BOB).await;
    messages.retain(|message| message.to_string().contains(TEXT));
    messages
}

/// Waits until each bot has looked once more, and done what it found.
async fn looked(world: &World) {
    world.said_by_each_bot(LOOK).await;
}

async fn reminded(world: &World) -> i64 {
    let marked = "SELECT COUNT(*) FROM deliveries WHERE reminded_at IS NOT NULL";
    world.database.count(marked).await
}

on_each_engine! {
    async fn one_reminder_comes_in_the_thread_over_all_bots(engine) {
        let mut world = world(engine, 2, 12).await;
        let token = send(&mut world, "1h").await;
        looked(&world).await;
        assert_eq!((reminders(&world).await.len(), reminded(&world).await), (0, 0), "too early");
        pass(&world, 31).await;
        let reminder = eventually("a reminder", || async { reminders(&world).await.pop() }).await;
        let messages = world.slack().messages_now(BOB).await;
        assert_eq!(reminder["thread_ts"], messages[0]["ts"]);
        assert_eq!(reminder["rang"], json!(["desktop", "phone"]), "{reminder}");
        let said = reminder.to_string();
        assert!(said.contains("<@U0BOB>"), "{said}");
        for text in ["/s/", "http", "canary", "button", "Alice", ALICE, &token] {
            assert!(!said.contains(text), "{text} in {said}");
        }
        looked(&world).await;
        assert_eq!(reminders(&world).await.len(), 1);
        world.finish().await;
    }

    async fn at_night_it_is_left_out_for_good(engine) {
        let mut world = world(engine, 1, 22).await;
        send(&mut world, "4h").await;
        pass(&world, 211).await;
        eventually("it is left out", || async { (reminded(&world).await == 1).then_some(()) }).await;
        // It is day again, and another bot looks.
        world.set_hour(BOB, 12).await;
        world.start_bot().await;
        looked(&world).await;
        assert_eq!(reminders(&world).await.len(), 0);
        world.finish().await;
    }

    async fn what_ended_or_is_short_or_came_late_is_not_reminded_of(engine) {
        let mut world = world(engine, 1, 12).await;
        // Opened, and taken back.
        let opened = send(&mut world, "1h").await;
        assert_eq!(world.web().reveal(&opened).await.status, 200);
        send(&mut world, "1h").await;
        let receipt = world.slack().messages_now(ALICE).await.pop().unwrap();
        world.slack().press_in(ALICE, &receipt, "take_back", &json!({})).await;
        let ended = "SELECT COUNT(*) FROM secrets WHERE destroyed_at IS NOT NULL";
        eventually("both ended", || async { (world.database.count(ended).await == 2).then_some(()) }).await;
        // For a quarter of an hour.
        send(&mut world, "15m").await;
        pass(&world, 5).await;
        // One whose message came when the reminder would have.
        send(&mut world, "1h").await;
        let late = "UPDATE secrets SET created_at = created_at - 2400000, expires_at = expires_at - 2400000 \
                    WHERE destroyed_at IS NULL AND expires_at - created_at = 3600000";
        world.database.run(Account::Migrate, late).await.unwrap();
        world.settled().await;
        looked(&world).await;
        looked(&world).await;
        assert_eq!((reminders(&world).await.len(), reminded(&world).await), (0, 0));
        world.discard().await;
    }

    async fn what_slack_did_not_take_is_tried_again_and_what_it_may_have_taken_is_not(engine) {
        for (fault, expected) in [
            (json!({"method": "chat.postMessage", "to": BOB, "status": 429, "retry_after": 1, "times": 1}), 1),
            (json!({"method": "chat.postMessage", "to": BOB, "mode": "lose", "times": 1}), 1),
            (json!({"method": "chat.postMessage", "to": BOB, "mode": "garbage", "times": 1}), 0),
        ] {
            let mut world = world(engine, 1, 12).await;
            send(&mut world, "1h").await;
            world.slack().fail(&fault).await;
            pass(&world, 31).await;
            world.bot().process.line_with("a reminder could not be posted").await;
            looked(&world).await;
            looked(&world).await;
            assert_eq!(reminders(&world).await.len(), expected, "{fault}");
            assert_eq!(reminded(&world).await, 1, "{fault}");
            world.finish().await;
        }
    }

    async fn a_bot_that_dies_at_it_reminds_nobody_twice(engine) {
        let mut world = world(engine, 1, 12).await;
        send(&mut world, "1h").await;
        let silence = json!({"method": "chat.postMessage", "to": BOB, "mode": "hang_after", "times": 1});
        world.slack().fail(&silence).await;
        pass(&world, 31).await;
        eventually("it is out", || async { reminders(&world).await.pop() }).await;
        world.kill_bots().await;
        world.revive().await;
        looked(&world).await;
        assert_eq!(reminders(&world).await.len(), 1);
        world.finish().await;
    }

    async fn without_the_setting_nobody_is_reminded(engine) {
        let mut world = World::start(engine).await;
        world.set_hour(BOB, 12).await;
        send(&mut world, "1h").await;
        pass(&world, 31).await;
        world.settled().await;
        assert_eq!(world.bot().process.output().matches(LOOK).count(), 0);
        assert_eq!((reminders(&world).await.len(), reminded(&world).await), (0, 0));
        world.finish().await;
    }
}
