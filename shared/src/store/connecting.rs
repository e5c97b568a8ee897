//! How each host of `DATABASE_URL` is connected to.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, DatabaseConnection,
    metric::Info,
    sqlx::{
        ConnectOptions as _, Connection as _,
        mysql::{MySqlConnectOptions, MySqlSslMode},
    },
};
use secrecy::ExposeSecret as _;

use super::{
    StoreError, membership,
    mysql_pool::MySqlPool,
    session::{self, ACQUIRE_TIMEOUT, PING_AFTER_IDLE},
    statement,
};
use crate::store::database_url::{DatabaseUrl, Engine};

/// SQLite has one writer. One connection makes a fair queue of it, instead of its own busy waiting.
const SQLITE_CONNECTIONS: u32 = 1;

/// Migrations run one after the other; their driver wants a second one now and then.
const MIGRATING_CONNECTIONS: u32 = 4;

/// The connections to one host.
pub(super) struct Connections {
    /// The driver's own pool: SQLite's, and on MySQL for migrations alone.
    pub(super) driver: DatabaseConnection,
    /// Those to MySQL.
    pub(super) mysql: Option<MySqlPool>,
}

/// Connects to a host of a URL.
///
/// The driver's pool connects to MySQL when a migration wants it, and closes no connection by its
/// age: MySQL closes what idles for its `wait_timeout`, and the ping after a pause finds that out.
/// sqlx 0.9 would count idle connections for it with a number that can be below zero for a moment,
/// which keeps a thread busy for ever (`spawn_maintenance_tasks`; a test run hung on it).
pub(super) async fn to_host(url: &DatabaseUrl, host: usize) -> Result<Connections, StoreError> {
    let driver = url.for_driver().get(host).ok_or(StoreError::Unreachable)?;
    let mut options = ConnectOptions::new(driver.expose_secret());
    options
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(PING_AFTER_IDLE);
    let mut pool = None;
    match url.engine() {
        Engine::MySql => {
            configure_mysql(&mut options, url);
            let is_cluster = url.for_driver().len() > 1;
            let mysql = MySqlPool::new(mysql(url, host)?, is_cluster)?;
            mysql.take().await?.give_back();
            pool = Some(mysql);
        }
        Engine::Sqlite => configure_sqlite(&mut options),
    }
    let mut driver = sea_orm::Database::connect(options).await?;
    driver.set_metric_callback(|done: &Info<'_>| statement::tell(done.statement));
    Ok(Connections {
        driver,
        mysql: pool,
    })
}

/// Where and how a host of a URL is connected to.
pub(super) fn mysql(url: &DatabaseUrl, host: usize) -> Result<MySqlConnectOptions, StoreError> {
    let driver = url.for_driver().get(host).ok_or(StoreError::Unreachable)?;
    let options = driver.expose_secret().parse::<MySqlConnectOptions>();
    let options = options.map_err(|error| StoreError::of_connecting(&error))?;
    let verify = url.needs_verification();
    Ok(verified(options.disable_statement_logging(), verify))
}

/// A way to a MySQL server that has to prove who it is, where the URL leaves that open.
fn verified(mysql: MySqlConnectOptions, verify: bool) -> MySqlConnectOptions {
    if verify {
        mysql.ssl_mode(MySqlSslMode::VerifyIdentity)
    } else {
        mysql
    }
}

fn configure_mysql(options: &mut ConnectOptions, url: &DatabaseUrl) {
    let (verify, is_cluster) = (url.needs_verification(), url.for_driver().len() > 1);
    options
        .map_sqlx_mysql_opts(move |mysql| verified(mysql, verify))
        .max_connections(MIGRATING_CONNECTIONS)
        .min_connections(0)
        .connect_lazy(true)
        .map_sqlx_mysql_pool_opts(move |pool| {
            pool.after_connect(move |connection, _| {
                Box::pin(async move {
                    session::begin(connection).await?;
                    if is_cluster {
                        membership::keep_apart(connection).await;
                    }
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
