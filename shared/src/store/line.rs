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
    QueryResult, RuntimeErr, Statement, TransactionOptions, TransactionTrait as _,
    prelude::async_trait::async_trait, sqlx,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    StoreError,
    call_pool::{CallConnection, CallPool},
    connecting::Connections,
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
            backend: connections.statements.get_database_backend(),
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
    /// For statements.
    pub(super) const fn connection(&self) -> &DatabaseConnection {
        &self.to.statements
    }

    /// How many hosts were left before this one.
    pub(super) const fn moves(&self) -> u64 {
        self.moves
    }

    /// One connection to MySQL, for calls.
    pub(super) async fn one(&self) -> Result<CallConnection, StoreError> {
        let calls = self.to.calls.as_ref().ok_or(StoreError::Unreachable)?;
        let taken = self.until_left(calls.take()).await;
        let taken = taken.unwrap_or(Err(StoreError::Unreachable));
        if let Err(error) = &taken
            && !calls.is_full()
        {
            self.doubt_for(error);
        }
        taken
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
        if let Some(calls) = &self.to.calls {
            calls.close();
        }
        let statements = self.to.statements.get_mysql_connection_pool();
        timeout_at(given_up, statements.close()).await.ok();
        if self.to.calls.as_ref().is_some_and(CallPool::is_in_use) {
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
        pool.run(pool.connection().execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let pool = self.now();
        pool.run(pool.connection().execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let pool = self.now();
        pool.run(pool.connection().query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let pool = self.now();
        pool.run(pool.connection().query_all_raw(statement)).await
    }
}

/// A transaction over the line.
pub struct Transaction {
    inner: DatabaseTransaction,
    pool: Arc<Pool>,
}

impl Transaction {
    /// Begins one.
    pub(super) async fn begin(line: &Line, options: TransactionOptions) -> Result<Self, DbErr> {
        let pool = line.now();
        let inner = pool
            .run(pool.connection().begin_with_options(options))
            .await?;
        Ok(Self { inner, pool })
    }

    /// Ends it for good.
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        self.pool.run(Box::pin(self.inner.commit())).await
    }

    /// Undoes it.
    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        self.pool.run(Box::pin(self.inner.rollback())).await
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.pool.run(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.pool.run(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.pool.run(self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.pool.run(self.inner.query_all_raw(statement)).await
    }
}
