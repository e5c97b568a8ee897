//! What operators are told in their channel: one row a cause and clock hour of the database's,
//! which the primary key gives to one bot; that it was posted stands there too.
//!
//! A bot leases the row before it posts ([`claim`]) and writes the message's place down after it
//! ([`posted`]). One that dies in between has it posted a second time: rather twice than never.

mod happened;
mod posting;

pub use happened::{Happened, Lately, STUCK_AFTER, look};
pub use posting::{Alert, Standing, claim, posted, refused, standing};

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, FromQueryResult, Statement, Value};

use super::{Database, StoreError};
use crate::domain::ids::ChannelId;

/// How long rows are kept: longer than anybody looks back for what happened.
const KEPT_FOR: Duration = Duration::from_hours(24 * 7);

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Links were visited after their secrets had been opened.
    Reused,
    /// Recipients said that it wasn't them who opened a secret.
    Disputed,
    /// Secrets could not be decrypted.
    DecryptFailed,
    /// More was refused within an hour than people do by mistake.
    Denied,
    /// Messages wait for long.
    DeliveriesStuck,
    /// Expired secrets are not destroyed.
    ExpiryStuck,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 6] = [
        Self::Reused,
        Self::Disputed,
        Self::DecryptFailed,
        Self::Denied,
        Self::DeliveriesStuck,
        Self::ExpiryStuck,
    ];

    /// The word in the table, and in logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reused => "reused",
            Self::Disputed => "disputed",
            Self::DecryptFailed => "decrypt_failed",
            Self::Denied => "denied",
            Self::DeliveriesStuck => "deliveries_stuck",
            Self::ExpiryStuck => "expiry_stuck",
        }
    }

    /// The trail's event, for those that each of its entries is an alert of: a message tells of
    /// more that happens in its hour, too.
    const fn event(self) -> Option<&'static str> {
        match self {
            Self::Reused | Self::Disputed | Self::DecryptFailed => Some(self.code()),
            Self::Denied | Self::DeliveriesStuck | Self::ExpiryStuck => None,
        }
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// That alerts come to this channel: said there once, and shows whether they can.
    Begun,
    /// Something that happened.
    Cause(Cause),
}

impl Subject {
    fn from_code(code: &str) -> Result<Self, StoreError> {
        if code.starts_with(BEGUN) {
            return Ok(Self::Begun);
        }
        let cause = Cause::ALL.into_iter().find(|cause| cause.code() == code);
        cause.map(Self::Cause).ok_or(StoreError::Unreadable {
            column: "alerts.cause",
        })
    }
}

/// What the cause of a channel's first row begins with; the channel's id stands behind it.
const BEGUN: &str = "begun:";

/// What came of telling the database of something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// It is this bot's to log: a new alert, or one of which more is known.
    Told,
    /// It is known.
    Known,
}

/// Sees to it that a channel is told once that alerts come there.
pub async fn begin(database: &Database, channel: &ChannelId) -> Result<(), StoreError> {
    insert(database, &format!("{BEGUN}{channel}"), 0, 0, "").await?;
    Ok(())
}

/// Makes the alert of a cause and hour, unless it is there; one of which the message does not tell
/// all is due again.
pub async fn raise(database: &Database, happened: &Happened) -> Result<Raised, StoreError> {
    let secrets: Vec<_> = happened.secrets.iter().map(ToString::to_string).collect();
    let (cause, hour) = (happened.cause.code(), happened.hour);
    let (count, secrets) = (count(happened.count), secrets.join(","));
    if insert(database, cause, hour, count, &secrets).await? {
        return Ok(Raised::Told);
    }
    if happened.cause.event().is_none() {
        return Ok(Raised::Known);
    }
    let now = database.now_sql();
    let more = format!(
        "UPDATE alerts SET happened = ?, secrets = ?, next_attempt_at = {now} \
         WHERE cause = ? AND clock_hour = ? AND happened < ?"
    );
    let values = [
        count.into(),
        secrets.into(),
        cause.into(),
        hour.into(),
        count.into(),
    ];
    let is_more = execute(database, &more, values).await? == 1;
    Ok(if is_more { Raised::Told } else { Raised::Known })
}

/// Removes rows of long ago.
pub async fn forget_old(database: &Database) -> Result<(), StoreError> {
    let (now, kept_for) = (database.now_sql(), KEPT_FOR.as_millis());
    let old = format!("DELETE FROM alerts WHERE made_at < {now} - {kept_for} AND clock_hour > 0");
    execute(database, &old, []).await?;
    Ok(())
}

/// Adds a row that is due; says whether it wasn't there.
async fn insert(
    database: &Database,
    cause: &str,
    hour: i64,
    happened: i32,
    secrets: &str,
) -> Result<bool, StoreError> {
    #[derive(FromQueryResult)]
    struct Known {
        #[expect(dead_code, reason = "that there is a row is what matters")]
        clock_hour: i64,
    }
    let known = "SELECT clock_hour FROM alerts WHERE cause = ? AND clock_hour = ?";
    let known = statement(database, known, [cause.into(), hour.into()]);
    let known = Known::find_by_statement(known).one(database.connection());
    if known.await?.is_some() {
        return Ok(false);
    }
    let now = database.now_sql();
    let add = format!(
        "INSERT INTO alerts (cause, clock_hour, made_at, happened, secrets, next_attempt_at) \
         VALUES (?, ?, {now}, ?, ?, {now})"
    );
    let values = [cause.into(), hour.into(), happened.into(), secrets.into()];
    match execute(database, &add, values).await {
        Ok(_) => Ok(true),
        // Another bot was faster.
        Err(StoreError::Duplicate) => Ok(false),
        Err(error) => Err(error),
    }
}

fn statement<const N: usize>(database: &Database, sql: &str, values: [Value; N]) -> Statement {
    let backend = database.connection().get_database_backend();
    Statement::from_sql_and_values(backend, sql, values)
}

/// Runs it; says how many rows it changed.
async fn execute<const N: usize>(
    database: &Database,
    sql: &str,
    values: [Value; N],
) -> Result<u64, StoreError> {
    let statement = statement(database, sql, values);
    let done = database.connection().execute_raw(statement).await?;
    Ok(done.rows_affected())
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_known_by_its_word() {
        for cause in Cause::ALL {
            assert_eq!(Subject::from_code(cause.code()), Ok(Subject::Cause(cause)));
        }
        assert_eq!(Subject::from_code("begun:C0123ABCD"), Ok(Subject::Begun));
        assert!(Subject::from_code("other").is_err());
    }
}
