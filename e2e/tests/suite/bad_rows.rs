//! Rows that are not as others: they stop nothing, nobody is lied to about them, and operators are
//! told.

use e2e::{Account, Engine, Options, Sent, World, eventually, link_of, on_each_engine, run};
use sea_orm::ConnectionTrait as _;
use shared::store::expire;

/// A world whose bot does not sweep before it is told to.
async fn world(engine: Engine) -> World {
    let bot_variables = vec![("CLEANUP_INTERVAL", "1s".to_owned())];
    World::with(
        engine,
        Options {
            bot_variables,
            ..Options::default()
        },
    )
    .await
}

async fn execute(world: &World, sql: &str) {
    let session = match world.database.engine {
        Engine::Sqlite => world.database.session().await,
        // Triggers are not the migrating account's.
        Engine::MySql => world.database.admin_session().await,
    };
    let of_tests = |sql: &str| match world.database.engine {
        Engine::Sqlite => sql.to_owned(),
        Engine::MySql => sql.replace('@', &format!("{}.", world.database.name())),
    };
    let sql = of_tests(sql).replace('@', "");
    session.execute_unprepared(&sql).await.unwrap();
    session.close().await.unwrap();
}

/// Lets no change of some rows come about, by a statement of a kind.
async fn refuse(world: &World, table: &str, kind: &str, condition: &str) {
    let sql = match world.database.engine {
        Engine::Sqlite => format!(
            "CREATE TRIGGER refuse BEFORE {kind} ON {table} WHEN {condition} \
             BEGIN SELECT RAISE(ABORT, 'no'); END"
        ),
        Engine::MySql => format!(
            "CREATE TRIGGER @refuse BEFORE {kind} ON @{table} FOR EACH ROW \
             IF {condition} THEN SIGNAL SQLSTATE '45000'; END IF"
        ),
    };
    execute(world, &sql).await;
}

/// An end of a secret in the audit log that its row knows nothing of.
fn forged(event: &str) -> String {
    format!(
        "INSERT INTO audit_events (id, secret_id, event, slot, occurred_at, metadata) \
         SELECT token_hash, id, '{event}', 'terminal', 1, '{{}}' FROM secrets"
    )
}

/// The same for one of them.
async fn forge(world: &World, sent: &Sent, event: &str) {
    let hex = sent.secret.to_string().replace('-', "");
    let id = match world.database.engine {
        Engine::Sqlite => format!("x'{hex}'"),
        Engine::MySql => format!("UNHEX('{hex}')"),
    };
    let sql = forged(event).replace("token_hash", "SUBSTR(token_hash, 1, 16)");
    let sql = format!("{sql} WHERE id = {id}");
    world.database.run(Account::Migrate, &sql).await.unwrap();
}

/// What the bot's doctor says.
async fn doctor(world: &World) -> String {
    let variables = world.variables_of_bot();
    run("secure-secret-bot", &["doctor"], &variables).await.out
}

async fn expire_all(world: &World) {
    let expire = "UPDATE secrets SET expires_at = created_at + 1 WHERE destroyed_at IS NULL";
    world.database.run(Account::Migrate, expire).await.unwrap();
}

const LIVE: &str = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL";

