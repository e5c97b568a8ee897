//! Taking an alert that is due, and writing down how it went.

use std::time::Duration;

use sea_orm::FromQueryResult;

use super::{BEGUN, Database, StoreError, Subject, execute, statement};
use crate::{
    domain::{
        clock::Timestamp,
        ids::{ChannelId, MessageTs},
    },
    store::{database::exactly_one, deliveries::Posted},
};

/// How far ahead nothing is leased or due: what is was written down by another clock.
const FAR_AHEAD: Duration = Duration::from_hours(2);

/// How far back doctor looks for what became of alerts.
const LATELY: Duration = Duration::from_hours(24);

/// An alert that is leased.
#[derive(Clone, Debug)]
pub struct Alert {
    /// What it is about.
    pub subject: Subject,
    /// How often it happened.
    pub count: u64,
    /// Ids of secrets, the newest first.
    pub secrets: Vec<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// The database's clock.
    pub now: Timestamp,
    /// Where it stands already, with less in it.
    pub posted: Option<Posted>,
    /// How the try before was refused.
    pub refusal: Option<String>,
    /// How often it was tried, this time among them.
    pub attempt: u32,
    key: Key,
}

/// A row, and whose it is.
#[derive(Clone, Debug)]
struct Key {
    cause: String,
    hour: i64,
    attempts: i32,
}

#[derive(FromQueryResult)]
struct Row {
    cause: String,
    clock_hour: i64,
    made_at: Timestamp,
    happened: i32,
    secrets: String,
    attempts: i32,
    channel: Option<String>,
    message_ts: Option<String>,
    refusal: Option<String>,
    clock: Timestamp,
}

/// Leases an alert that is due for `lease` long; `None` when there is none.
pub async fn claim(database: &Database, lease: Duration) -> Result<Option<Alert>, StoreError> {
    let (now, far) = (database.now_sql(), FAR_AHEAD.as_millis());
    let is_free =
        format!("(leased_until IS NULL OR leased_until <= {now} OR leased_until > {now} + {far})");
    let due = format!(
        "SELECT cause, clock_hour, made_at, happened, secrets, attempts, channel, message_ts, \
         refusal, {now} AS clock FROM alerts WHERE next_attempt_at >= 0 \
         AND (next_attempt_at <= {now} OR next_attempt_at > {now} + {far}) AND {is_free} \
         ORDER BY next_attempt_at LIMIT 8"
    );
    let due = Row::find_by_statement(statement(database, &due, []));
    let lease = lease.as_millis();
    let take = format!(
        "UPDATE alerts SET attempts = attempts + 1, tried_at = {now}, \
         leased_until = {now} + {lease} \
         WHERE cause = ? AND clock_hour = ? AND attempts = ? AND {is_free}"
    );
    for row in due.all(database.connection()).await? {
        let key = [
            row.cause.clone().into(),
            row.clock_hour.into(),
            row.attempts.into(),
        ];
        if execute(database, &take, key).await? == 1 {
            return row.leased().map(Some);
        }
    }
    Ok(None)
}

impl Alert {
    /// What it is about, in a word for logs.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.key.cause
    }
}

impl Row {
    fn leased(self) -> Result<Alert, StoreError> {
        let place = self.channel.as_deref().zip(self.message_ts.as_deref());
        let posted = place.and_then(|(channel, message)| {
            Some(Posted {
                channel: ChannelId::parse(channel).ok()?,
                message: MessageTs::parse(message).ok()?,
            })
        });
        let secrets = self.secrets.split(',').filter(|id| !id.is_empty());
        let attempts = self.attempts + 1;
        Ok(Alert {
            subject: Subject::from_code(&self.cause)?,
            count: u64::try_from(self.happened).unwrap_or_default(),
            secrets: secrets.map(str::to_owned).collect(),
            made_at: self.made_at,
            now: self.clock,
            posted,
            refusal: self.refusal,
            attempt: u32::try_from(attempts).unwrap_or(1),
            key: Key {
                cause: self.cause,
                hour: self.clock_hour,
                attempts,
            },
        })
    }
}

