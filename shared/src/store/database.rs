//! The way to the database, set up for each engine.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, ExprTrait, QueryResult, Statement,
    TryGetable,
    sea_query::{Expr, SimpleExpr},
    sqlx,
};

use super::{
    StoreError,
    clock_watch::{ClockWatch, Verdict},
    connecting,
    door::{self, Argument, Door},
    hosts::{Hosts, Keeper},
    line::{Line, Pool, Transaction},
    membership,
    probes::HEALTH,
    sqlite_files,
};
use crate::{
    domain::{clock::Timestamp, program::Program},
    store::database_url::DatabaseUrl,
};

/// A line to the database. Clones share it.
#[derive(Clone)]
pub struct Database {
    line: Arc<Line>,
    clock: Arc<ClockWatch>,
    /// Whose account it is.
    program: Program,
    /// Where there are several hosts.
    keeper: Option<Arc<Keeper>>,
}

impl Database {
    /// Connects as a program's account does, so that a wrong address shows at once; of several
    /// hosts to the first that takes changes, and later to another one when that has ended.
    pub async fn connect(url: &DatabaseUrl, program: Program) -> Result<Self, StoreError> {
        if let Err(error) = sqlite_files::create(url) {
            // SQLite meets the same, and its error is the one to tell.
            tracing::debug!(%error, "the database's file could not be made");
        }
        let (connections, cluster) = match Hosts::of(url) {
            None => (connecting::to_host(url, 0).await?, None),
            Some(hosts) => {
                let found = Box::pin(hosts.find(0)).await?;
                let connections = connecting::to_host(url, found.at()).await?;
                (connections, Some((hosts, found)))
            }
        };
        let line = Arc::new(Line::to(connections));
        let keeper =
            cluster.map(|(hosts, found)| Arc::new(Keeper::start(hosts, Arc::clone(&line), found)));
        Ok(Self {
            line,
            clock: Arc::default(),
            program,
            keeper,
        })
    }

    /// Asks whether it answers and takes changes.
    pub async fn check_health(&self) -> Result<(), StoreError> {
        if !self.is_mysql() {
            return Ok(self.pool().ping().await?);
        }
        let read_only: i64 = if self.is_behind_doors() {
            self.enter_for(&HEALTH, [], "is_read_only").await?
        } else {
            let statement = Statement::from_string(
                DbBackend::MySql,
                "SELECT @@global.read_only AS `read_only`",
            );
            first_of(
                self.line.query_one_raw(statement).await?.as_ref(),
                "read_only",
            )?
        };
        if read_only == 0 {
            Ok(())
        } else {
            Err(StoreError::ReadOnly)
        }
    }

    /// The database's clock.
    pub async fn clock(&self) -> Result<Timestamp, StoreError> {
        if self.is_behind_doors() {
            return self.enter_for(&HEALTH, [], "now").await;
        }
        self.clock_in(&*self.line).await
    }

    /// The same within a transaction.
    pub(super) async fn clock_in(
        &self,
        connection: &impl ConnectionTrait,
    ) -> Result<Timestamp, StoreError> {
        let question = format!("SELECT {}", self.now_sql());
        let statement = Statement::from_string(connection.get_database_backend(), question);
        let answer = connection.query_one_raw(statement).await?;
        let answer = answer.ok_or(StoreError::Unreadable { column: "clock" })?;
        Ok(answer.try_get_by_index(0)?)
    }

    /// Whose account it is.
    pub(super) const fn program(&self) -> Program {
        self.program
    }

    /// Whether the engine is MySQL.
    pub(super) fn is_mysql(&self) -> bool {
        self.line.get_database_backend() == DbBackend::MySql
    }

    /// How many rows a sweep changes in one transaction: enough to be quick, few enough not to be
    /// in the way. SQLite has one lock, for which everybody waits who opens a secret meanwhile.
    #[must_use]
    pub fn batch(&self) -> u32 {
        if self.is_mysql() { 200 } else { 20 }
    }

    /// Whether there is a right to doors, and to no table.
    pub(super) fn is_behind_doors(&self) -> bool {
        self.program == Program::Web && self.is_mysql()
    }

    /// Calls a door; gives its row.
    pub(super) async fn enter(
        &self,
        door: &'static Door,
        arguments: impl IntoIterator<Item = Argument> + Send,
    ) -> Result<Option<QueryResult>, StoreError> {
        let pool = self.line.now();
        let connection = pool.one().await?;
        let call = Box::pin(door::call(connection, door, arguments));
        enter_over(&pool, call).await
    }

    /// The same where an answer of before won't do: of a cluster's host, once it knows all that
    /// the others had decided.
    pub(super) async fn enter_up_to_date(
        &self,
        door: &'static Door,
        arguments: impl IntoIterator<Item = Argument> + Send,
    ) -> Result<Option<QueryResult>, StoreError> {
        if self.keeper.is_none() {
            return self.enter(door, arguments).await;
        }
        let pool = self.line.now();
        let mut connection = pool.one().await?;
        // Others want no more of it than any server's answer.
        connection.use_once();
        let be_up_to_date = membership::be_up_to_date(&mut connection.connection);
        let asked = pool.until_left(be_up_to_date).await;
        asked.unwrap_or(Err(StoreError::Unreachable))?;
        let call = Box::pin(door::call(connection, door, arguments));
        enter_over(&pool, call).await
    }

