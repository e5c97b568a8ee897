//! Sessions with MySQL: what each begins with, how many there are, and how long one is waited for.

use std::time::Duration;

use sea_orm::sqlx::{self, AssertSqlSafe, Executor as _, MySqlConnection};

/// Connections of one process to MySQL. On two cores more clients than this only wait in the server
/// instead of here.
pub(super) const CONNECTIONS: u32 = 32;

/// Longest wait for a connection.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection idle for longer is asked whether it still lives before it is used.
pub(super) const PING_AFTER_IDLE: Duration = Duration::from_secs(20);

/// MySQL ends a session that says nothing for so long: one whose program vanished without a word,
/// as by a power cut, keeps its locks until then. Longer than [`PING_AFTER_IDLE`], so that no
/// connection ends unasked.
pub(super) const SILENCE: Duration = Duration::from_secs(35);

/// How the server reads SQL, whatever it was configured to: MySQL's own default, with `||` for
/// texts as everywhere else. Stored procedures keep what they were made under.
pub const SQL_MODE: &str = "PIPES_AS_CONCAT,ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,\
                            NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
                            NO_ENGINE_SUBSTITUTION";

/// Says what a new session needs.
pub(super) async fn begin(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    // READ COMMITTED takes no gap locks: asking for an unknown link must not block an insert. The
    // wait for a row lock stays well under a request's deadline.
    let session = format!(
        "SET SESSION transaction_isolation = 'READ-COMMITTED', \
         innodb_lock_wait_timeout = 3, wait_timeout = {}, sql_mode = '{SQL_MODE}', \
         time_zone = '+00:00', sql_quote_show_create = 1",
        SILENCE.as_secs()
    );
    connection.execute(AssertSqlSafe(session)).await?;
    Ok(())
}
