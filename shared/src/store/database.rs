//! The way to the database: one pool, set up for each engine.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, ExprTrait,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
    sea_query::{Expr, SimpleExpr},
    sqlx::{AssertSqlSafe, Connection as _, Executor, mysql::MySqlSslMode},
};
use secrecy::ExposeSecret;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    StoreError,
    clock_watch::{ClockWatch, Verdict},
    sqlite_files,
    sqlite_files::LooseFiles,
};
use crate::{
    domain::clock::Timestamp,
    store::database_url::{DatabaseUrl, Engine},
};

/// The last migration that this version's statements rely on.
pub const REQUIRED_MIGRATION: &str = "m20261126_000013_sender_language";

/// Connections of one process to MySQL. On two cores more clients than this only wait in the server
/// instead of here.
const MYSQL_CONNECTIONS: u32 = 32;

/// SQLite has one writer. One connection makes a fair queue of it, instead of its own busy waiting.
const SQLITE_CONNECTIONS: u32 = 1;

/// Longest wait for a connection of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection idle for longer is asked whether it still lives before it is used.
const PING_AFTER_IDLE: Duration = Duration::from_secs(20);

/// MySQL ends a session that says nothing for so long: one whose program vanished without a word,
/// as by a power cut, keeps its locks until then. Longer than [`PING_AFTER_IDLE`], so that no
/// connection ends unasked.
const SILENCE: Duration = Duration::from_secs(35);

/// How long a program waits at its start for its database.
const START_PATIENCE: Duration = Duration::from_mins(1);

/// The pause between two tries at the start.
const START_RETRY: Duration = Duration::from_secs(2);

/// A pool of connections. Clones share it.
#[derive(Clone)]
pub struct Database {
    connection: DatabaseConnection,
    clock: Arc<ClockWatch>,
}

impl Database {
    /// Connects, so that a wrong address shows at once.
    ///
    /// The pool closes no connection by its age: MySQL closes what idles for its `wait_timeout`,
    /// and the ping after a pause finds that out. sqlx 0.9 would count idle connections for it with
    /// a number that can be below zero for a moment, which keeps a thread busy for ever
    /// (`spawn_maintenance_tasks`; a test run hung on it).
    pub async fn connect(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let mut options = ConnectOptions::new(url.as_secret().expose_secret());
        options
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .test_before_acquire_if_idle_for(PING_AFTER_IDLE);
        match url.engine() {
            Engine::MySql => configure_mysql(&mut options, url.needs_verification()),
            Engine::Sqlite => configure_sqlite(&mut options),
        }
        if let Err(error) = sqlite_files::create(url) {
            // SQLite meets the same, and its error is the one to tell.
            tracing::debug!(%error, "the database's file could not be made");
        }
        let connection = sea_orm::Database::connect(options).await?;
        Ok(Self {
            connection,
            clock: Arc::default(),
        })
    }

