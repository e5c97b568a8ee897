//! Finding what operators want to hear of: in the trail, by event and time, and in what waits.

use std::{collections::BTreeMap, time::Duration};

use sea_orm::{FromQueryResult, Value};

use super::{Cause, Database, StoreError, statement};
use crate::domain::{clock::Timestamp, ids::SecretId};

/// How long a message waits, or an expired secret stays at least, before that is told.
pub const STUCK_AFTER: Duration = Duration::from_mins(10);

/// So many refusals within an hour are told by nobody.
const USUAL_DENIED: usize = 20;

/// The length of an hour, in milliseconds.
const HOUR: i64 = 3_600_000;

/// Most ids that an alert tells.
const MOST_IDS: usize = 10;

/// Most rows of a cause that are looked at: beyond them the number is of no matter.
const MOST_ROWS: usize = 1000;

/// How far to look.
#[derive(Clone, Copy, Debug)]
pub struct Lately {
    /// How far back in the trail: more than a transaction takes, and less than rows are kept.
    pub within: Duration,
    /// How long after its end an expired secret should have been destroyed.
    pub overdue_after: Duration,
}

/// What is to be told of one cause and clock hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// What.
    pub cause: Cause,
    /// When: whole hours since the Unix epoch.
    pub hour: i64,
    /// How often, as far as it was counted.
    pub count: usize,
    /// The newest of the secrets, a few.
    pub secrets: Vec<SecretId>,
}

#[derive(FromQueryResult)]
struct Row {
    secret_id: Option<SecretId>,
    at: Timestamp,
}

/// Looks for what happened lately, and for what is stuck. Whoever looks finds the same: whether it
/// is told already stands in the alerts' rows.
pub async fn look(database: &Database, lately: Lately) -> Result<Vec<Happened>, StoreError> {
    let now = database.clock().await?;
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(HOUR);
    let this_hour = now.as_millis().div_euclid(HOUR);
    let mut found = Vec::new();
    for cause in Cause::ALL {
        let Some(event) = cause.event() else {
            continue;
        };
        let since = now.as_millis() - millis(lately.within);
        // Hours are told whole: one that has begun before that is not counted again.
        let since = since.div_euclid(HOUR) * HOUR - 1;
        found.extend(by_hour(cause, of_trail(database, event, since).await?));
    }
    let now_stuck =
        |cause, rows: Vec<Row>| (!rows.is_empty()).then(|| of_rows(cause, this_hour, &rows));
    let since = now.as_millis() - HOUR;
    let since = since.max(last_made(database, Cause::Denied).await?);
    let denied = of_trail(database, Cause::Denied.code(), since).await?;
    if denied.len() > USUAL_DENIED {
        found.extend(now_stuck(Cause::Denied, denied));
    }
    let waiting = waiting(database, now.as_millis() - millis(STUCK_AFTER)).await?;
    found.extend(now_stuck(Cause::DeliveriesStuck, waiting));
    let overdue = overdue(database, now.as_millis() - millis(lately.overdue_after)).await?;
    found.extend(now_stuck(Cause::ExpiryStuck, overdue));
    Ok(found)
}

/// The entries of an event after an instant, the newest first.
async fn of_trail(
    database: &Database,
    event: &'static str,
    since: i64,
) -> Result<Vec<Row>, StoreError> {
    let sql = format!(
        "SELECT secret_id, occurred_at AS at FROM audit_events \
         WHERE event = ? AND occurred_at > ? ORDER BY occurred_at DESC LIMIT {MOST_ROWS}"
    );
    rows(database, &sql, [event.into(), since.into()]).await
}

/// Messages to recipients that were stored before an instant, and are not out.
async fn waiting(database: &Database, before: i64) -> Result<Vec<Row>, StoreError> {
    let sql = format!(
        "SELECT secret_id, created_at AS at FROM deliveries \
         WHERE next_attempt_at >= 0 AND settled_at IS NULL AND kind = 'recipient_message' \
         AND created_at <= ? ORDER BY next_attempt_at LIMIT {MOST_ROWS}"
    );
    rows(database, &sql, [before.into()]).await
}

/// Secrets that live and expired before an instant.
async fn overdue(database: &Database, before: i64) -> Result<Vec<Row>, StoreError> {
    let sql = format!(
        "SELECT id AS secret_id, expires_at AS at FROM secrets \
         WHERE destroyed_at IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT {MOST_ROWS}"
    );
    rows(database, &sql, [before.into()]).await
}

/// When the last alert of a cause was made; long ago if there is none.
async fn last_made(database: &Database, cause: Cause) -> Result<i64, StoreError> {
    #[derive(FromQueryResult)]
    struct Last {
        made_at: i64,
    }
    let sql = "SELECT made_at FROM alerts WHERE cause = ? ORDER BY clock_hour DESC LIMIT 1";
    let last = Last::find_by_statement(statement(database, sql, [cause.code().into()]));
    let last = last.one(database.connection()).await?;
    Ok(last.map_or(0, |last| last.made_at))
}

async fn rows<const N: usize>(
    database: &Database,
    sql: &str,
    values: [Value; N],
) -> Result<Vec<Row>, StoreError> {
    let found = Row::find_by_statement(statement(database, sql, values));
    Ok(found.all(database.connection()).await?)
}

/// Each hour's by itself.
fn by_hour(cause: Cause, rows: Vec<Row>) -> Vec<Happened> {
    let oldest = rows.last().map(|row| row.at.as_millis().div_euclid(HOUR));
    let is_cut = rows.len() >= MOST_ROWS;
    let mut hours: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
    for row in rows {
        let hour = row.at.as_millis().div_euclid(HOUR);
        hours.entry(hour).or_default().push(row);
    }
    // Of the hour at which the rows were cut only a part is known.
    if is_cut && hours.len() > 1 {
        hours.retain(|hour, _| Some(*hour) != oldest);
    }
    let hours = hours.into_iter();
    hours
        .map(|(hour, rows)| of_rows(cause, hour, &rows))
        .collect()
}

fn of_rows(cause: Cause, hour: i64, rows: &[Row]) -> Happened {
    let mut secrets: Vec<SecretId> = Vec::new();
    for secret in rows.iter().filter_map(|row| row.secret_id) {
        if secrets.len() < MOST_IDS && !secrets.contains(&secret) {
            secrets.push(secret);
        }
    }
    Happened {
        cause,
        hour,
        count: rows.len(),
        secrets,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hour_is_told_by_itself_with_a_few_ids() {
        let twice = SecretId::generate();
        let row = |secret_id, at| Row {
            secret_id,
            at: Timestamp::from_millis(at),
        };
        let mut rows: Vec<_> = (0..12)
            .map(|number| row(Some(SecretId::generate()), 2 * HOUR + 30 - number))
            .collect();
        rows.push(row(Some(twice), HOUR + 1));
        rows.push(row(Some(twice), HOUR));
        rows.push(row(None, HOUR));
        let told = by_hour(Cause::Reused, rows);
        let counts: Vec<_> = told
            .iter()
            .map(|told| (told.hour, told.count, told.secrets.len()))
            .collect();
        assert_eq!(counts, [(1, 3, 1), (2, 12, MOST_IDS)]);
    }
}
