//! The bots that run on this database, each in a row of its own: how many connections to Slack they
//! have, so that it shows when the Slack app has more.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, Statement, Value};

use super::{Database, StoreError};
use crate::domain::{clock::Timestamp, ids::BotId};

/// A bot that said nothing for so long is not taken for a running one. One that vanished may have
/// had its connections until then, as far as Slack knows.
pub const FRESH_FOR: Duration = Duration::from_mins(3);

/// How long Slack may count the connections of a bot that said that it stops.
const AFTER_STOP: Duration = Duration::from_secs(10);

/// How long rows are kept.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// What the bots of this database had when Slack counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// So many connections at most.
    Connections(u32),
    /// One that was running has not said since how many it had.
    NotKnownYet,
}

/// A bot that runs.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
struct Row {
    connections: i32,
    seen_at: Timestamp,
    stopped_at: Option<Timestamp>,
    clock: Timestamp,
}

/// What Slack counted of the app's connections beyond those of this database's bots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strangers {
    /// How many.
    pub count: u32,
    /// When Slack counted.
    pub counted_at: Timestamp,
    /// The database's time.
    pub now: Timestamp,
}

/// Notes that a bot runs, and how many connections it had within [`FRESH_FOR`].
pub async fn note(database: &Database, bot: BotId, connections: u32) -> Result<(), StoreError> {
    let now = database.now_sql();
    let update = match database.connection().get_database_backend() {
        DbBackend::MySql => "ON DUPLICATE KEY UPDATE",
        _ => "ON CONFLICT (id) DO UPDATE SET",
    };
    let count = i32::try_from(connections).unwrap_or(i32::MAX);
    let sql = format!(
        "INSERT INTO bots (id, connections, started_at, seen_at) VALUES (?, ?, {now}, {now}) \
         {update} connections = ?, seen_at = {now}"
    );
    let values: [Value; 3] = [bot.into(), count.into(), count.into()];
    run(database, &sql, values).await
}

/// Notes that a bot stops.
pub async fn stop(database: &Database, bot: BotId) -> Result<(), StoreError> {
    let now = database.now_sql();
    let sql = format!("UPDATE bots SET stopped_at = {now} WHERE id = ?");
    run(database, &sql, [bot.into()]).await
}

/// Removes the rows of bots that are long gone.
pub async fn forget_old(database: &Database) -> Result<(), StoreError> {
    let (now, kept_for) = (database.now_sql(), KEPT_FOR.as_millis());
    let sql = format!("DELETE FROM bots WHERE seen_at < {now} - {kept_for}");
    run(database, &sql, []).await
}

/// How many connections the bots had so long ago, when Slack counted.
pub async fn connections(database: &Database, ago: Duration) -> Result<Sum, StoreError> {
    let connection = database.connection();
    let (now, ago_millis) = (database.now_sql(), ago.as_millis());
    let (fresh, after_stop) = (FRESH_FOR.as_millis(), AFTER_STOP.as_millis());
    let statement = Statement::from_string(
        connection.get_database_backend(),
        format!(
            "SELECT connections, seen_at, stopped_at, {now} AS clock FROM bots \
             WHERE started_at <= {now} - {ago_millis} AND ((stopped_at IS NULL \
             AND seen_at >= {now} - {ago_millis} - {fresh}) OR stopped_at >= {now} - {ago_millis} - {after_stop})"
        ),
    );
    let rows = Row::find_by_statement(statement).all(connection).await?;
    let is_open = |row: &Row| {
        let runs = row.stopped_at.is_none() && row.seen_at.until(row.clock) < FRESH_FOR;
        runs && row.seen_at.until(row.clock) > ago
    };
    if rows.iter().any(is_open) {
        return Ok(Sum::NotKnownYet);
    }
    let sum: i64 = rows.iter().map(|row| i64::from(row.connections)).sum();
    Ok(Sum::Connections(u32::try_from(sum).unwrap_or(0)))
}

/// Notes what a bot found when Slack counted so long ago.
pub async fn counted(
    database: &Database,
    bot: BotId,
    strangers: u32,
    ago: Duration,
) -> Result<(), StoreError> {
    let (now, ago) = (database.now_sql(), ago.as_millis());
    let sql = format!("UPDATE bots SET strangers = ?, counted_at = {now} - {ago} WHERE id = ?");
    let strangers = i32::try_from(strangers).unwrap_or(i32::MAX);
    run(database, &sql, [strangers.into(), bot.into()]).await
}

/// What the bots that run found lately: the most that one of them did. `None` when none runs.
pub async fn strangers(database: &Database) -> Result<Option<Strangers>, StoreError> {
    #[derive(FromQueryResult)]
    struct Row {
        strangers: i32,
        counted_at: Option<Timestamp>,
        clock: Timestamp,
    }
    let connection = database.connection();
    let (now, fresh) = (database.now_sql(), FRESH_FOR.as_millis());
    let statement = Statement::from_string(
        connection.get_database_backend(),
        format!(
            "SELECT strangers, counted_at, {now} AS clock FROM bots \
             WHERE stopped_at IS NULL AND seen_at > {now} - {fresh} \
             ORDER BY strangers DESC, counted_at DESC LIMIT 1"
        ),
    );
    let row = Row::find_by_statement(statement).one(connection).await?;
    Ok(row.map(|row| Strangers {
        count: u32::try_from(row.strangers).unwrap_or(0),
        counted_at: row.counted_at.unwrap_or(row.clock),
        now: row.clock,
    }))
}

async fn run<const N: usize>(
    database: &Database,
    sql: &str,
    values: [Value; N],
) -> Result<(), StoreError> {
    let connection = database.connection();
    let backend = connection.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    connection.execute_raw(statement).await?;
    Ok(())
}
