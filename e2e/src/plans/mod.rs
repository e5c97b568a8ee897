//! How the database plans to find the rows of each statement that the programs say, in a database
//! as long use leaves it: no table is read from its first row to its last, and nothing is sorted
//! that an index could have in order.
//!
//! No list of statements is kept anywhere. MySQL's own log has what the bot and the tools said, and
//! each door writes down its plans while the programs call it. SQLite's are in the programs' logs.

mod doors;
mod fill;
mod log;
pub mod sqlite;
mod verdict;
mod work;

pub use work::seldom;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Account, Options, OwnMySql, TestDatabase, World};

/// A server that is filled fast; how a statement is planned does not depend on how durable it is.
/// Its plans are told in the form that all versions know.
const SERVER: [&str; 7] = [
    "--skip-log-bin",
    "--innodb-doublewrite=OFF",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-redo-log-capacity=512M",
    "--innodb-buffer-pool-size=384M",
    "--loose-explain-json-format-version=1",
    "--max-connections=300",
];

/// A statement with its plan.
struct Planned {
    by: String,
    statement: String,
    plan: Value,
}

/// What was explained, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Explained {
    /// Statements that were explained, each of its kind counted once.
    pub statements: usize,
    /// Those that read too much, with what they read and who said them.
    pub faults: BTreeSet<String>,
    /// Statements of doors that no program came to.
    pub unseen: Vec<String>,
    /// How many of the statements read too much once an index is gone: none would mean that nothing
    /// is looked at.
    pub without_an_index: usize,
}

/// Fills a MySQL database of its own with so many secrets, has the programs do all that they do,
/// and explains every statement that they said.
pub async fn explain(rows: u64) -> Explained {
    let server = OwnMySql::start(&SERVER).await;
    let database = TestDatabase::migrated_on(&server).await;
    fill::fill(&database, rows).await;
    doors::instrument(&database).await;
    log::begin(&database).await;
    let mut world = World::on(database, Options::default()).await;
    work::work(&mut world).await;
    log::end(&world.database).await;
    let mut explained = judge(&world.database).await;
    let gone = "DROP INDEX deliveries_due ON deliveries";
    world.database.run(Account::Migrate, gone).await.unwrap();
    explained.without_an_index = judge(&world.database).await.faults.len();
    world.discard().await;
    explained
}

async fn judge(database: &TestDatabase) -> Explained {
    let (mut planned, unseen) = doors::plans(database).await;
    for account in [Account::Bot, Account::Web, Account::Migrate] {
        let said = log::Said::by(database, &database.account(account)).await;
        planned.extend(said.plans(database, account.program().short_name()).await);
    }
    let mut explained = Explained {
        unseen,
        ..Explained::default()
    };
    let mut statements = BTreeSet::new();
    for one in &planned {
        statements.insert((&one.by, &one.statement));
        for fault in verdict::faults(&one.plan) {
            let told = format!("{}: {fault}: {}", one.by, one.statement);
            explained.faults.insert(told);
        }
    }
    explained.statements = statements.len();
    for table in verdict::SMALL {
        let count = format!("SELECT COUNT(*) FROM {table}");
        if database.count(&count).await >= verdict::SMALL_BELOW {
            explained.faults.insert(format!("{table} has grown"));
        }
    }
    explained
}