    /// Calls a door that always gives a row; gives one column of it.
    pub(super) async fn enter_for<T: TryGetable>(
        &self,
        door: &'static Door,
        arguments: impl IntoIterator<Item = Argument> + Send,
        column: &'static str,
    ) -> Result<T, StoreError> {
        first_of(self.enter(door, arguments).await?.as_ref(), column)
    }

    /// The connections that are used now, for a call that must not wait for one any more.
    pub(super) fn current(&self) -> Arc<Pool> {
        self.line.now()
    }

    /// What is thought of the database's clock, which says this now.
    pub(super) fn clock_verdict(&self, now: Timestamp) -> Verdict {
        self.clock.see(now)
    }

    /// Whether the database's clock, which said this, can be trusted with ending something for its
    /// age.
    #[must_use]
    pub fn trusts(&self, now: Timestamp) -> bool {
        self.clock_verdict(now) == Verdict::Sound
    }

    /// Whether something may be destroyed for its age at this time of the database's.
    pub(super) fn check_age(&self, now: Timestamp) -> Result<(), StoreError> {
        if self.trusts(now) {
            Ok(())
        } else {
            Err(StoreError::ClockUnsound)
        }
    }

    /// The line, for statements.
    #[must_use]
    pub fn connection(&self) -> &Line {
        &self.line
    }

    /// The driver's own pool, for migrations: of several hosts, that of the one that takes changes
    /// now.
    #[must_use]
    pub fn pool(&self) -> DatabaseConnection {
        self.line.now().driver().clone()
    }

    /// Begins a transaction that will write.
    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        Transaction::begin(&self.line).await
    }

    /// The database's clock as an expression, milliseconds since the Unix epoch.
    pub(super) fn now(&self) -> SimpleExpr {
        Expr::cust(self.now_sql())
    }

    /// The same in SQL.
    pub(super) fn now_sql(&self) -> &'static str {
        match self.line.get_database_backend() {
            DbBackend::Sqlite => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            _ => "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
        }
    }

    /// Whether a text column has one of these values. One text for however many they are: a mark
    /// for each would make another statement of every number, for the server to prepare and for
    /// each connection to keep.
    pub(super) fn is_one_of<'a>(
        &self,
        column: &'static str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> SimpleExpr {
        let values: Vec<_> = values.into_iter().collect();
        let values = serde_json::Value::from(values).to_string();
        let is_one = if self.is_mysql() {
            format!("{column} MEMBER OF (CAST(? AS JSON))")
        } else {
            format!("{column} IN (SELECT value FROM json_each(?))")
        };
        Expr::cust_with_values(is_one, [values])
    }

    /// The database's clock so long ago.
    pub(super) fn now_minus(&self, duration: Duration) -> SimpleExpr {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4);
        self.now().sub(millis)
    }

    /// The database's clock plus a duration.
    pub(super) fn now_plus(&self, duration: Duration) -> SimpleExpr {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4);
        self.now().add(millis)
    }
}

async fn enter_over(
    pool: &Pool,
    call: impl Future<Output = Result<Option<QueryResult>, sqlx::Error>>,
) -> Result<Option<QueryResult>, StoreError> {
    let row = pool.until_left(call).await;
    let row = row.ok_or(StoreError::Unreachable)?;
    row.map_err(|error| pool.told(&error))
}

/// Ends a transaction as its work ended: COMMIT or, on any error, ROLLBACK.
pub(super) async fn finish<T>(
    transaction: Transaction,
    work: Result<T, StoreError>,
) -> Result<T, StoreError> {
    match work {
        Ok(done) => match transaction.commit().await {
            Ok(()) => Ok(done),
            Err(_) => Err(StoreError::CommitUnknown),
        },
        Err(error) => {
            undo(transaction).await;
            Err(error)
        }
    }
}

/// Rolls back. When that fails too, the connection is lost, and the server rolls back by itself.
pub(super) async fn undo(transaction: Transaction) {
    if let Err(error) = transaction.rollback().await {
        tracing::debug!(error = %StoreError::from(error), "rollback had no answer");
    }
}

/// That there is an instant, in the words for which both engines search an index: for `IS NOT NULL`
/// SQLite reads all of it.
pub(super) fn is_set(instant: impl ColumnTrait) -> SimpleExpr {
    instant.gte(0)
}

/// An UPDATE that decides something must have changed just the row it meant.
pub(super) fn exactly_one(rows_affected: u64) -> Result<(), StoreError> {
    if rows_affected == 1 {
        Ok(())
    } else {
        Err(StoreError::Stale)
    }
}

/// A column of a door's row.
pub(super) fn first_of<T: TryGetable>(
    row: Option<&QueryResult>,
    column: &'static str,
) -> Result<T, StoreError> {
    let row = row.ok_or(StoreError::Unreadable { column })?;
    Ok(row.try_get("", column)?)
}
