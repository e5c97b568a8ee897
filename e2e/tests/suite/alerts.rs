//! What operators are told in their channel: once a cause and clock hour over all bots, with ids
//! and what to do, and nothing of a secret.

use e2e::{Account, Engine, Keys, Options, Submission, World, eventually, on_each_engine, run};
use serde_json::{Value, json};

const CHANNEL: &str = "C0000ALERT";
const ALICE: &str = "U0ALICE";
const BOB: &str = "U0BOB";

/// The last thing that a bot asks when it looks what is to be told.
const LOOK: &str = "WHERE destroyed_at IS NULL AND expires_at <= ?";

fn to_channel() -> Vec<(&'static str, String)> {
    vec![("ALERT_CHANNEL", CHANNEL.to_owned())]
}

/// A world with so many bots, whose channel is so.
async fn world(
    engine: Engine,
    bots: usize,
    standing: &str,
    more: &[(&'static str, String)],
) -> World {
    let options = Options {
        bot: false,
        slack: true,
        bot_variables: [to_channel(), more.to_vec()].concat(),
        ..Options::default()
    };
    let mut world = World::with(engine, options).await;
    world.slack().set_channel(CHANNEL, standing).await;
    for _ in 0..bots {
        world.start_bot().await;
    }
    world
}

/// The messages in the channel that say this.
async fn said(world: &World, text: &str) -> Vec<Value> {
    let mut messages = world.slack().messages_now(CHANNEL).await;
    messages.retain(|message| message.to_string().contains(text));
    messages
}

/// Waits until the channel has so many messages that say this.
async fn says(world: &World, text: &str, count: usize) -> Vec<Value> {
    eventually(text, || async {
        let messages = said(world, text).await;
        (messages.len() >= count).then_some(messages)
    })
    .await
}

/// Waits until each bot has looked from its beginning to its end once more.
async fn looked(world: &World) {
    world.said_by_each_bot(LOOK).await;
}

async fn sql(world: &World, sql: &str) {
    world.database.run(Account::Migrate, sql).await.unwrap();
}

/// An hour passes for what was told, and for the trail.
async fn pass_an_hour(world: &World) {
    pass(world, 3_600_000).await;
}

/// So many milliseconds pass, and another clock hour has begun.
async fn pass(world: &World, millis: u32) {
    sql(
        world,
        &format!("UPDATE audit_events SET occurred_at = occurred_at - {millis}"),
    )
    .await;
    sql(
        world,
        &format!(
            "UPDATE alerts SET clock_hour = clock_hour - 1, made_at = made_at - {millis} \
             WHERE clock_hour > 0"
        ),
    )
    .await;
}

/// What somebody sent is opened, and its link visited again; the token.
async fn visited_after_opening(world: &mut World, secret: &str) -> String {
    let submission = Submission {
        secret,
        note: "canary-note",
        ..Submission::default()
    };
    let link = world.alice_sends_bob(submission).await;
    let token = link.rsplit('/').next().unwrap().to_owned();
    assert_eq!(world.web().reveal(&token).await.status, 200);
    assert_eq!(world.web().look(&token).await.status, 410);
    token
}

/// How many alerts of a cause were made: one for each clock hour in which something happened.
async fn made(world: &World, cause: &str) -> usize {
    let made = format!("SELECT COUNT(*) FROM alerts WHERE cause = '{cause}'");
    usize::try_from(world.database.count(&made).await).unwrap()
}

/// Nothing of what people typed or are called, and no link.
async fn holds_nothing_of_secrets(world: &World, tokens: &[String]) {
    let messages = json!(world.slack().messages_now(CHANNEL).await).to_string();
    let people = ["Alice", "Bob", ALICE, BOB, "canary", "/s/", "<@"];
    let tokens = tokens.iter().map(String::as_str);
    for text in people.into_iter().chain(tokens) {
        assert!(!messages.contains(text), "{text} in {messages}");
    }
}

/// So many entries of refusals, just now.
async fn deny(world: &World, engine: Engine, times: usize) {
    let (id, now) = match engine {
        Engine::Sqlite => (
            "randomblob(16)",
            "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
        ),
        Engine::MySql => (
            "RANDOM_BYTES(16)",
            "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
        ),
    };
    for _ in 0..times {
        let entry = format!(
            "INSERT INTO audit_events (id, secret_id, event, occurred_at, metadata) \
             VALUES ({id}, {id}, 'denied', {now}, '{{}}')"
        );
        sql(world, &entry).await;
    }
}

async fn doctor(world: &World) -> String {
    let variables = [world.variables_of_bot(), to_channel()].concat();
    let ran = run("secure-secret-bot", &["doctor"], &variables).await;
    let from = ran
        .out
        .lines()
        .skip_while(|line| !line.contains(" alerts  "));
    let lines: Vec<_> = from.take(2).collect();
    lines.join(" ")
}

on_each_engine! {
    async fn each_cause_is_told_once_over_all_bots_and_grows_in_its_message(engine) {
        let mut world = world(engine, 2, "joined", &[]).await;
        let begun = says(&world, "Secure Secret tells this channel", 1).await;
        let mut tokens = vec![visited_after_opening(&mut world, "canary-first").await];
        let id = world.trail().await[0]["secret"].as_str().unwrap().to_owned();
        let told = says(&world, "A secret’s link was visited after it had been opened.", 1).await;
        assert!(told[0].to_string().contains(&id), "{told:?}");
        assert!(told[0].to_string().contains("secure-secret-bot audit list --secret ID"), "{told:?}");
        let message = world.slack().messages_now(BOB).await.pop().unwrap();
        eventually("the button", || async {
            let message = world.slack().messages_now(BOB).await.pop()?;
            e2e::button_of(&message).is_some_and(|button| button["action_id"] == "dispute").then_some(())
        })
        .await;
        world.slack().press_in(BOB, &message, "dispute", &json!({})).await;
        says(&world, "A recipient says that it wasn’t them", 1).await;
        let keyless = [("FERNET_KEYS", Keys::fresh().master)];
        let other = world.new_web(&keyless).await;
        let link = world.alice_sends_bob(Submission { secret: "canary-undecrypted", ..Submission::default() }).await;
        tokens.push(link.rsplit('/').next().unwrap().to_owned());
        other.reveal(&tokens[1]).await;
        says(&world, "A secret could not be decrypted", 1).await;
        // More of it in the same hour is told in the same message.
        tokens.push(visited_after_opening(&mut world, "canary-second").await);
        eventually("both visits are told", || async {
            let hours = made(&world, "reused").await;
            let both = said(&world, "2 times").await;
            (hours > 1 || !both.is_empty()).then_some(())
        })
        .await;
        looked(&world).await;
        for (cause, text) in [
            ("reused", "had been opened"),
            ("disputed", "says that it wasn’t them"),
            ("decrypt_failed", "could not be decrypted"),
        ] {
            let messages = said(&world, text).await.len();
            assert_eq!(messages, made(&world, cause).await, "{cause}");
            assert!((1..=2).contains(&messages), "{cause}");
        }
        assert_eq!(begun.len(), 1);
        let logs = world.logs();
        for (line, times) in [
            ("alert: links were visited after their secrets had been opened", 2),
            ("alert: recipients say that it wasn't them who opened their secrets", 1),
            ("alert: secrets could not be decrypted", 1),
        ] {
            assert_eq!(logs.matches(line).count(), times, "{line}");
        }
        holds_nothing_of_secrets(&world, &tokens).await;
        world.finish().await;
    }

    async fn what_happens_in_the_next_hour_is_told_anew(engine) {
        let mut world = world(engine, 2, "joined", &[]).await;
        visited_after_opening(&mut world, "canary-first").await;
        let first = says(&world, "had been opened", 1).await.len();
        pass_an_hour(&world).await;
        visited_after_opening(&mut world, "canary-second").await;
        says(&world, "had been opened", first + 1).await;
        looked(&world).await;
        assert_eq!(said(&world, "had been opened").await.len(), made(&world, "reused").await);
        world.finish().await;
    }

    async fn more_than_twenty_refusals_an_hour_are_told(engine) {
        let world = world(engine, 2, "joined", &[]).await;
        let text = "More was refused within an hour";
        deny(&world, engine, 20).await;
        looked(&world).await;
        assert_eq!(said(&world, text).await.len(), 0);
        deny(&world, engine, 1).await;
        let told = says(&world, text, 1).await;
        assert!(told[0].to_string().contains(": 21 tries"), "{told:?}");
        looked(&world).await;
        assert_eq!(said(&world, text).await.len(), 1);
        // The next clock hour has begun. What was told is not told again; what is new is few.
        pass(&world, 1_800_000).await;
        deny(&world, engine, 20).await;
        looked(&world).await;
        assert_eq!(said(&world, text).await.len(), 1);
        deny(&world, engine, 1).await;
        says(&world, text, 2).await;
        looked(&world).await;
        assert_eq!(said(&world, text).await.len(), 2);
        world.discard().await;
    }

    async fn what_is_stuck_is_told_each_hour_that_it_lasts(engine) {
        let world = world(engine, 2, "joined", &[("CLEANUP_INTERVAL", "1d".to_owned())]).await;
        let fault = json!({"method": "chat.postMessage", "status": 503, "to": BOB, "times": 1000});
        world.slack().fail(&fault).await;
        world.send_from(ALICE, BOB).await;
        world.send_from(ALICE, "U0CHLOE").await;
        world.slack().messages("U0CHLOE", 1).await;
        looked(&world).await;
        assert_eq!(said(&world, "has waited").await.len(), 0);
        world.pass_time(11 * 60).await;
        let waits = says(&world, "A message has waited for its delivery", 1).await;
        sql(&world, "UPDATE secrets SET expires_at = expires_at - 345600000 WHERE recipient = 'U0CHLOE'").await;
        let stays = says(&world, "A secret that expired is not destroyed", 1).await;
        looked(&world).await;
        for (text, first, cause) in [
            ("has waited", &waits, "deliveries_stuck"),
            ("is not destroyed", &stays, "expiry_stuck"),
        ] {
            let id = "SELECT LOWER(HEX(id)) FROM secrets WHERE recipient = ";
            let of = if cause == "expiry_stuck" { "'U0CHLOE'" } else { "'U0BOB'" };
            let id = world.database.text(&format!("{id}{of}")).await;
            let shown = first[0].to_string().replace('-', "");
            assert!(shown.contains(&id), "{id} in {shown}");
            assert_eq!(said(&world, text).await.len(), made(&world, cause).await, "{cause}");
        }
        let told = world.slack().messages_now(CHANNEL).await.len();
        pass_an_hour(&world).await;
        eventually("both are told again", || async {
            (world.slack().messages_now(CHANNEL).await.len() >= told + 2).then_some(())
        })
        .await;
        holds_nothing_of_secrets(&world, &[]).await;
        world.slack().heal().await;
        world.discard().await;
    }

    async fn a_channel_that_refuses_is_told_to_operators_and_gets_it_once_it_takes_it(engine) {
        let refused = "ALERT_CHANNEL: Slack refuses an alert there, it is tried again";
        let mut world = world(engine, 0, "public", &[]).await;
        assert!(doctor(&world).await.contains("no bot with this ALERT_CHANNEL has run yet"));
        world.start_bot().await;
        let line = world.bot().process.line_with(refused).await;
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["level"], &line["channel"]), (&json!("ERROR"), &json!(CHANNEL)), "{line}");
        assert!(line["advice"].as_str().unwrap().contains("/invite"), "{line}");
        for (standing, code) in [
            ("public", "not_in_channel"),
            ("private", "channel_not_found"),
            ("archived", "is_archived"),
        ] {
            world.slack().set_channel(CHANNEL, standing).await;
            eventually(code, || async {
                sql(&world, "UPDATE alerts SET next_attempt_at = 1 WHERE leased_until IS NULL").await;
                let found = doctor(&world).await;
                (found.starts_with("NOT OK") && found.contains(code)).then_some(())
            })
            .await;
        }
        visited_after_opening(&mut world, "canary-refused").await;
        let tried = "SELECT COUNT(*) FROM alerts WHERE cause = 'reused' AND refusal = 'is_archived'";
        eventually("it is refused", || async { (world.database.count(tried).await > 0).then_some(()) }).await;
        world.slack().set_channel(CHANNEL, "joined").await;
        sql(&world, "UPDATE alerts SET next_attempt_at = 1 WHERE leased_until IS NULL").await;
        says(&world, "Secure Secret tells this channel", 1).await;
        says(&world, "had been opened", 1).await;
        eventually("doctor says so", || async {
            doctor(&world).await.contains("takes them").then_some(())
        })
        .await;
        world.finish().await;
    }

    async fn an_alert_that_can_not_be_posted_for_hours_is_given_up(engine) {
        let mut world = world(engine, 1, "public", &[]).await;
        visited_after_opening(&mut world, "canary-given-up").await;
        let tried = "SELECT COUNT(*) FROM alerts WHERE cause = 'reused' AND refusal IS NOT NULL";
        eventually("it is refused", || async { (world.database.count(tried).await > 0).then_some(()) }).await;
        sql(&world, "UPDATE alerts SET made_at = made_at - 21600000, next_attempt_at = 1").await;
        world.bot().process.line_with("could not be posted for hours and is given up").await;
        let over = "SELECT COUNT(*) FROM alerts WHERE cause = 'reused' AND next_attempt_at IS NULL";
        eventually("it is given up", || async { (world.database.count(over).await > 0).then_some(()) }).await;
        let begun = "SELECT COUNT(*) FROM alerts WHERE clock_hour = 0 AND next_attempt_at IS NOT NULL";
        assert_eq!(world.database.count(begun).await, 1, "whether the channel takes them is tried for ever");
        world.finish().await;
    }

    async fn an_alert_outlives_the_bot_that_was_about_to_post_it(engine) {
        let mut world = world(engine, 1, "joined", &[]).await;
        says(&world, "Secure Secret tells this channel", 1).await;
        let silence = json!({"method": "chat.postMessage", "mode": "hang", "to": CHANNEL, "times": 1});
        world.slack().fail(&silence).await;
        visited_after_opening(&mut world, "canary-outlived").await;
        let leased = "SELECT COUNT(*) FROM alerts WHERE cause = 'reused' AND leased_until IS NOT NULL";
        eventually("it is under way", || async { (world.database.count(leased).await > 0).then_some(()) }).await;
        world.kill_bots().await;
        sql(&world, "UPDATE alerts SET leased_until = 1 WHERE leased_until IS NOT NULL").await;
        world.revive().await;
        says(&world, "had been opened", 1).await;
        looked(&world).await;
        assert_eq!(said(&world, "had been opened").await.len(), made(&world, "reused").await);
        world.finish().await;
    }

    async fn without_a_channel_nothing_is_posted_or_looked_for(engine) {
        let mut world = World::start(engine).await;
        world.slack().set_channel(CHANNEL, "joined").await;
        visited_after_opening(&mut world, "canary-silent").await;
        world.settled().await;
        assert_eq!(world.slack().messages_now(CHANNEL).await.len(), 0);
        assert_eq!(world.database.count("SELECT COUNT(*) FROM alerts").await, 0);
        assert_eq!(world.bot().process.output().matches(LOOK).count(), 0);
        world.finish().await;
    }
}
