//! What happens to a secret between the moment when a burn has read it and its COMMIT. A burn calls
//! `render` after its read, and `requester_gone` right before its COMMIT, or on MySQL before the
//! call that holds it: there the others have their turn.

use e2e::{Account, Engine, Keys, Sent, TestDatabase, eventually, on_each_engine};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use shared::{
    crypto::{Confirmed, LinkToken},
    domain::clock::Timestamp,
    store::{
        Database, Ending, FailureReason, RevokedBy, StoreError,
        audit::Visitor,
        burn::{self, Burn, BurnError},
        claim::Which,
        end_all::Reason,
        settle,
    },
};
use std::{panic::AssertUnwindSafe, time::Duration};

/// Takes the place of the one end that each secret has in the audit log.
const TAKE_THE_END: &str = "INSERT INTO audit_events (id, secret_id, event, slot, occurred_at, metadata) \
     SELECT id, id, 'viewed', 'terminal', created_at, '{}' FROM secrets WHERE destroyed_at IS NULL";

/// Lets nothing be written into the audit log.
const TAKE_THE_LOG_AWAY: &str = "ALTER TABLE audit_events RENAME TO away";
const GIVE_IT_BACK: &str = "ALTER TABLE away RENAME TO audit_events";

/// The time of everything is over.
const OVER: &str =
    "UPDATE secrets SET created_at = created_at - 7200000, expires_at = expires_at - 7200000";

const LIVE: &str = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL";
const VIEWED: &str = "SELECT COUNT(*) FROM audit_events WHERE event = 'viewed'";

type Burned = Result<Burn<String>, BurnError>;

/// Burns, and lets something happen after the read and something before the COMMIT.
async fn burn_while(
    store: &Database,
    keys: &Keys,
    sent: &Sent,
    after_read: impl AsyncFn(),
    before_commit: impl AsyncFn(),
) -> Burned {
    let render = |opened: &burn::Opened| {
        wait_for(after_read());
        opened.text.expose().to_owned()
    };
    let gone = || {
        wait_for(before_commit());
        false
    };
    let confirmed = confirmed(keys, &sent.token);
    let visitor = Visitor::default();
    store
        .burn(
            &keys.master(),
            &sent.token,
            &confirmed,
            &visitor,
            gone,
            render,
        )
        .await
}

/// A transaction finds that out before it looks at the requester; a call finds it out by itself.
fn nothing_to_commit(engine: Engine) {
    assert_eq!(engine, Engine::MySql, "nothing is left to commit");
}

fn wait_for(happens: impl Future<Output = ()>) {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(happens));
}

async fn burn(store: &Database, keys: &Keys, sent: &Sent) -> Burned {
    burn_while(store, keys, sent, async || {}, async || {}).await
}

/// Of a page before which nobody waited.
fn confirmed(keys: &Keys, token: &LinkToken) -> Confirmed {
    let (ring, hash) = (keys.master(), token.hash());
    let confirmation = ring.confirm(&hash, Timestamp::from_millis(i64::MAX));
    ring.confirmed(&hash, &confirmation).unwrap()
}

fn shows(burned: &Burned, sent: &Sent) -> bool {
    matches!(burned, Ok(Burn::Revealed { opening, rendered })
        if opening.secret == sent.secret && *rendered == sent.text)
}

fn ending(burned: &Burned) -> Option<Ending> {
    match burned {
        Ok(Burn::Ended(ended) | Burn::Repeated(ended)) => Some(ended.ending),
        _ => None,
    }
}

/// Whether it was said to have ended at nobody's hand, as its log has an end that its row did not
/// have.
fn is_conflict(burned: &Burned) -> bool {
    matches!(burned, Ok(Burn::Ended(ended)) if ended.revoked_by == Some(RevokedBy::Conflict))
}

async fn run(session: &DatabaseConnection, sql: &str) {
    session.execute_unprepared(sql).await.unwrap();
}

