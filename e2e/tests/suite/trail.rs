//! What the trail says of a secret besides its beginning and end, in which form, and for how long
//! rows stay.

use e2e::{Account, Engine, Options, Sent, Web, World, eventually, on_each_engine, project, tool};
use serde_json::Value;
use shared::store::{end_all::Reason, presses::Asked, purge, reuse};
use std::time::Duration;

const HOUR: &str = "3600000";
const DAY: u64 = 24 * 60 * 60;

fn web_alone() -> Options {
    Options {
        bot: false,
        ..Options::default()
    }
}

/// The entries of this kind, once there are so many.
async fn entries(world: &World, event: &str, count: usize) -> Vec<Value> {
    eventually(event, || async {
        let mut trail = world.trail().await;
        trail.retain(|entry| entry["event"] == event);
        (trail.len() >= count).then_some(trail)
    })
    .await
}

async fn change(world: &World, sql: &str) {
    world.database.run(Account::Migrate, sql).await.unwrap();
}

/// Visits the link, and waits until that is counted.
async fn visits(world: &World, sent: &Sent, count: i64) {
    world.web().look(&sent.token.encode()).await;
    let counted = format!("SELECT COUNT(*) FROM secrets WHERE reuse_count = {count}");
    eventually("the visit is counted", || async {
        (world.database.count(&counted).await == 1).then_some(())
    })
    .await;
}

