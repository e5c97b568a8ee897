//! What waits in the database, for operators' eyes.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, FromQueryResult, Statement};

use super::{Database, StoreError};
use crate::domain::clock::Timestamp;

/// What waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Messages to post or to change that are due or wait for their next try.
    pub deliveries: u64,
    /// Those of them that Slack refuses to take from the app as a whole.
    pub held: u64,
    /// How long ago the oldest of those to post was stored; zero when there is none.
    pub oldest_delivery: Duration,
    /// How long ago the oldest expired secret expired that was not destroyed yet; zero when there
    /// is none.
    pub oldest_expired: Duration,
}

#[derive(FromQueryResult)]
struct Row {
    deliveries: i64,
    held: i64,
    oldest_delivery: Option<Timestamp>,
    oldest_expired: Option<Timestamp>,
    clock: Timestamp,
}

/// Looks how much waits.
pub async fn read(database: &Database) -> Result<Backlog, StoreError> {
    let connection = database.connection();
    let statement = Statement::from_string(
        connection.get_database_backend(),
        "SELECT waiting.deliveries, waiting.held, waiting.oldest_delivery, expiry.oldest_expired, __NOW__ AS clock \
         FROM (SELECT COUNT(*) AS deliveries, COUNT(held_since) AS held, \
               MIN(CASE WHEN settled_at IS NULL AND kind = 'recipient_message' THEN created_at END) \
               AS oldest_delivery \
               FROM deliveries WHERE next_attempt_at >= 0) AS waiting, \
              (SELECT MIN(expires_at) AS oldest_expired \
               FROM secrets WHERE destroyed_at IS NULL) AS expiry"
            .replace("__NOW__", database.now_sql()),
    );
    let row = Row::find_by_statement(statement)
        .one(connection)
        .await?
        .ok_or(StoreError::Unreadable { column: "clock" })?;
    let age =
        |since: Option<Timestamp>| since.map_or(Duration::ZERO, |since| since.until(row.clock));
    Ok(Backlog {
        deliveries: u64::try_from(row.deliveries).unwrap_or(0),
        held: u64::try_from(row.held).unwrap_or(0),
        oldest_delivery: age(row.oldest_delivery),
        oldest_expired: age(row.oldest_expired),
    })
}