on_each_engine! {
    async fn of_two_that_read_a_live_secret_one_burns_it(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, other, keys) = (database.store().await, database.store().await, Keys::fresh());
        // Where the log lost its entry, the row alone decides.
        for is_in_log in [true, false] {
            let sent = keys.send(&store, "seen once").await;
            let overtaken = burn_while(&store, &keys, &sent, async || {
                let burned = burn(&other, &keys, &sent).await;
                assert!(shows(&burned, &sent), "{burned:?}");
                if !is_in_log {
                    database.run(Account::Migrate, "DELETE FROM audit_events").await.unwrap();
                }
            }, async || nothing_to_commit(engine)).await;
            assert!(matches!(ending(&overtaken), Some(Ending::Viewed { .. })), "{overtaken:?}");
            assert_eq!(database.count(VIEWED).await, i64::from(is_in_log));
        }
        database.remove().await;
    }

    async fn a_secret_whose_time_is_over_once_it_was_read_is_not_shown(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let sent = keys.send(&store, "too late").await;
        let late = burn_while(&store, &keys, &sent, async || {
            database.run(Account::Migrate, OVER).await.unwrap();
        }, async || nothing_to_commit(engine)).await;
        assert_eq!(ending(&late), Some(Ending::Expired), "{late:?}");
        assert_eq!((database.count(VIEWED).await, database.count(LIVE).await), (0, 0));
        database.remove().await;
    }

    async fn who_comes_as_an_operator_ends_everything_is_told_so(engine) {
        for is_over in [false, true] {
            let database = TestDatabase::migrated(engine).await;
            let (store, keys) = (database.store().await, Keys::fresh());
            let migrating = database.store_of(Account::Migrate).await;
            let sent = keys.send(&store, "taken back").await;
            let ended = burn_while(&store, &keys, &sent, async || {
                migrating.end_all(Reason::Incident).await.unwrap();
                if is_over {
                    database.run(Account::Migrate, OVER).await.unwrap();
                }
            }, async || nothing_to_commit(engine)).await;
            let Ok(Burn::Ended(ended)) = ended else { unreachable!("{ended:?}") };
            assert_eq!((ended.ending, ended.revoked_by), (Ending::Revoked, Some(RevokedBy::Operator)));
            database.remove().await;
        }
    }

    async fn an_opening_that_can_not_be_written_down_did_not_happen(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let sent = keys.send(&store, "still there").await;
        let refused = burn_while(&store, &keys, &sent, async || {
            database.run(Account::Migrate, TAKE_THE_LOG_AWAY).await.unwrap();
        }, async || nothing_to_commit(engine)).await;
        assert!(matches!(refused, Err(BurnError::Store(StoreError::Refused { .. }))), "{refused:?}");
        assert_eq!(database.count(LIVE).await, 1);
        database.run(Account::Migrate, GIVE_IT_BACK).await.unwrap();
        let burned = burn(&store, &keys, &sent).await;
        assert!(shows(&burned, &sent), "{burned:?}");
        database.remove().await;
    }

    async fn an_opening_that_can_not_be_done_is_not_written_down(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let sent = keys.send(&store, "still there").await;
        let refused = burn_while(&store, &keys, &sent, async || {
            database.run(Account::Migrate, "ALTER TABLE secrets RENAME COLUMN confirmed_by TO away").await.unwrap();
        }, async || nothing_to_commit(engine)).await;
        assert!(matches!(refused, Err(BurnError::Store(StoreError::Refused { .. }))), "{refused:?}");
        assert_eq!((database.count(LIVE).await, database.count(VIEWED).await), (1, 0));
        database.run(Account::Migrate, "ALTER TABLE secrets RENAME COLUMN away TO confirmed_by").await.unwrap();
        let burned = burn(&store, &keys, &sent).await;
        assert!(shows(&burned, &sent), "{burned:?}");
        database.remove().await;
    }

    async fn an_opening_that_the_log_has_already_is_none_and_the_last(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let sent = keys.send(&store, "seen before the backup").await;
        let refused = burn_while(&store, &keys, &sent, async || {
            database.run(Account::Migrate, TAKE_THE_END).await.unwrap();
        }, async || nothing_to_commit(engine)).await;
        assert_eq!(ending(&refused), Some(Ending::Revoked), "{refused:?}");
        assert!(is_conflict(&refused), "{refused:?}");
        assert_eq!((database.count(LIVE).await, database.count(VIEWED).await), (0, 1));
        database.remove().await;
    }

    async fn a_burn_that_panics_leaves_the_secret_as_it_was(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let sent = keys.send(&store, "still there").await;
        let panics = async || unreachable!("on purpose");
        let while_rendering = burn_while(&store, &keys, &sent, panics, async || {});
        assert!(AssertUnwindSafe(while_rendering).catch_unwind().await.is_err());
        let before_commit = burn_while(&store, &keys, &sent, async || {}, panics);
        assert!(AssertUnwindSafe(before_commit).catch_unwind().await.is_err());
        assert_eq!((database.count(LIVE).await, database.count(VIEWED).await), (1, 0));
        let burned = burn(&store, &keys, &sent).await;
        assert!(shows(&burned, &sent), "{burned:?}");
        database.remove().await;
    }

    async fn a_failed_delivery_that_can_not_be_written_down_ends_nothing(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let new = Keys::submission("V1", "still there");
        store.create(&keys.master(), &keys.delivery(), &new).await.unwrap();
        let lease = Duration::from_mins(1);
        let job = store.claim(lease, Which::Due(&[])).await.unwrap().unwrap();
        database.run(Account::Migrate, TAKE_THE_LOG_AWAY).await.unwrap();
        let failed = settle::failed(&store, &job, FailureReason::Refused, None).await;
        assert!(matches!(failed, Err(StoreError::Refused { .. })), "{failed:?}");
        let waiting = "SELECT COUNT(*) FROM deliveries WHERE sealed IS NOT NULL AND settled_at IS NULL";
        assert_eq!((database.count(LIVE).await, database.count(waiting).await), (1, 1));
        database.run(Account::Migrate, GIVE_IT_BACK).await.unwrap();
        database.remove().await;
    }
}

