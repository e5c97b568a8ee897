//! What Slack refuses, and for how long that is tried.

use std::time::Duration;

use e2e::{Account, Options, World, codes_of, eventually, eventually_within, on_each_engine};
use serde_json::{Value, json};

/// A message that is not out after a minute is late.
const LATE: u32 = 61;

/// From then on one refusal may be meant for the addressee alone.
const TEN_MINUTES: u32 = 601;

/// Longest wait: there are many at once, and this machine may be busy.
const LONG: Duration = Duration::from_mins(2);

/// Whom a code keeps from somebody's message.
struct Pair {
    code: &'static str,
    sender: String,
    recipient: String,
}

/// A pair for each code, whose recipient is refused with it by a method; the first has this number.
async fn pairs(world: &World, first: usize, method: &str, codes: &[&'static str]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (number, code) in (first..).zip(codes) {
        let person = |number: usize| format!("U0CROWD{number:03}");
        let pair = Pair {
            code,
            sender: person(2 * number),
            recipient: person(2 * number + 1),
        };
        let fault = json!({"method": method, "error": code, "to": pair.recipient});
        world.slack().fail(&fault).await;
        world.send_from(&pair.sender, &pair.recipient).await;
        pairs.push(pair);
    }
    pairs
}

/// Until so many deliveries are so.
async fn all(world: &World, count: usize, what: &str, condition: &str) {
    let sql = format!("SELECT COUNT(*) FROM deliveries WHERE {condition}");
    let count = i64::try_from(count).unwrap();
    eventually_within(LONG, what, || async {
        (world.database.count(&sql).await == count).then_some(())
    })
    .await;
}

/// Until no message waits, with whatever pause; a refusal that began anew lasts as long again.
async fn none_waits(world: &World) {
    let waiting = "SELECT COUNT(*) FROM deliveries \
                   WHERE kind = 'recipient_message' AND settled_at IS NULL";
    eventually_within(LONG, "the ends", || async {
        let due = "UPDATE deliveries SET next_attempt_at = 0, \
                   refused_since = refused_since - 601000 WHERE next_attempt_at > 0 \
                   AND leased_until IS NULL AND kind = 'recipient_message' AND settled_at IS NULL";
        world.database.run(Account::Migrate, due).await.unwrap();
        (world.database.count(waiting).await == 0).then_some(())
    })
    .await;
}

async fn receipts(world: &World, pair: &Pair, count: usize) -> Vec<Value> {
    world.slack().messages(&pair.sender, count).await
}

fn of_bot() -> Options {
    Options {
        webs: 0,
        bot_variables: vec![("CLEANUP_INTERVAL", "1s".to_owned())],
        ..Options::default()
    }
}

