//! What a database does when it is not well. The MySQL tests have a server of their own.

use std::time::Duration;

use e2e::{
    Account, Bot, Engine, Options, OwnMySql, Submission, TestDatabase, World, eventually,
    eventually_within, is_sent,
    mysql_proxy::{Aim, Fault, INTERRUPTED, LOCK_WAIT_TIMEOUT, MySqlProxy, Whose},
    until_confirmed,
};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use shared::store::{Database, database_url::DatabaseUrl};

const LONG: Duration = Duration::from_mins(1);

async fn world_on(server: &OwnMySql) -> World {
    let database = TestDatabase::migrated_on(server).await;
    World::on(database, Options::default()).await
}

async fn submit(world: &World, dialog: &Value) -> Value {
    let submission = Submission {
        secret: "x",
        ..Submission::default()
    };
    world.slack().submit("U0ALICE", dialog, &submission).await
}

async fn send(world: &World, dialog: &Value) {
    let outcome = until_confirmed(|| submit(world, dialog)).await;
    assert!(is_sent(&outcome), "{outcome}");
}

/// The dialog stays, and says this.
async fn is_sent_back(world: &World, dialog: &Value, said: &str) {
    let outcome = submit(world, dialog).await;
    assert_eq!(outcome["outcome"], "errors", "{outcome}");
    let error = outcome["errors"]["secret"].as_str().unwrap();
    assert!(error.contains(said), "{outcome}");
}

/// Pressed again until it went out, as people are told to; the acknowledgement always came in time.
async fn press_until_sent(world: &World, dialog: &Value) -> Value {
    eventually_within(LONG, "the submission went out", || async {
        let outcome = submit(world, dialog).await;
        assert!(
            outcome["latency_ms"].as_f64().unwrap() < 3000.0,
            "{outcome}"
        );
        is_sent(&outcome).then_some(outcome)
    })
    .await
}

async fn becomes_ready(bot: &mut Bot, ready: bool) {
    let status = if ready { 200 } else { 503 };
    let deadline = tokio::time::Instant::now() + LONG;
    while bot.ask("/readyz").await.0 != status {
        assert!(
            tokio::time::Instant::now() < deadline,
            "readiness stays {}",
            !ready
        );
    }
}

async fn run(session: &DatabaseConnection, sql: &str) {
    session.execute_unprepared(sql).await.unwrap();
}