    /// Connects at a program's start: waits for a database that is still starting, and checks the
    /// tables. Gives up after [`START_PATIENCE`], or when told to stop.
    pub async fn open(url: &DatabaseUrl, stop: &CancellationToken) -> Result<Self, SchemaError> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            let error = match Self::connect(url).await {
                Ok(database) => match database.check_schema().await {
                    Ok(()) => {
                        warn_of_loose_files(url);
                        return Ok(database);
                    }
                    Err(SchemaError::Store(error)) => error,
                    Err(error) => return Err(error),
                },
                Err(error) => error,
            };
            let out_of_time = Instant::now() + START_RETRY > deadline;
            if out_of_time || stop.is_cancelled() {
                return Err(SchemaError::Store(error));
            }
            tracing::warn!(
                %error,
                again_in_seconds = START_RETRY.as_secs(),
                "DATABASE_URL: no database there yet, trying again"
            );
            stop.run_until_cancelled(tokio::time::sleep(START_RETRY))
                .await;
        }
    }

    /// Asks whether it answers and takes changes.
    pub async fn check_health(&self) -> Result<(), StoreError> {
        if self.connection.get_database_backend() == DbBackend::Sqlite {
            return Ok(self.connection.ping().await?);
        }
        let statement = Statement::from_string(DbBackend::MySql, "SELECT @@global.read_only");
        let answer = self.connection.query_one_raw(statement).await?;
        let read_only: i64 = match answer {
            Some(row) => row.try_get_by_index(0)?,
            None => 0,
        };
        if read_only == 0 {
            Ok(())
        } else {
            Err(StoreError::ReadOnly)
        }
    }

    /// Checks that the tables are those that this version works with, or newer ones.
    pub async fn check_schema(&self) -> Result<(), SchemaError> {
        let statement = Statement::from_sql_and_values(
            self.connection.get_database_backend(),
            "SELECT version FROM seaql_migrations WHERE version = ?",
            [REQUIRED_MIGRATION.into()],
        );
        match self.connection.query_one_raw(statement).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(SchemaError::TooOld),
            Err(error) => match StoreError::from(error) {
                StoreError::Refused { .. } => Err(SchemaError::TooOld),
                other => Err(SchemaError::Store(other)),
            },
        }
    }

    /// The database's clock.
    pub async fn clock(&self) -> Result<Timestamp, StoreError> {
        self.clock_in(&self.connection).await
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

    /// The pool itself, for migrations.
    #[must_use]
    pub const fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Begins a transaction that will write.
    ///
    /// MySQL's isolation level was set once for the connection. SQLite takes its write lock at
    /// once: a transaction that reads first and writes later could not be given it any more, and
    /// row locks don't exist there.
    pub(super) async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.connection.begin_with_options(options).await?)
    }

    /// The database's clock as an expression, milliseconds since the Unix epoch.
    pub(super) fn now(&self) -> SimpleExpr {
        Expr::cust(self.now_sql())
    }

    /// The same in SQL.
    pub(super) fn now_sql(&self) -> &'static str {
        match self.connection.get_database_backend() {
            DbBackend::Sqlite => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            _ => "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
        }
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

fn warn_of_loose_files(url: &DatabaseUrl) {
    if let Some(files) = LooseFiles::of(url) {
        tracing::warn!(
            %files,
            "others than their owner can read or change the database's files: chmod 600 them, and run all \
             programs as that owner"
        );
    }
}

/// Ends a transaction as its work ended: COMMIT or, on any error, ROLLBACK.
pub(super) async fn finish<T>(
    transaction: DatabaseTransaction,
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
pub(super) async fn undo(transaction: DatabaseTransaction) {
    if let Err(error) = transaction.rollback().await {
        tracing::debug!(error = %StoreError::from(error), "rollback had no answer");
    }
}

fn configure_mysql(options: &mut ConnectOptions, verify: bool) {
    if verify {
        options.map_sqlx_mysql_opts(|mysql| mysql.ssl_mode(MySqlSslMode::VerifyIdentity));
    }
    options
        .max_connections(MYSQL_CONNECTIONS)
        .min_connections(1)
        .map_sqlx_mysql_pool_opts(|pool| {
            pool.after_connect(|connection, _| {
                Box::pin(async move {
                    // READ COMMITTED takes no gap locks: asking for an unknown link must not block
                    // an insert. The wait for a row lock stays well under a request's deadline.
                    let session = format!(
                        "SET SESSION transaction_isolation = 'READ-COMMITTED', \
                         innodb_lock_wait_timeout = 3, wait_timeout = {}",
                        SILENCE.as_secs()
                    );
                    connection.execute(AssertSqlSafe(session)).await?;
                    Ok(())
                })
            })
        });
}

fn configure_sqlite(options: &mut ConnectOptions) {
    options
        .max_connections(SQLITE_CONNECTIONS)
        .min_connections(1)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .busy_timeout(Duration::from_secs(5))
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                // What was overwritten or removed is zeroed in the file.
                .pragma("secure_delete", "ON")
        })
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|connection, _| {
                Box::pin(async move {
                    // SQLite undoes some transactions by itself whose COMMIT fails, on a full disk
                    // for example, and the driver goes on counting them: what comes later on that
                    // connection would be parts of a transaction that nobody commits. The ping
                    // waits for a ROLLBACK that is on its way.
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
        });
}

/// Why the tables can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Migrations are missing.
    #[error("the database's tables are missing or too old: run `secure-secret-migrate up`")]
    TooOld,
    /// The question could not be asked.
    #[error("DATABASE_URL: {0}")]
    Store(#[from] StoreError),
}

/// An UPDATE that decides something must have changed just the row it meant.
pub(super) fn exactly_one(rows_affected: u64) -> Result<(), StoreError> {
    if rows_affected == 1 {
        Ok(())
    } else {
        Err(StoreError::Stale)
    }
}