on_each_engine! {
    async fn a_refusal_that_nobody_knows_is_told_and_final_once_others_are_reached(engine) {
        let world = World::with(engine, of_bot()).await;
        for (first, method) in [(0, "chat.postMessage"), (100, "conversations.open")] {
            let mut codes = codes_of(method, "undecided");
            codes.push("a_code_of_tomorrow");
            let pairs = pairs(&world, first, method, &codes).await;
            let waiting = "kind = 'recipient_message' AND settled_at IS NULL";
            all(&world, pairs.len(), "refusals", &format!("{waiting} AND refusal IS NOT NULL")).await;
            world.pass_time(LATE).await;
            for pair in &pairs {
                let receipt = receipts(&world, pair, 1).await.pop().unwrap().to_string();
                assert!(receipt.contains("isn’t delivered yet") && receipt.contains(pair.code), "{receipt}");
            }
            let lives = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL";
            assert_eq!(world.database.count(lives).await, i64::try_from(pairs.len()).unwrap());
            world.pass_time(TEN_MINUTES).await;
            none_waits(&world).await;
            for pair in &pairs {
                // The receipt, changed in place, and a reply that rings.
                let receipts = receipts(&world, pair, 2).await;
                assert_eq!(receipts.len(), 2, "{receipts:?}");
                let [receipt, reply] = [&receipts[0], &receipts[1]];
                let text = receipt.to_string();
                assert!(text.contains("could not be delivered") && text.contains(pair.code), "{text}");
                assert!(text.contains("won’t help before that’s mended"), "{text}");
                assert_eq!((&receipt["edited"], &reply["thread_ts"]), (&json!(true), &receipt["ts"]));
                assert!(reply["text"].as_str().unwrap().starts_with(&format!("<@{}>", pair.sender)));
            }
            assert_eq!(world.database.count(lives).await, 0);
        }
        let trail = world.trail().await;
        let failed = trail.iter().find(|entry| entry["event"] == "dm_failed").unwrap();
        assert!(failed["metadata"]["code"].is_string(), "{failed}");
        world.finish().await;
    }

    async fn what_passes_is_never_final(engine) {
        let world = World::with(engine, of_bot()).await;
        let codes = codes_of("chat.postMessage", "passing");
        let pairs = pairs(&world, 0, "chat.postMessage", &codes).await;
        all(&world, pairs.len(), "tries", "kind = 'recipient_message' AND attempts > 0").await;
        for _ in 0..2 {
            // Others are reached meanwhile: the senders.
            world.pass_time(TEN_MINUTES).await;
            for pair in &pairs {
                receipts(&world, pair, 1).await;
            }
        }
        all(&world, pairs.len(), "what waits", "kind = 'recipient_message' AND settled_at IS NULL").await;
        let expire = "UPDATE secrets SET expires_at = created_at + 1";
        world.database.run(Account::Migrate, expire).await.unwrap();
        world.pass_leases().await;
        for pair in &pairs {
            let receipts = receipts(&world, pair, 2).await;
            let receipt = receipts[0].to_string();
            assert!(receipt.contains("before its time was over") && receipt.contains("Please send it again."), "{receipt}");
        }
        world.finish().await;
    }

    async fn an_announced_pause_is_kept_by_all_and_no_longer_than_a_secret_lives(engine) {
        for retry_after in [json!(3600), json!(999_999_999)] {
            let world = World::with(engine, of_bot()).await;
            let fault = json!({"method": "chat.postMessage", "status": 429, "retry_after": retry_after, "times": 1});
            world.slack().fail(&fault).await;
            for recipient in ["U0BOB", "U0DMITRI", "U0GUEST"] {
                world.send_from("U0ALICE", recipient).await;
            }
            all(&world, 3, "tries", "kind = 'recipient_message' AND attempts > 0 AND leased_until IS NULL").await;
            world.pass_time(LATE).await;
            eventually("answers", || async {
                (world.slack().ephemerals("U0ALICE").await.len() == 3).then_some(())
            })
            .await;
            assert_eq!(world.slack().calls("chat.postMessage").await, 1, "{retry_after}");
            let sooner = "UPDATE secrets SET expires_at = expires_at - 1800000";
            world.database.run(Account::Migrate, sooner).await.unwrap();
            world.pass_leases().await;
            all(&world, 3, "second tries", "kind = 'recipient_message' AND attempts > 1 AND leased_until IS NULL").await;
            let too_late = "SELECT COUNT(*) FROM deliveries JOIN secrets ON secrets.id = deliveries.secret_id \
                WHERE kind = 'recipient_message' AND next_attempt_at > expires_at + 15000";
            assert_eq!(world.database.count(too_late).await, 0, "{retry_after}");
            let expire = "UPDATE secrets SET expires_at = created_at + 1";
            world.database.run(Account::Migrate, expire).await.unwrap();
            world.pass_leases().await;
            eventually("answers again", || async {
                (world.slack().ephemerals("U0ALICE").await.len() == 6).then_some(())
            })
            .await;
            assert_eq!(world.slack().calls("chat.postMessage").await, 1, "{retry_after}");
            // For as long as the pause lasts no receipt can be posted.
            let end = "UPDATE deliveries SET settled_at = 1, sealed = NULL, outcome = 'refused', next_attempt_at = NULL \
                       WHERE settled_at IS NULL";
            world.database.run(Account::Migrate, end).await.unwrap();
            world.discard().await;
        }
    }

    async fn a_conversation_that_died_is_opened_anew_before_anything_is_final(engine) {
        let mut world = World::with(engine, Options::default()).await;
        let submission = || e2e::Submission { secret: "canary-of-dead-dm", ..Default::default() };
        world.alice_sends_bob(submission()).await;
        world.slack().end_conversation("U0BOB").await;
        world.alice_sends_bob(submission()).await;
        assert_eq!(world.events().await, ["created", "created"]);
        let receipts = world.slack().messages_now("U0ALICE").await;
        assert!(receipts.iter().all(|receipt| receipt.to_string().contains("has the link")), "{receipts:?}");
        world.settled().await;
        world.discard().await;
    }

    async fn a_mention_that_slack_refuses_costs_nobody_the_message(engine) {
        let mut world = World::with(engine, Options::default()).await;
        let mentions = |message: &Value| message["blocks"].to_string().contains("\"user_id\"");
        let refused = |method| json!({"method": method, "error": "invalid_blocks", "to": "U0BOB", "times": 1});
        world.slack().fail(&refused("chat.postMessage")).await;
        let link = world.alice_sends_bob(e2e::Submission { secret: "canary-unmentioned", ..Default::default() }).await;
        let message = world.slack().messages("U0BOB", 1).await.remove(0);
        let words = message["blocks"].to_string();
        assert!(!mentions(&message) && words.contains("Alice Tremblay"), "{message}");
        world.slack().fail(&refused("chat.update")).await;
        world.web().reveal(link.rsplit('/').next().unwrap()).await;
        let changed = eventually("the change", || async {
            let message = world.slack().messages("U0BOB", 1).await.remove(0);
            (message["edited"] == true).then_some(message)
        })
        .await;
        assert!(!mentions(&changed) && changed.to_string().contains("was opened on"), "{changed}");
        world.settled().await;
        assert_eq!(world.slack().calls("chat.postMessage").await, 3, "message twice, receipt");
        world.finish().await;
    }

    async fn a_late_message_says_how_much_time_is_left(engine) {
        let world = World::with(engine, of_bot()).await;
        world.slack().fail(&json!({"method": "chat.postMessage", "status": 503, "to": "U0BOB"})).await;
        world.send_from("U0ALICE", "U0BOB").await;
        all(&world, 1, "a try", "kind = 'recipient_message' AND attempts > 0").await;
        // Created twenty minutes ago, for an hour.
        let late = "UPDATE secrets SET created_at = created_at - 1200000, expires_at = expires_at - 1200000";
        world.database.run(Account::Migrate, late).await.unwrap();
        // A try that was under way may know the old times: it is refused, too.
        let tries = world.database.count("SELECT MAX(attempts) FROM deliveries").await;
        let tried = format!("SELECT COUNT(*) FROM deliveries WHERE attempts > {tries}");
        eventually("another try", || async {
            world.make_due().await;
            (world.database.count(&tried).await > 0).then_some(())
        })
        .await;
        world.slack().heal().await;
        world.pass_leases().await;
        let message = world.slack().messages("U0BOB", 1).await[0].to_string();
        assert!(message.contains("within the 39 minutes that are left"), "{message}");
        // The link is sealed for the time at which it was to end.
        world.settled().await;
        world.discard().await;
    }
}
