//! Every statement finds its rows by an index, however many there are: on MySQL in a filled
//! database, on SQLite at the end of every test (`World::finish`), and here what the programs' logs
//! don't tell.

use std::{fs::File, sync::Mutex};

use e2e::{Engine, Keys, TestDatabase, plans};
use shared::store::end_all::Reason;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Statements of each kind that the programs say at least, doors' among them: fewer would be a log
/// that isn't read any more.
const AT_LEAST: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_reads_all_of_a_table_or_sorts_it_on_mysql() {
    let explained = plans::explain(100_000).await;
    let faults: Vec<_> = explained.faults.into_iter().collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(
        explained.unseen.is_empty(),
        "never run: {:?}",
        explained.unseen
    );
    assert!(explained.statements >= AT_LEAST, "{}", explained.statements);
    assert!(explained.without_an_index > 0, "what is wrong is seen");
}

/// On this thread alone, where what is said is listened to.
#[tokio::test]
async fn what_tools_say_to_sqlite_reads_all_of_no_table() {
    let database = TestDatabase::migrated(Engine::Sqlite).await;
    let store = database.store().await;
    let log = database.folder().join("log");
    let listening = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(Mutex::new(File::create(&log).unwrap()))
        .set_default();
    Keys::fresh().send(&store, "x").await;
    plans::seldom(&store).await;
    store.end_all(Reason::Incident).await.unwrap();
    drop(listening);
    let said = plans::sqlite::statements(&std::fs::read_to_string(&log).unwrap());
    assert!(said.len() >= 30, "{said:?}");
    let faults = plans::sqlite::faults(&store.pool(), said).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