on_each_engine! {
    async fn a_secret_whose_end_is_in_the_log_stops_no_sweep_and_is_destroyed(engine) {
        let mut world = World::with(engine, Options { bot: false, slack: true, ..Options::default() }).await;
        let store = world.database.store().await;
        let mut bad = Vec::new();
        for event in ["viewed", "expired_destroyed", "revoked"] {
            let sent = world.keys.send(&store, "bad").await;
            forge(&world, &sent, event).await;
            bad.push(sent);
        }
        for _ in 0..5 {
            world.keys.send(&store, "good").await;
        }
        expire_all(&world).await;
        world.start_bot().await;
        eventually("an empty table", || async {
            (world.database.count(LIVE).await == 0).then_some(())
        })
        .await;
        let own = "SELECT COUNT(*) FROM audit_events WHERE event = 'expired_destroyed' AND occurred_at > 1";
        assert_eq!(world.database.count(own).await, 5);
        let log = world.logs();
        for sent in &bad {
            let told = log.lines().filter(|line| {
                line.contains("was passed over") && line.contains(&sent.secret.to_string())
            });
            assert_eq!(told.count(), 1, "{log}");
            let page = world.web().look(&sent.token.encode()).await;
            assert_eq!((page.status, page.state()), (410, "conflict"));
        }
        let passed_over = world.bot().metric("secure_secret_rows_passed_over_total{step=\"sweep\"} ").await;
        assert_eq!(passed_over, Some(3.0));
        let doctor = doctor(&world).await;
        assert!(doctor.contains("3 secrets were destroyed lately because the audit log had their end"), "{doctor}");
        world.discard().await;
    }

    async fn rows_that_can_not_be_destroyed_keep_no_other_one_alive(engine) {
        let mut world = World::with(engine, Options { bot: false, slack: true, webs: 0, ..Options::default() }).await;
        let store = world.database.store().await;
        // More than a batch takes, and all of them older.
        for _ in 0..210 {
            world.keys.send(&store, "stuck").await;
        }
        let stuck = "UPDATE secrets SET sender_name = 'stuck', created_at = created_at - 10000";
        world.database.run(Account::Migrate, stuck).await.unwrap();
        for _ in 0..5 {
            world.keys.send(&store, "good").await;
        }
        expire_all(&world).await;
        refuse(&world, "secrets", "UPDATE", "OLD.sender_name = 'stuck'").await;
        world.start_bot().await;
        eventually("all others destroyed", || async {
            (world.database.count(LIVE).await == 210).then_some(())
        })
        .await;
        assert!(world.logs().contains("was passed over"));
        world.discard().await;
    }

    async fn a_visit_to_a_secret_whose_end_is_in_the_log_shows_nothing_and_ends_it(engine) {
        let world = World::of_web(engine).await;
        let store = world.database.store().await;
        for expires in [false, true] {
            let sent = world.keys.send(&store, "canary-of-conflict").await;
            let token = sent.token.encode();
            let page = world.web().look(&token).await;
            let confirmation = page.confirmation().unwrap().to_owned();
            forge(&world, &sent, "viewed").await;
            if expires {
                expire_all(&world).await;
            }
            let pressed = world.web().press(&token, &confirmation).await;
            assert_eq!((pressed.status, pressed.state()), (410, "conflict"));
            assert_eq!(world.database.count(LIVE).await, 0);
            assert_eq!(world.web().look(&token).await.state(), "conflict");
            let told = |line: &str| {
                line.contains("the audit log has another end") && line.contains(&sent.secret.to_string())
            };
            assert!(world.logs().lines().any(told));
        }
        world.discard().await;
    }

    async fn only_an_end_that_the_log_has_already_is_a_conflict(engine) {
        let world = World::of_web(engine).await;
        let store = world.database.store().await;
        let conflicting = world.keys.send(&store, "canary-of-conflict").await;
        expire_all(&world).await;
        forge(&world, &conflicting, "viewed").await;
        let swept = expire::sweep_batch(&store, 10, &[]).await.unwrap();
        // It is destroyed, and nothing of it is left to do.
        assert_eq!((swept.destroyed, swept.passed_over.len(), swept.left().count()), (1, 1, 0));

        let sent = world.keys.send(&store, "canary-of-no-log").await;
        expire_all(&world).await;
        refuse(&world, "audit_events", "INSERT", "1 = 1").await;
        let token = sent.token.encode();
        // A visit does nothing that the log can't have.
        assert_eq!(world.web().look(&token).await.status, 503);
        assert_eq!(world.database.count(LIVE).await, 1);
        // The sweeper does: a secret whose time is over must not stay.
        let swept = expire::sweep_batch(&store, 10, &[]).await.unwrap();
        assert_eq!((swept.destroyed, swept.passed_over.len()), (0, 1));
        let reasons = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NULL AND destroy_reason = ";
        for (reason, count) in [("'expired'", 1), ("'revoked'", 1)] {
            assert_eq!(world.database.count(&format!("{reasons}{reason}")).await, count, "{reason}");
        }
        world.discard().await;
    }

    async fn a_delivery_that_can_not_be_read_is_put_off_and_the_others_go_out(engine) {
        let mut world = world(engine).await;
        world.slack().fail(&serde_json::json!({"method": "chat.postMessage", "status": 500})).await;
        let broken = [
            "kind = 'a_kind_of_tomorrow'",
            "addressee = 'nobody at all'",
            "channel = 'x', message_ts = 'y'",
            "told = 'tomorrow'",
        ];
        for number in 0..=broken.len() {
            world.send_from("U0ALICE", &format!("U0CROWD{number:03}")).await;
        }
        world.kill_bots().await;
        for (number, change) in broken.iter().enumerate() {
            let sql = format!(
                "UPDATE deliveries SET {change}, next_attempt_at = 1, leased_until = NULL \
                 WHERE addressee = 'U0CROWD{number:03}'"
            );
            world.database.run(Account::Migrate, &sql).await.unwrap();
        }
        world.slack().heal().await;
        world.pass_leases().await;
        world.start_bot().await;
        let last = format!("U0CROWD{:03}", broken.len());
        world.slack().messages(&last, 1).await;
        let put_off = "SELECT COUNT(*) FROM deliveries WHERE next_attempt_at > 1000000000000 \
                       AND leased_until IS NULL AND kind <> 'sender_receipt'";
        eventually("that they are put off", || async {
            (world.database.count(put_off).await == 4).then_some(())
        })
        .await;
        let log = world.logs();
        assert_eq!(log.matches("it was put off").count(), 4, "{log}");
        let passed_over = world.bot().metric("secure_secret_rows_passed_over_total{step=\"delivery\"} ").await;
        assert_eq!(passed_over, Some(4.0));
        let doctor = doctor(&world).await;
        assert!(doctor.contains("4 waiting deliveries can't be read"), "{doctor}");
        world.discard().await;
    }

    async fn a_message_that_can_not_be_written_down_is_not_posted_time_and_again(engine) {
        let world = world(engine).await;
        refuse(&world, "deliveries", "UPDATE", "NEW.settled_at IS NOT NULL AND OLD.addressee = 'U0BOB'").await;
        world.send_from("U0ALICE", "U0BOB").await;
        world.send_from("U0ALICE", "U0GUEST").await;
        world.slack().messages("U0GUEST", 1).await;
        eventually("that it is put off", || async {
            world.logs().contains("it was put off").then_some(())
        })
        .await;
        assert_eq!(world.slack().messages_now("U0BOB").await.len(), 1);
        let waits = "SELECT COUNT(*) FROM deliveries WHERE addressee = 'U0BOB' AND doubtful = 1 \
                     AND leased_until IS NULL AND next_attempt_at - created_at > 50000";
        assert_eq!(world.database.count(waits).await, 1, "a minute, and the next try says that there are two");
        world.discard().await;
    }

    async fn a_receipt_that_is_gone_does_not_repeat_the_message(engine) {
        let mut world = world(engine).await;
        world.slack().fail(&serde_json::json!({"method": "chat.postMessage", "mode": "hang", "times": 1})).await;
        world.send_from("U0ALICE", "U0BOB").await;
        let gone = "DELETE FROM deliveries WHERE kind = 'sender_receipt'";
        world.database.run(Account::Migrate, gone).await.unwrap();
        world.slack().heal().await;
        world.kill_bots().await;
        world.pass_leases().await;
        world.start_bot().await;
        let message = world.slack().messages("U0BOB", 1).await;
        world.settled().await;
        let link = link_of(&message[0]);
        assert_eq!(world.web().reveal(link.rsplit('/').next().unwrap()).await.status, 200);
        world.discard().await;
    }
}
