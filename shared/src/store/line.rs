//! The programs' line to the database: a pool of connections, and another one once the database has
//! moved to another host.
//!
//! Whatever is under way to a host that was left is given up after a moment: a machine that lost
//! its power says nothing more, and nobody would be told so.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait as _, prelude::async_trait::async_trait, sqlx,
};
use tokio::{
    sync::{Mutex, Notify},
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    StoreError,
    connecting::Connections,
    mysql_pool::{MySqlPool, PooledConnection},
    statement,
};

/// How long what is under way to a host that was left may go on: an answer may be on its way.
const GRACE: Duration = Duration::from_secs(2);

/// The pool that is used now. On one host it stays the same.
pub struct Line {
    backend: DbBackend,
    now: RwLock<Arc<Pool>>,
}

/// The connections to one host.
pub(super) struct Pool {
    to: Connections,
    /// How many hosts were left before it.
    moves: u64,
    left: CancellationToken,
    doubt: Arc<Notify>,
}

impl Line {
    pub(super) fn to(connections: Connections) -> Self {
        Self {
            backend: connections.driver.get_database_backend(),
            now: RwLock::new(Arc::new(Pool {
                to: connections,
                moves: 0,
                left: CancellationToken::new(),
                doubt: Arc::default(),
            })),
        }
    }

    /// The pool that is used now.
    pub(super) fn now(&self) -> Arc<Pool> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What failed may have failed for its host.
    pub(super) fn doubt(&self) -> Arc<Notify> {
        Arc::clone(&self.now().doubt)
    }

    /// Goes over to a pool of another host.
    pub(super) fn go_over(&self, connections: Connections) {
        let old = {
            let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
            let new = Pool {
                to: connections,
                moves: now.moves + 1,
                left: CancellationToken::new(),
                doubt: Arc::clone(&now.doubt),
            };
            std::mem::replace(&mut *now, Arc::new(new))
        };
        tokio::spawn(async move { old.leave().await });
    }
}

impl Pool {
    /// The driver's own pool.
    pub(super) const fn driver(&self) -> &DatabaseConnection {
        &self.to.driver
    }

    /// How many hosts were left before this one.
    pub(super) const fn moves(&self) -> u64 {
        self.moves
    }

    /// One connection to MySQL.
    pub(super) async fn one(&self) -> Result<PooledConnection, StoreError> {
        let mysql = self.to.mysql.as_ref().ok_or(StoreError::Unreachable)?;
        let taken = self.until_left(mysql.take()).await;
        let taken = taken.unwrap_or(Err(StoreError::Unreachable));
        if let Err(error) = &taken
            && !mysql.is_full()
        {
            self.doubt_for(error);
        }
        taken
    }

    /// One connection to MySQL for a statement; nothing on SQLite, whose pool is the driver's.
    async fn lend(&self) -> Result<Option<PooledConnection>, DbErr> {
        if self.to.mysql.is_none() {
            return Ok(None);
        }
        let taken = Box::pin(self.one()).await;
        taken.map(Some).map_err(StoreError::into_driver)
    }

    /// Does something with a connection of this pool; nothing comes of it once the host was left.
    pub(super) async fn until_left<T>(&self, doing: impl Future<Output = T>) -> Option<T> {
        self.left.run_until_cancelled(doing).await
    }

    /// Has the hosts looked at, if this can be for the host.
    pub(super) fn doubt_for(&self, error: &StoreError) {
        if error.may_be_the_hosts() {
            self.doubt.notify_one();
        }
    }

    /// What a call of the driver's came to.
    pub(super) fn told(&self, error: &sqlx::Error) -> StoreError {
        let error = StoreError::of_statement(error);
        self.doubt_for(&error);
        error
    }

    async fn run<T>(&self, doing: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let done = self.until_left(doing).await;
        let done = done.unwrap_or_else(|| Err(host_was_left()));
        if let Err(error) = &done {
            self.doubt_for(&StoreError::of(error));
        }
        done
    }

    /// Nobody is given a connection of it any more; what is under way has its moment.
    async fn leave(&self) {
        let given_up = Instant::now() + GRACE;
        if let Some(mysql) = &self.to.mysql {
            mysql.close();
        }
        let driver = self.to.driver.get_mysql_connection_pool();
        timeout_at(given_up, driver.close()).await.ok();
        if self.to.mysql.as_ref().is_some_and(MySqlPool::is_in_use) {
            sleep_until(given_up).await;
        }
        self.left.cancel();
    }
}

