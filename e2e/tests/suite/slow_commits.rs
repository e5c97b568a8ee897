//! An opening whose COMMIT is slow, or fails, and a program that vanishes within a transaction.

use std::time::{Duration, Instant};

use e2e::{Engine, Keys, OwnMySql, TestDatabase, eventually_within};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, TransactionTrait as _};
use shared::{
    crypto::{Confirmed, LinkToken},
    domain::clock::Timestamp,
    store::{
        Database,
        audit::Visitor,
        burn::{Burn, BurnError, Opened},
    },
};
use tokio::{runtime::Handle, task::block_in_place};

const LONG: Duration = Duration::from_mins(1);

/// Of a page before which nobody waited.
fn confirmed(keys: &Keys, token: &LinkToken) -> Confirmed {
    let (ring, hash) = (keys.master(), token.hash());
    let confirmation = ring.confirm(&hash, Timestamp::from_millis(i64::MAX));
    ring.confirmed(&hash, &confirmation).unwrap()
}

/// Opens a secret; something happens right before each call that holds its COMMIT.
async fn burn_with(
    store: &Database,
    keys: &Keys,
    token: &LinkToken,
    before_call: impl Fn(),
) -> Result<Burn<String>, BurnError> {
    let visitor = Visitor::default();
    let render = |opened: &Opened| opened.text.expose().to_owned();
    let look = || {
        before_call();
        false
    };
    store
        .burn(
            &keys.master(),
            token,
            &confirmed(keys, token),
            &visitor,
            look,
            render,
        )
        .await
}

/// Does something in a callback that can't wait.
fn now<T>(work: impl Future<Output = T>) -> T {
    block_in_place(|| Handle::current().block_on(work))
}

fn is_shown(burned: &Result<Burn<String>, BurnError>, text: &str) -> bool {
    matches!(burned, Ok(Burn::Revealed { rendered, .. }) if rendered == text)
}

async fn run(session: &DatabaseConnection, sql: &str) {
    session.execute_unprepared(sql).await.unwrap();
}

/// Nothing is changed or committed on this server from now on.
async fn hold_commits(session: &DatabaseConnection) {
    run(session, "FLUSH TABLES WITH READ LOCK").await;
}

/// The connection that waits for that.
async fn waiting(session: &DatabaseConnection) -> i64 {
    let question = "SELECT CAST(COALESCE(MAX(processlist_id), 0) AS SIGNED) FROM performance_schema.threads \
                    WHERE processlist_state IN ('Waiting for commit lock', 'Waiting for global read lock')";
    let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::MySql, question);
    let answer = session.query_one_raw(statement).await.unwrap();
    answer.unwrap().try_get_by_index::<i64>(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_commit_is_waited_for_and_shown() {
    let server = OwnMySql::start(&[]).await;
    let database = TestDatabase::migrated_on(&server).await;
    let (store, keys) = (database.store().await, Keys::fresh());
    let sent = keys.send(&store, "slow").await;
    let session = database.admin_session().await;
    let begun = Instant::now();
    let held = std::sync::Once::new();
    let burning = burn_with(&store, &keys, &sent.token, || {
        held.call_once(|| now(hold_commits(&session)));
    });
    let slow = async {
        // Longer than any deadline before COMMIT.
        tokio::time::sleep(Duration::from_secs(7)).await;
        run(&session, "UNLOCK TABLES").await;
    };
    let (burned, ()) = tokio::join!(burning, slow);
    assert!(is_shown(&burned, "slow"), "{burned:?}");
    assert!(begun.elapsed() >= Duration::from_secs(7));
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_did_not_come_about_is_tried_once_more() {
    let server = OwnMySql::start(&[]).await;
    let database = TestDatabase::migrated_on(&server).await;
    let (store, keys) = (database.store().await, Keys::fresh());
    let sent = keys.send(&store, "once more").await;
    let (session, other) = (
        database.admin_session().await,
        database.admin_session().await,
    );
    let held = std::sync::Once::new();
    let burning = burn_with(&store, &keys, &sent.token, || {
        held.call_once(|| now(hold_commits(&session)));
    });
    let killed = async {
        let id = eventually_within(LONG, "an opening that waits", || async {
            let id = waiting(&other).await;
            (id > 0).then_some(id)
        })
        .await;
        run(&other, &format!("KILL CONNECTION {id}")).await;
        run(&session, "UNLOCK TABLES").await;
    };
    let (burned, ()) = tokio::join!(burning, killed);
    assert!(is_shown(&burned, "once more"), "{burned:?}");
    let viewed = "SELECT COUNT(*) FROM audit_events WHERE event = 'viewed'";
    assert_eq!(database.count(viewed).await, 1);
    database.remove().await;
}

/// As by a power cut: nothing says that the connection is gone.
#[tokio::test(flavor = "multi_thread")]
async fn the_lock_of_a_program_that_vanished_is_free_within_forty_seconds() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let (store, keys) = (database.store().await, Keys::fresh());
    keys.send(&store, "of nobody").await;
    let session = database.session().await;
    run(&session, "SET innodb_lock_wait_timeout = 60").await;
    let vanished = store.pool().begin().await.unwrap();
    let lock = "SELECT id FROM secrets FOR UPDATE";
    vanished.execute_unprepared(lock).await.unwrap();
    let begun = Instant::now();
    run(&session, lock).await;
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(5), "it was locked: {waited:?}");
    assert!(waited < Duration::from_secs(40), "{waited:?}");
    vanished.rollback().await.ok();
    database.remove().await;
}