/// Writes down where an alert stands. What happened meanwhile is due at once.
///
/// # Errors
/// [`StoreError::Stale`] when another bot has it by now.
pub async fn posted(database: &Database, alert: &Alert, at: &Posted) -> Result<(), StoreError> {
    let now = database.now_sql();
    let told = i32::try_from(alert.count).unwrap_or(i32::MAX);
    let settle = format!(
        "UPDATE alerts SET channel = ?, message_ts = ?, told = ?, refusal = NULL, \
         leased_until = NULL, \
         next_attempt_at = CASE WHEN happened > ? THEN {now} ELSE NULL END \
         WHERE cause = ? AND clock_hour = ? AND attempts = ?"
    );
    let values = [
        at.channel.as_str().into(),
        at.message.as_str().into(),
        told.into(),
        told.into(),
        alert.key.cause.clone().into(),
        alert.key.hour.into(),
        alert.key.attempts.into(),
    ];
    exactly_one(execute(database, &settle, values).await?)
}

/// Writes down that an alert could not be posted, by which code of Slack's if it answered with
/// one, and the pause before the next try; without one it is given up.
///
/// # Errors
/// [`StoreError::Stale`] when another bot has it by now.
pub async fn refused(
    database: &Database,
    alert: &Alert,
    channel: &ChannelId,
    code: Option<&str>,
    pause: Option<Duration>,
) -> Result<(), StoreError> {
    let now = database.now_sql();
    let pause = pause.map(|pause| i64::try_from(pause.as_millis()).unwrap_or(i64::MAX / 4));
    // A message that is out keeps its place.
    let settle = format!(
        "UPDATE alerts SET channel = CASE WHEN message_ts IS NULL THEN ? ELSE channel END, \
         refusal = ?, leased_until = NULL, next_attempt_at = {now} + ? \
         WHERE cause = ? AND clock_hour = ? AND attempts = ?"
    );
    let values = [
        channel.as_str().into(),
        code.into(),
        pause.into(),
        alert.key.cause.clone().into(),
        alert.key.hour.into(),
        alert.key.attempts.into(),
    ];
    exactly_one(execute(database, &settle, values).await?)
}

/// How it stands with a channel, by the last try within a day, or by the first ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When.
    pub at: Timestamp,
    /// The database's clock.
    pub now: Timestamp,
    /// Whether it was posted.
    pub is_posted: bool,
    /// Slack's code, where it refused.
    pub refusal: Option<String>,
}

/// What became of the last alert for a channel; `None` when none was tried.
pub async fn standing(
    database: &Database,
    channel: &ChannelId,
) -> Result<Option<Standing>, StoreError> {
    #[derive(FromQueryResult)]
    struct Found {
        channel: Option<String>,
        message_ts: Option<String>,
        refusal: Option<String>,
        tried_at: Option<Timestamp>,
        clock: Timestamp,
    }
    let (now, lately) = (database.now_sql(), LATELY.as_millis());
    let columns = format!("channel, message_ts, refusal, tried_at, {now} AS clock");
    let begun = format!("SELECT {columns} FROM alerts WHERE cause = ? AND clock_hour = 0");
    let begun = statement(database, &begun, [format!("{BEGUN}{channel}").into()]);
    let later = format!("SELECT {columns} FROM alerts WHERE made_at >= {now} - {lately}");
    let later = statement(database, &later, []);
    let mut last: Option<Standing> = None;
    for wanted in [begun, later] {
        let rows = Found::find_by_statement(wanted);
        for row in rows.all(database.connection()).await? {
            let is_here = row.channel.as_deref() == Some(channel.as_str());
            let Some(tried_at) = row.tried_at.filter(|_| is_here) else {
                continue;
            };
            if last.as_ref().is_none_or(|last| last.at <= tried_at) {
                last = Some(Standing {
                    at: tried_at,
                    now: row.clock,
                    is_posted: row.message_ts.is_some() && row.refusal.is_none(),
                    refusal: row.refusal,
                });
            }
        }
    }
    Ok(last)
}
