//! The programs' connections to MySQL.
//!
//! The one used last is used next, since what the server keeps for it is in its processor's caches
//! yet, and what a burst wanted beside it is closed, with the statements that driver and server
//! keep for each; and none is asked whether it lives on its way back, as a pool of sqlx does each
//! time, which costs a round trip.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use deadpool::{
    Runtime,
    managed::{
        BuildError, Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError,
        RecycleResult, TimeoutType,
    },
};
use sea_orm::sqlx::{
    self, ConnectOptions as _, Connection as _, MySqlConnection,
    mysql::{MySqlConnectOptions, MySqlDatabaseError},
};
use tokio::time::{Instant, sleep, timeout};

use super::{
    StoreError, membership,
    session::{self, ACQUIRE_TIMEOUT, CONNECTIONS, PING_AFTER_IDLE, SILENCE},
};

/// The first pause before a server that takes no connection is tried again; each is twice as long
/// as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The error of a server that has as many connections as it takes.
const TOO_MANY_CONNECTIONS: u16 = 1040;

/// Longest wait for a ping's answer.
const PING_PATIENCE: Duration = Duration::from_secs(1);

/// How often unused connections are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(10);

/// A pool of connections. Clones share it.
#[derive(Clone)]
pub(super) struct MySqlPool {
    pool: Pool<Connector>,
    tidied: Arc<Mutex<Instant>>,
}

impl MySqlPool {
    /// Connects to nothing yet.
    pub(super) fn new(options: MySqlConnectOptions, is_cluster: bool) -> Result<Self, StoreError> {
        let connector = Connector {
            options,
            is_cluster,
        };
        let pool = Pool::builder(connector)
            .max_size(CONNECTIONS as usize)
            .queue_mode(QueueMode::Lifo)
            .recycle_timeout(Some(PING_PATIENCE))
            .runtime(Runtime::Tokio1)
            .build();
        match pool {
            Ok(pool) => Ok(Self {
                pool,
                tidied: Arc::new(Mutex::new(Instant::now())),
            }),
            Err(BuildError::NoRuntimeSpecified) => Err(StoreError::Unreachable),
        }
    }

    /// A connection that nobody else has.
    pub(super) async fn take(&self) -> Result<PooledConnection, StoreError> {
        self.tidy();
        let taken = timeout(ACQUIRE_TIMEOUT, self.pool.get()).await;
        match taken.unwrap_or(Err(PoolError::Timeout(TimeoutType::Wait))) {
            Ok(mut place) => match place.take() {
                Some(connection) => Ok(PooledConnection {
                    connection,
                    place,
                    is_for_others: true,
                }),
                None => Err(StoreError::Unreachable),
            },
            Err(PoolError::Backend(error)) => Err(error),
            Err(_) => Err(StoreError::of_connecting(&sqlx::Error::PoolTimedOut)),
        }
    }

    /// Gives no connection any more. Those in use are closed by who has them.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// Whether somebody has a connection yet.
    pub(super) fn is_in_use(&self) -> bool {
        self.pool.status().size > 0
    }

    /// Whether all of its connections are in use: whoever waits, waits for one of ours.
    pub(super) fn is_full(&self) -> bool {
        let status = self.pool.status();
        status.size >= status.max_size && status.available == 0
    }

    /// Closes what nobody needed for so long that the server ends it too: the last used is the next
    /// used, so nobody would find that out.
    fn tidy(&self) {
        let mut tidied = self.tidied.lock().unwrap_or_else(PoisonError::into_inner);
        if tidied.elapsed() < TIDY_EVERY {
            return;
        }
        *tidied = Instant::now();
        drop(tidied);
        self.pool.retain(|_, metrics| metrics.last_used() < SILENCE);
    }
}

/// One of them. It is closed unless it is given back: nobody knows what comes next on one whose
/// call failed or was left.
pub(super) struct PooledConnection {
    pub(super) connection: MySqlConnection,
    place: Object<Connector>,
    is_for_others: bool,
}

impl PooledConnection {
    /// Nobody else shall have it: its session is set for one call alone.
    pub(super) const fn use_once(&mut self) {
        self.is_for_others = false;
    }

    /// Lets others have it, if they may.
    pub(super) fn give_back(mut self) {
        *self.place = self.is_for_others.then_some(self.connection);
    }
}

/// Makes connections.
struct Connector {
    options: MySqlConnectOptions,
    is_cluster: bool,
}

impl Manager for Connector {
    /// Nothing where one was taken out and not given back.
    type Type = Option<MySqlConnection>;
    type Error = StoreError;

    /// A server that takes no connection just now, because it starts or has too many, is tried
    /// again.
    async fn create(&self) -> Result<Option<MySqlConnection>, StoreError> {
        // Connecting is seldom, and would make each call's future large.
        Box::pin(self.connect()).await.map(Some)
    }

    async fn recycle(
        &self,
        connection: &mut Option<MySqlConnection>,
        metrics: &Metrics,
    ) -> RecycleResult<StoreError> {
        let connection = connection
            .as_mut()
            .ok_or_else(|| RecycleError::message("it was closed"))?;
        if metrics.last_used() >= PING_AFTER_IDLE {
            let ping = Box::pin(connection.ping()).await;
            ping.map_err(|error| StoreError::of_connecting(&error))?;
        }
        Ok(())
    }
}

impl Connector {
    async fn connect(&self) -> Result<MySqlConnection, StoreError> {
        let deadline = Instant::now() + ACQUIRE_TIMEOUT;
        let mut pause = FIRST_PAUSE;
        let mut connection = loop {
            match self.options.connect().await {
                Ok(connection) => break connection,
                Err(error) if !may_pass(&error) || Instant::now() + pause >= deadline => {
                    return Err(StoreError::of_connecting(&error));
                }
                Err(_) => sleep(pause).await,
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        };
        let begun = session::begin(&mut connection).await;
        begun.map_err(|error| StoreError::of_connecting(&error))?;
        if self.is_cluster {
            membership::has_its_part(&mut connection).await?;
        }
        Ok(connection)
    }
}

/// Whether a server may take the connection soon.
fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error
            .try_downcast_ref::<MySqlDatabaseError>()
            .is_some_and(|error| error.number() == TOO_MANY_CONNECTIONS),
        _ => false,
    }
}