/// The server undoes what a connection had begun when that connection ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_arrived_shows_nothing() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let (store, keys) = (database.store().await, Keys::fresh());
    let sent = keys.send(&store, "still there").await;
    let admin = database.admin_session().await;
    let connections = format!(
        "FROM performance_schema.threads WHERE processlist_db = '{}'",
        database.name()
    );
    let lost = burn_while(
        &store,
        &keys,
        &sent,
        async || {},
        async || {
            let ours =
                format!("SELECT CAST(COALESCE(MAX(processlist_id), 0) AS SIGNED) {connections}");
            eventually("every connection ended", || async {
                let id = database.admin_count(&ours).await;
                // It may end by itself meanwhile.
                admin.execute_unprepared(&format!("KILL {id}")).await.ok();
                (id == 0).then_some(())
            })
            .await;
        },
    )
    .await;
    // Twice, as it is tried once more.
    assert_eq!(lost, Err(BurnError::Store(StoreError::Unreachable)));
    assert_eq!(
        (database.count(LIVE).await, database.count(VIEWED).await),
        (1, 0)
    );
    let burned = burn(&store, &keys, &sent).await;
    assert!(shows(&burned, &sent), "{burned:?}");
    database.remove().await;
}

/// As after a failover to a server that lags: what is not there is not said to live.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_gone_is_not_said_to_live() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let (store, keys) = (database.store().await, Keys::fresh());
    let sent = keys.send(&store, "gone").await;
    let admin = database.admin_session().await;
    let lost = burn_while(
        &store,
        &keys,
        &sent,
        async || {},
        async || {
            let gone = "DELETE FROM secrets";
            database.run(Account::Migrate, gone).await.unwrap();
            let ours = format!(
                "SELECT CAST(COALESCE(MAX(processlist_id), 0) AS SIGNED) \
                 FROM performance_schema.threads WHERE processlist_db = '{}'",
                database.name()
            );
            eventually("every connection ended", || async {
                let id = database.admin_count(&ours).await;
                // It may end by itself meanwhile.
                admin.execute_unprepared(&format!("KILL {id}")).await.ok();
                (id == 0).then_some(())
            })
            .await;
        },
    )
    .await;
    assert!(matches!(lost, Err(BurnError::Unknown(_))), "{lost:?}");
    database.remove().await;
}

/// Another transaction holds the end that the burn wants to write down, and then wants the row that
/// the burn holds: MySQL undoes the smaller one, which is the burn's.
#[tokio::test(flavor = "multi_thread")]
async fn a_burn_that_lost_a_deadlock_is_tried_once_more() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let (store, keys) = (database.store().await, Keys::fresh());
    let sent = keys.send(&store, "shown at the second try").await;
    let session = database.session().await;
    run(&session, "CREATE TABLE heavy (content INT)").await;
    run(
        &session,
        "SET SESSION transaction_isolation = 'READ-COMMITTED'",
    )
    .await;
    let waiting = format!(
        "SELECT COUNT(*) FROM performance_schema.data_locks \
         WHERE object_schema = '{}' AND lock_status = 'WAITING'",
        database.name()
    );
    let burned = loop {
        run(&session, "BEGIN").await;
        run(&session, "INSERT INTO heavy WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i FROM n").await;
        run(&session, TAKE_THE_END).await;
        let (burned, ()) = tokio::join!(burn(&store, &keys, &sent), async {
            eventually("the burn waits for its end", || async {
                (database.admin_count(&waiting).await > 0).then_some(())
            })
            .await;
            run(&session, "SELECT id FROM secrets FOR UPDATE").await;
            run(&session, "ROLLBACK").await;
        });
        // On a slow machine the burn may have given up its wait for a lock before that.
        if !matches!(burned, Err(BurnError::Store(StoreError::Busy { .. }))) {
            break burned;
        }
    };
    assert!(shows(&burned, &sent), "{burned:?}");
    session.close().await.unwrap();
    assert_eq!(database.count(VIEWED).await, 1);
    database.remove().await;
}
