//! Reminding recipients of secrets that nobody opened yet: once, whatever happens. A bot marks the
//! row ([`take`]) and commits before it posts; one that dies in between leaves its recipient
//! without a reminder: rather never than twice.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::{
    Database, StoreError,
    deliveries::{self, Posted},
};
use crate::domain::{
    clock::Timestamp,
    ids::{ChannelId, DeliveryId, MessageTs, SecretId, UserId},
};

/// Who sends for less than that means at once.
const SHORTEST_LIFETIME: Duration = Duration::from_hours(1);

/// Most that are reminded of in one look.
const BATCH: u32 = 50;

/// A secret of which its recipient is to be reminded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The recipient's message.
    pub delivery: DeliveryId,
    /// The secret.
    pub secret: SecretId,
    /// Whom it is for, with language and zone as far as the row knows them.
    pub recipient: UserId,
    /// The recipient's language.
    pub locale: Option<String>,
    /// The recipient's zone.
    pub tz: Option<String>,
    /// Until when it can be opened.
    pub expires_at: Timestamp,
    /// The database's clock.
    pub now: Timestamp,
    /// Where the message is.
    pub posted: Posted,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    secret: SecretId,
    recipient: String,
    recipient_locale: Option<String>,
    recipient_tz: Option<String>,
    expires_at: Timestamp,
    channel: Option<String>,
    message_ts: Option<String>,
    clock: Timestamp,
}

/// The secrets that live, were sent for an hour or more and end within `before`, of which nobody
/// was reminded. A message that came later than the reminder would have needs none.
pub async fn due(database: &Database, before: Duration) -> Result<Vec<Due>, StoreError> {
    let (now, before) = (database.now_sql(), before.as_millis());
    let shortest = SHORTEST_LIFETIME.as_millis();
    let sql = format!(
        "SELECT deliveries.id AS id, secrets.id AS secret, secrets.recipient, \
         secrets.recipient_locale, secrets.recipient_tz, secrets.expires_at, deliveries.channel, \
         deliveries.message_ts, {now} AS clock \
         FROM secrets JOIN deliveries ON deliveries.secret_id = secrets.id \
         AND deliveries.kind = 'recipient_message' \
         WHERE secrets.destroyed_at IS NULL AND secrets.expires_at > {now} \
         AND secrets.expires_at <= {now} + {before} \
         AND secrets.expires_at - secrets.created_at >= {shortest} \
         AND deliveries.reminded_at IS NULL AND deliveries.message_ts IS NOT NULL \
         AND deliveries.posted_at <= secrets.expires_at - {before} LIMIT {BATCH}"
    );
    let rows = Row::find_by_statement(statement(database, sql, []));
    let mut due = Vec::new();
    for row in rows.all(database.connection()).await? {
        let delivery = DeliveryId::from_uuid(row.id);
        match row.due() {
            Some(one) => due.push(one),
            // One that can't be read must not keep the others from their turn.
            None => drop(take(database, delivery).await?),
        }
    }
    Ok(due)
}

impl Row {
    fn due(self) -> Option<Due> {
        Some(Due {
            delivery: DeliveryId::from_uuid(self.id),
            secret: self.secret,
            recipient: deliveries::user(&self.recipient, "secrets.recipient").ok()?,
            locale: self.recipient_locale,
            tz: self.recipient_tz,
            expires_at: self.expires_at,
            now: self.clock,
            posted: Posted {
                channel: ChannelId::parse(self.channel.as_deref()?).ok()?,
                message: MessageTs::parse(self.message_ts.as_deref()?).ok()?,
            },
        })
    }
}

/// Marks a message as reminded of. Whether nobody did before: then, and once this is committed, it
/// is this bot's to post.
pub async fn take(database: &Database, delivery: DeliveryId) -> Result<bool, StoreError> {
    let now = database.now_sql();
    let mark =
        format!("UPDATE deliveries SET reminded_at = {now} WHERE id = ? AND reminded_at IS NULL");
    Ok(execute(database, mark, delivery).await? == 1)
}

/// Takes the mark back, where it is known that nothing was posted.
pub async fn put_back(database: &Database, delivery: DeliveryId) -> Result<(), StoreError> {
    let mark = "UPDATE deliveries SET reminded_at = NULL WHERE id = ?".to_owned();
    execute(database, mark, delivery).await?;
    Ok(())
}

/// Whether the recipient of a secret was reminded, or that was left out.
pub async fn is_taken(database: &Database, secret: SecretId) -> Result<bool, StoreError> {
    let taken = "SELECT id FROM deliveries WHERE secret_id = ? AND kind = 'recipient_message' \
                 AND reminded_at IS NOT NULL";
    let taken = statement(database, taken.to_owned(), [secret.into()]);
    Ok(database.connection().query_one_raw(taken).await?.is_some())
}

/// Whether a secret can still be opened.
pub async fn lives(database: &Database, secret: SecretId) -> Result<bool, StoreError> {
    let now = database.now_sql();
    let lives = format!(
        "SELECT id FROM secrets WHERE id = ? AND destroyed_at IS NULL AND expires_at > {now}"
    );
    let lives = statement(database, lives, [secret.into()]);
    Ok(database.connection().query_one_raw(lives).await?.is_some())
}

async fn execute(
    database: &Database,
    sql: String,
    delivery: DeliveryId,
) -> Result<u64, StoreError> {
    let statement = statement(database, sql, [delivery.into()]);
    let done = database.connection().execute_raw(statement).await?;
    Ok(done.rows_affected())
}

fn statement<const N: usize>(database: &Database, sql: String, values: [Value; N]) -> Statement {
    let backend = database.connection().get_database_backend();
    Statement::from_sql_and_values(backend, sql, values)
}