on_each_engine! {
    async fn visits_after_the_opening_are_told_at_once_and_then_once_an_hour(engine) {
        let world = World::with(engine, web_alone()).await;
        let sent = world.keys.send(&world.database.store().await, "seen").await;
        world.web().reveal(&sent.token.encode()).await;
        visits(&world, &sent, 1).await;
        let first = entries(&world, "reused", 1).await;
        assert_eq!(first[0]["ip"], "127.0.0.1");
        assert_eq!((&first[0]["outcome"], &first[0]["actor_kind"]), (&"denied".into(), &"visitor".into()));
        assert_eq!(first[0]["metadata"]["visits"], 1);
        for count in 2..=4 {
            visits(&world, &sent, count).await;
        }
        assert_eq!(entries(&world, "reused", 1).await.len(), 1);
        let store = world.database.store().await;
        assert_eq!(reuse::tell_rest(&store).await.map(|told| told.secrets), Ok(0), "within the hour");

        let later = async |world: &World| {
            // As if it had been told in an hour before.
            change(world, &format!("UPDATE secrets SET reuse_told_at = reuse_told_at - {HOUR}")).await;
            let slots = "UPDATE audit_events SET slot = CONCAT(slot, 'x') WHERE event = 'reused'";
            let slots = match engine {
                Engine::MySql => slots,
                Engine::Sqlite => "UPDATE audit_events SET slot = slot || 'x' WHERE event = 'reused'",
            };
            change(world, slots).await;
        };
        later(&world).await;
        visits(&world, &sent, 5).await;
        let told = entries(&world, "reused", 2).await;
        assert_eq!(told[1]["metadata"]["visits"], 4);

        // What nobody came after is told by the bot.
        visits(&world, &sent, 6).await;
        later(&world).await;
        for count in [1, 0] {
            assert_eq!(reuse::tell_rest(&store).await.map(|told| told.secrets), Ok(count));
        }
        let told = entries(&world, "reused", 3).await;
        assert_eq!((told.len(), &told[2]["metadata"]["visits"]), (3, &1.into()));
        assert_eq!(told[2]["ip"], Value::Null);
        world.finish().await;
    }

    async fn refused_openings_are_told_once_a_cause_and_hour(engine) {
        let world = World::with(engine, Options { webs: 2, ..web_alone() }).await;
        let sent = world.keys.send(&world.database.store().await, "mine").await;
        let token = sent.token.encode();
        let nobodys = shared::crypto::LinkToken::generate().unwrap().encode();
        for _ in 0..2 {
            for web in &world.webs {
                for token in [token.as_str(), nobodys.as_str()] {
                    let form = [("token", token), ("confirmation", "forged")];
                    assert_eq!(Web::send(web.post().form(&form)).await.status, 403);
                    let elsewhere = web.http().post(format!("{}/reveal", web.url)).form(&form);
                    let elsewhere = elsewhere.header("origin", "https://evil.example");
                    assert_eq!(Web::send(elsewhere).await.status, 403);
                }
            }
        }
        let told = entries(&world, "denied", 2).await;
        let mut causes: Vec<_> = told.iter().map(|entry| entry["metadata"]["cause"].as_str().unwrap()).collect();
        causes.sort_unstable();
        causes.dedup();
        assert_eq!(causes, ["confirmation", "gate"]);
        for entry in &told {
            assert_eq!((&entry["ip"], &entry["outcome"]), (&"127.0.0.1".into(), &"denied".into()));
            assert_eq!(entry["secret"], sent.secret.to_string());
        }
        // Of each cause one an hour, whichever process was asked; this may have been two hours.
        let slots = "SELECT COUNT(DISTINCT slot) FROM audit_events WHERE event = 'denied'";
        let all = "SELECT COUNT(*) FROM audit_events WHERE event = 'denied'";
        assert_eq!(world.database.count(slots).await, world.database.count(all).await);
        let over = "UPDATE audit_events SET slot = 'denied:gate:0' WHERE event = 'denied' AND slot LIKE '%gate%'";
        change(&world, over).await;
        let form = [("token", token.as_str()), ("confirmation", "forged")];
        let elsewhere = world.web().http().post(format!("{}/reveal", world.web().url)).form(&form);
        Web::send(elsewhere.header("origin", "https://evil.example")).await;
        assert!(entries(&world, "denied", told.len() + 1).await.len() > told.len());
        let page = world.web().reveal(&token).await;
        assert_eq!(page.secret().as_deref(), Some("mine"), "and it lives");
        world.finish().await;
    }

    async fn every_line_is_as_the_schema_has_it(engine) {
        let world = World::with(engine, web_alone()).await;
        let store = world.database.store().await;
        let mut sent = Vec::new();
        for text in ["opened", "over", "swept", "ended", "taken back"] {
            sent.push(world.keys.send(&store, text).await);
        }
        let web = world.web();
        let token = sent[0].token.encode();
        let forged = [("token", token.as_str()), ("confirmation", "forged")];
        Web::send(web.post().form(&forged)).await;
        web.reveal(&token).await;
        visits(&world, &sent[0], 1).await;
        let over = |sent: &Sent| {
            let id = sent.secret.as_uuid().simple();
            format!("UPDATE secrets SET expires_at = created_at + 1 WHERE id = X'{id}'")
        };
        change(&world, &over(&sent[1])).await;
        web.look(&sent[1].token.encode()).await;
        change(&world, &over(&sent[2])).await;
        shared::store::expire::sweep_batch(&store, 10, &[]).await.unwrap();
        for user in ["U0BOB", "U0ALICE"] {
            let presser = e2e::presser(user, "1");
            if let Asked::NotTheirs(press) = store.take_back(&presser, sent[4].secret).await.unwrap() {
                press.deny(&store, &presser).await.unwrap();
            }
        }
        let (secret, _, share) = world.keys.send_with_button(&store, "by a button").await;
        world.keys.link(&store, secret, &share, "1").await;
        store.end_all(Reason::Restore).await.unwrap();
        entries(&world, "denied", 2).await;
        entries(&world, "reused", 1).await;
        let trail = world.trail().await;
        let kinds: std::collections::BTreeSet<_> = trail.iter().map(|entry| entry["event"].to_string()).collect();
        assert_eq!(kinds.len(), 7, "{kinds:?}");
        let folder = tempfile::tempdir().unwrap();
        let mut command = tokio::process::Command::new(tool("CHECK_JSONSCHEMA_PYTHON"));
        command.args(["-m", "check_jsonschema", "--schemafile"]);
        command.arg(project().join("docs/audit-event.schema.json"));
        for (number, entry) in trail.iter().enumerate() {
            let file = folder.path().join(format!("{number}.json"));
            std::fs::write(&file, entry.to_string()).unwrap();
            command.arg(file);
        }
        let mut wrong = trail[0].clone();
        wrong["metadata"]["more"] = 1.into();
        let file = folder.path().join("wrong.json");
        std::fs::write(&file, wrong.to_string()).unwrap();
        command.arg(&file);
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success(), "{said}");
        for (number, entry) in trail.iter().enumerate() {
            assert!(!said.contains(&format!("/{number}.json::")), "{entry}: {said}");
        }
        assert!(said.contains("wrong.json::"), "{said}");
        world.finish().await;
    }

    async fn what_ended_long_ago_is_removed_and_nothing_else(engine) {
        let world = World::with(engine, web_alone()).await;
        let bot = world.database.store_of(Account::Bot).await;
        let store = world.database.store().await;
        let mut sent = Vec::new();
        for text in ["old", "young", "lives", "unfinished", "old too"] {
            sent.push(world.keys.send(&store, text).await);
        }
        let id = |number: usize| sent[number].secret.as_uuid().simple().to_string();
        let ago = |days: u64| format!("created_at - {}", days * DAY * 1000);
        for (number, days) in [(0, 9), (1, 7), (3, 9), (4, 31)] {
            let ended = format!(
                "UPDATE secrets SET destroyed_at = {at}, expires_at = {at}, destroy_reason = 'expired', \
                 ciphertext = NULL, note_ciphertext = NULL WHERE id = X'{}'",
                id(number), at = ago(days)
            );
            change(&world, &ended).await;
            if number != 3 {
                let finished = format!(
                    "UPDATE deliveries SET next_attempt_at = NULL, settled_at = 1, sealed = NULL, key_id = NULL, \
                     outcome = 'sent' WHERE secret_id = X'{}'", id(number)
                );
                change(&world, &finished).await;
            }
        }
        let left = async || {
            let secrets = world.database.count("SELECT COUNT(*) FROM secrets").await;
            (secrets, world.database.count("SELECT COUNT(*) FROM deliveries").await)
        };
        let days = |days: u64| Duration::from_secs(days * DAY);
        assert_eq!(purge::purge_batch(&bot, days(30), 100).await, Ok(1));
        assert_eq!(left().await, (4, 8));
        // Whoever asks for less gets no more than what is eight days old.
        assert_eq!(purge::purge_batch(&bot, days(0), 1).await, Ok(1));
        assert_eq!(purge::purge_batch(&bot, days(0), 100).await, Ok(0));
        assert_eq!(left().await, (3, 6));
        let page = world.web().look(&sent[0].token.encode()).await;
        assert_eq!((page.status, page.state()), (404, "unknown"));
        assert!(page.html.contains("too long ago"), "{}", page.html);
        assert_eq!(world.trail().await.len(), 5, "the trail stays");
        if engine == Engine::MySql {
            // What the bot may change does not make a row old.
            let forged = format!("UPDATE secrets SET destroyed_at = 1 WHERE id = X'{}'", id(1));
            world.database.run(Account::Bot, &forged).await.unwrap();
            for call in ["CALL purge_1(-99999999999, 1000000)", "CALL purge_1(NULL, NULL)"] {
                world.database.run(Account::Bot, call).await.unwrap();
            }
            assert_eq!(left().await, (3, 6));
            assert!(world.database.run(Account::Web, "CALL purge_1(0, 1)").await.is_err());
        }
        world.discard().await;
    }

    async fn the_bot_removes_and_tells_by_itself(engine) {
        let bot_variables = vec![("CLEANUP_INTERVAL", "1s".to_owned()), ("PURGE_AFTER", "8d".to_owned())];
        let mut world = World::with(engine, Options { bot_variables, ..Options::default() }).await;
        let submission = e2e::Submission { secret: "canary-of-long-ago", ..e2e::Submission::default() };
        let link = world.alice_sends_bob(submission).await;
        let token = link.rsplit('/').next().unwrap();
        world.web().reveal(token).await;
        for _ in 0..2 {
            world.web().look(token).await;
        }
        entries(&world, "reused", 1).await;
        world.settled().await;
        let ago = 9 * DAY * 1000;
        let old = format!(
            "UPDATE secrets SET expires_at = expires_at - {ago}, destroyed_at = destroyed_at - {ago}, \
             viewed_at = viewed_at - {ago}, created_at = created_at - {ago}"
        );
        change(&world, &old).await;
        eventually("the row is gone", || async {
            (world.database.count("SELECT COUNT(*) FROM secrets").await == 0).then_some(())
        })
        .await;
        assert_eq!(world.database.count("SELECT COUNT(*) FROM deliveries").await, 0);
        assert!(world.trail().await.len() >= 3);
        world.discard().await;
    }

    async fn entries_of_before_stay_valid(engine) {
        let world = World::with(engine, web_alone()).await;
        let store = world.database.store().await;
        let sent = world.keys.send(&store, "of before").await;
        let migrate = async |arguments: &[&str]| {
            let url = [("DATABASE_URL", world.database.url(Account::Migrate))];
            let ran = e2e::run("secure-secret-migrate", arguments, &url).await;
            assert_eq!(ran.code, Some(0), "{}", ran.err);
        };
        // Down to before the trail's migration.
        migrate(&["down", "--steps", "6"]).await;
        migrate(&["up"]).await;
        let trail = world.trail().await;
        assert_eq!(trail.len(), 1);
        assert_eq!((&trail[0]["version"], &trail[0]["team"]), (&1.into(), &"T0SCHOOL".into()));
        assert_eq!((&trail[0]["actor_kind"], &trail[0]["outcome"]), (&Value::Null, &Value::Null));
        let table = world.operator("secure-secret-bot", &["audit", "list"]).await;
        let table = String::from_utf8(table.stdout).unwrap();
        assert!(table.contains(&sent.secret.to_string()), "{table}");
        world.database.grant().await;
        world.finish().await;
    }
}
