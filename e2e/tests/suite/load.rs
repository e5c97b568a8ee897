//! Many submissions at once; `cargo xtask bench` measures a thousand.

use e2e::{Account, Engine, World, eventually, load, on_each_engine};
use futures_util::future::join_all;
use sea_orm::ConnectionTrait as _;

const MANY: usize = 300;

/// Of the bot to MySQL, and how many of these are for submissions.
const CONNECTIONS: usize = 32;
const STORED_AT_A_TIME: i64 = 16;

const SENDERS: [&str; 2] = ["U0ALICE", "U0DMITRI"];

on_each_engine! {
    async fn none_of_many_is_lost(engine) {
        let world = World::start(engine).await;
        world.slack().connections(2).await;
        load::burst(&world, MANY).await;
        let stored = world.database.count("SELECT COUNT(*) FROM secrets").await;
        assert_eq!(stored, i64::try_from(MANY).unwrap());
        world.finish().await;
    }
}

/// The database holds up all that is to be stored, and more submissions wait than a program has
/// connections: those who type the command are shown what they are to be told all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_that_waits_keeps_nobody_from_being_told() {
    let world = World::start(Engine::MySql).await;
    for sender in SENDERS {
        world.send_from(sender, "U0BOB").await;
    }
    world.settled().await;
    let untold = "UPDATE deliveries SET untold_since = created_at WHERE kind = 'sender_receipt'";
    let changed = world.database.run(Account::Migrate, untold).await;
    assert_eq!(changed.unwrap(), 2);
    let dialogs = load::open(&world, 2 * CONNECTIONS).await;
    let session = world.database.admin_session().await;
    let schema = world.database.name();
    let held = format!("LOCK TABLES {schema}.audit_events WRITE");
    session.execute_unprepared(&held).await.unwrap();
    let burst = join_all(dialogs.iter().map(|opened| opened.submit(&world)));
    let asked = async {
        let waiting = format!(
            "SELECT COUNT(*) FROM performance_schema.threads WHERE processlist_db = '{schema}' \
             AND processlist_state = 'Waiting for table metadata lock'"
        );
        eventually("as many wait as may", || async {
            let waiting = world.database.admin_count(&waiting).await;
            (waiting >= STORED_AT_A_TIME).then_some(())
        })
        .await;
        let mut shown = Vec::new();
        // One after the other: by the second one at the latest, all of them wait.
        for sender in SENDERS {
            shown.push(world.slack().open_dialog(sender, "").await);
        }
        session.execute_unprepared("UNLOCK TABLES").await.unwrap();
        shown
    };
    let (_, shown) = tokio::join!(burst, asked);
    for dialog in shown {
        let told = "You couldn’t be told this before";
        assert!(dialog.to_string().contains(told), "{dialog}");
    }
    load::close(&world, &dialogs).await;
    world.settled().await;
    world.finish().await;
}