/// Everything that was sent reaches Bob, and nothing twice.
async fn ends_well(world: World, sent: usize) {
    world.settled().await;
    assert_eq!(world.slack().messages_now("U0BOB").await.len(), sent);
    assert_eq!(world.slack().messages_now("U0ALICE").await.len(), sent);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_database_is_waited_for_and_answered_for() {
    let server = OwnMySql::start(&[]).await;
    let mut world = world_on(&server).await;
    let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
    server.freeze().await;
    is_sent_back(&world, &dialog, "couldn’t confirm").await;
    // Commands and buttons are answered whatever the database does.
    let typed = json!({"user": "U0ALICE", "command": "/sendsecret", "text": ""});
    let command = world.slack().post("/command", &typed).await;
    assert!(command["latency_ms"].as_f64().unwrap() < 500.0, "{command}");
    becomes_ready(world.bot(), false).await;
    assert_eq!(world.bot().ask("/livez").await.0, 200);
    server.thaw().await;
    becomes_ready(world.bot(), true).await;
    press_until_sent(&world, &dialog).await;
    ends_well(world, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_dies_and_comes_back_loses_nothing() {
    let mut server = OwnMySql::start(&[]).await;
    let mut world = world_on(&server).await;
    let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
    world
        .slack()
        .fail(&json!({"method": "chat.postMessage", "mode": "hang", "times": 1}))
        .await;
    send(&world, &dialog).await;
    eventually("the courier is at it", || async {
        (world.slack().calls("chat.postMessage").await > 0).then_some(())
    })
    .await;
    server.kill().await;
    becomes_ready(world.bot(), false).await;
    let other = world.slack().open_dialog("U0ALICE", "@bob").await;
    let outcome = submit(&world, &other).await;
    assert_eq!(outcome["outcome"], "errors", "{outcome}");
    server.run().await;
    becomes_ready(world.bot(), true).await;
    press_until_sent(&world, &other).await;
    ends_well(world, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_database_stores_nothing_and_says_so() {
    let server = OwnMySql::start(&[]).await;
    let mut world = world_on(&server).await;
    let admin = e2e::connect(&server.url()).await;
    let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
    run(&admin, "SET GLOBAL super_read_only = ON").await;
    is_sent_back(&world, &dialog, "nothing was sent").await;
    becomes_ready(world.bot(), false).await;
    assert!(
        world
            .bot()
            .ask("/readyz")
            .await
            .1
            .contains("database: NOT OK, the database is read-only")
    );
    run(&admin, "SET GLOBAL super_read_only = OFF").await;
    run(&admin, "SET GLOBAL read_only = OFF").await;
    send(&world, &dialog).await;
    ends_well(world, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_mysql_stores_nothing_and_says_so() {
    let server = OwnMySql::start(&[
        "--innodb-file-per-table=OFF",
        "--innodb-data-file-path=ibdata1:12M:autoextend:max:24M",
    ])
    .await;
    let world = world_on(&server).await;
    let session = world.database.session().await;
    let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
    run(&session, "CREATE TABLE filler (content LONGBLOB)").await;
    let mut size = 1 << 20;
    while size >= 1 << 9 {
        let fill = format!("INSERT INTO filler VALUES (REPEAT('x', {size}))");
        if session.execute_unprepared(&fill).await.is_err() {
            size /= 2;
        }
    }
    // What is left of the last pages holds a few rows more.
    let mut refused = Value::Null;
    for _ in 0..200 {
        let dialog = world.slack().open_dialog("U0CHLOE", "@dmitri").await;
        let submission = Submission {
            secret: &"y".repeat(3000),
            ..Submission::default()
        };
        refused = world.slack().submit("U0CHLOE", &dialog, &submission).await;
        if refused["outcome"] == "errors" {
            break;
        }
    }
    assert!(
        refused["errors"]["secret"]
            .as_str()
            .unwrap()
            .contains("rien n’a été envoyé"),
        "{refused}"
    );
    run(&session, "DROP TABLE filler").await;
    press_until_sent(&world, &dialog).await;
    world.slack().messages("U0BOB", 1).await;
    session.close().await.unwrap();
    world.pass_leases().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_sqlite_stores_nothing_and_says_so() {
    let database = TestDatabase::migrated(Engine::Sqlite).await;
    let world = World::on(database, Options::default()).await;
    let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
    // A database file can't grow beyond the largest file that the process may write.
    let pid = world.bots[0].process.id();
    let limit = async |bytes: &str| {
        let limited = tokio::process::Command::new("prlimit")
            .args([&format!("--pid={pid}"), &format!("--fsize={bytes}")])
            .status();
        assert!(limited.await.unwrap().success());
    };
    limit("4096:unlimited").await;
    let outcome = submit(&world, &dialog).await;
    limit("unlimited:unlimited").await;
    // Which of the two depends on whether a statement failed or the COMMIT.
    let said = outcome["errors"]["secret"].as_str().unwrap();
    assert!(
        said.contains("nothing was sent") || said.contains("couldn’t confirm"),
        "{outcome}"
    );
    press_until_sent(&world, &dialog).await;
    ends_well(world, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_sqlite_is_waited_for() {
    let world = World::start(Engine::Sqlite).await;
    let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
    let session = world.database.session().await;
    run(&session, "BEGIN EXCLUSIVE").await;
    let outcome = submit(&world, &dialog).await;
    assert_eq!(outcome["outcome"], "errors", "{outcome}");
    run(&session, "ROLLBACK").await;
    session.close().await.unwrap();
    press_until_sent(&world, &dialog).await;
    ends_well(world, 1).await;
}

/// A transaction that holds what the courier wants, and then wants what the courier holds: MySQL
/// undoes the smaller one, which is the courier's.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_repeats_no_message() {
    let server = OwnMySql::start(&[]).await;
    let world = world_on(&server).await;
    let session = world.database.session().await;
    run(&session, "CREATE TABLE heavy (content INT)").await;
    run(
        &session,
        "SET SESSION transaction_isolation = 'READ-COMMITTED'",
    )
    .await;
    let hang = json!({"method": "conversations.open", "mode": "hang", "times": 1});
    world.slack().fail(&hang).await;
    let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
    send(&world, &dialog).await;
    eventually("the courier is at it", || async {
        (world.slack().calls("conversations.open").await > 0).then_some(())
    })
    .await;
    run(&session, "BEGIN").await;
    run(&session, "INSERT INTO heavy WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i FROM n").await;
    run(
        &session,
        "SELECT id FROM deliveries WHERE kind = 'sender_receipt' FOR UPDATE",
    )
    .await;
    // Posted, the courier writes that down: first the message's row, then the receipt's, and waits.
    eventually_within(LONG, "the message", || async {
        (!world.slack().messages_now("U0BOB").await.is_empty()).then_some(())
    })
    .await;
    let waiting = "SELECT COUNT(*) FROM performance_schema.data_lock_waits";
    let admin = e2e::connect(&server.url()).await;
    eventually("the courier waits for a lock", || async {
        let statement = Statement::from_string(DbBackend::MySql, waiting);
        let row = admin.query_one_raw(statement).await.unwrap().unwrap();
        let count: i64 = row.try_get_by_index(0).unwrap();
        (count > 0).then_some(())
    })
    .await;
    run(
        &session,
        "SELECT id FROM deliveries WHERE kind = 'recipient_message' FOR UPDATE",
    )
    .await;
    run(&session, "COMMIT").await;
    session.close().await.unwrap();
    // On a slow machine the courier may have given up its wait for the lock before that.
    eventually("it is noticed", || async {
        let logs = world.logs();
        let is_noticed = logs.contains("broke a deadlock") || logs.contains("database is busy");
        is_noticed.then_some(())
    })
    .await;
    ends_well(world, 1).await;
}

/// Who has a connection next must not meet what became of the one before. The one used last is used
/// next.
#[tokio::test]
async fn a_connection_is_for_others_after_an_answer_that_did_not_end_it() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let proxy = MySqlProxy::before(&database).await;
    let url = proxy.url(&database, Account::Bot).await;
    let url = DatabaseUrl::parse(&url).unwrap();
    let store = Database::connect(&url, Account::Bot.program()).await;
    let store = store.unwrap();
    // A server that shuts down; one that is taken off line; a session that was silent for too long.
    let endings = [1053, 3032, 4031].map(|number| (Fault::Error(number), false));
    let others = [
        (Fault::Error(LOCK_WAIT_TIMEOUT), true),
        (Fault::Error(INTERRUPTED), true),
        (Fault::CutBefore, false),
        (Fault::CutAfter, false),
    ];
    for (fault, is_for_others) in endings.into_iter().chain(others) {
        let before = session_of(&store).await;
        let watch = proxy.watch(Whose::All, &[b"watched"], &[(Aim::Nth(0), fault)]);
        let failing = ("SELECT ?", ["watched".into()]);
        let failing = Statement::from_sql_and_values(DbBackend::MySql, failing.0, failing.1);
        let answer = store.connection().query_one_raw(failing).await;
        assert!(answer.is_err() && watch.hits() == 1, "{fault:?}");
        drop(watch);
        let is_same = session_of(&store).await == before;
        assert_eq!(is_same, is_for_others, "{fault:?}");
    }
    database.remove().await;
}

async fn session_of(store: &Database) -> i64 {
    let question = "SELECT CAST(CONNECTION_ID() AS SIGNED)";
    let question = Statement::from_string(DbBackend::MySql, question);
    let answer = store.connection().query_one_raw(question).await.unwrap();
    answer.unwrap().try_get_by_index(0).unwrap()
}