fn host_was_left() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("its host was left".to_owned()))
}

#[async_trait]
impl ConnectionTrait for Line {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let pool = self.now();
        let Some(mut over) = pool.lend().await? else {
            return pool.run(pool.driver().execute_raw(statement)).await;
        };
        let done = statement::execute(&mut over.connection, statement);
        settled(pool.run(done).await, over)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let pool = self.now();
        let Some(mut over) = pool.lend().await? else {
            return pool.run(pool.driver().execute_unprepared(sql)).await;
        };
        let done = statement::execute_unprepared(&mut over.connection, sql);
        settled(pool.run(done).await, over)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let pool = self.now();
        let Some(mut over) = pool.lend().await? else {
            return pool.run(pool.driver().query_one_raw(statement)).await;
        };
        let done = statement::query_one(&mut over.connection, statement);
        settled(pool.run(done).await, over)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let pool = self.now();
        let Some(mut over) = pool.lend().await? else {
            return pool.run(pool.driver().query_all_raw(statement)).await;
        };
        let done = statement::query_all(&mut over.connection, statement);
        settled(pool.run(done).await, over)
    }
}

/// Gives a connection back that is as good as before.
fn settled<T>(done: Result<T, DbErr>, over: PooledConnection) -> Result<T, DbErr> {
    if done.as_ref().err().is_none_or(statement::is_answer) {
        over.give_back();
    }
    done
}

/// A transaction over the line.
pub struct Transaction {
    over: Over,
    pool: Arc<Pool>,
}

enum Over {
    Driver(DatabaseTransaction),
    /// Its connection is closed unless it is given back, and the server undoes what was begun.
    MySql(Mutex<PooledConnection>),
}

impl Transaction {
    /// Begins one.
    pub(super) async fn begin(line: &Line) -> Result<Self, StoreError> {
        let pool = line.now();
        if pool.to.mysql.is_none() {
            return Ok(Self::begin_in_sqlite(pool).await?);
        }
        let mut connection = pool.one().await?;
        let begun = statement::execute_unprepared(&mut connection.connection, BEGIN);
        pool.run(begun).await?;
        Ok(Self {
            over: Over::MySql(Mutex::new(connection)),
            pool,
        })
    }

    /// SQLite takes its write lock at once: a transaction that reads first and writes later could
    /// not be given it any more, and row locks don't exist there.
    async fn begin_in_sqlite(pool: Arc<Pool>) -> Result<Self, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let begun = pool.driver().begin_with_options(options);
        let over = Over::Driver(pool.run(begun).await?);
        Ok(Self { over, pool })
    }

    /// Ends it for good.
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        match self.over {
            Over::Driver(transaction) => self.pool.run(Box::pin(transaction.commit())).await,
            Over::MySql(connection) => end(&self.pool, connection.into_inner(), "COMMIT").await,
        }
    }

    /// Undoes it.
    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        match self.over {
            Over::Driver(transaction) => self.pool.run(Box::pin(transaction.rollback())).await,
            Over::MySql(connection) => end(&self.pool, connection.into_inner(), "ROLLBACK").await,
        }
    }
}

const BEGIN: &str = "START TRANSACTION";

/// Others may have the connection only once the server said that nothing is open on it any more.
async fn end(pool: &Pool, mut over: PooledConnection, how: &str) -> Result<(), DbErr> {
    let ended = statement::execute_unprepared(&mut over.connection, how);
    pool.run(ended).await?;
    over.give_back();
    Ok(())
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.driver().get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.over {
            Over::Driver(transaction) => self.pool.run(transaction.execute_raw(statement)).await,
            Over::MySql(over) => {
                let over = &mut over.lock().await.connection;
                self.pool.run(statement::execute(over, statement)).await
            }
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.over {
            Over::Driver(transaction) => self.pool.run(transaction.execute_unprepared(sql)).await,
            Over::MySql(over) => {
                let over = &mut over.lock().await.connection;
                self.pool
                    .run(statement::execute_unprepared(over, sql))
                    .await
            }
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.over {
            Over::Driver(transaction) => self.pool.run(transaction.query_one_raw(statement)).await,
            Over::MySql(over) => {
                let over = &mut over.lock().await.connection;
                self.pool.run(statement::query_one(over, statement)).await
            }
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.over {
            Over::Driver(transaction) => self.pool.run(transaction.query_all_raw(statement)).await,
            Over::MySql(over) => {
                let over = &mut over.lock().await.connection;
                self.pool.run(statement::query_all(over, statement)).await
            }
        }
    }
}
