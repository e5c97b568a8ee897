//! What the bot still owes somebody: claiming a delivery that is due, be it a message to post or one
//! that was posted and shows what is no longer so.
//!
//! A claim is a committed lease with an end, by the database's clock: nobody holds a lock while
//! talking to Slack, and a worker that dies leaves its work to the next one.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait as _, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{
    Database, Ending, FailureReason, StoreError, database,
    database::exactly_one,
    entity::{delivery, secret},
};
use crate::{
    clock::Timestamp,
    crypto::{DeliveryKeys, KeyId, OpenError, Parcel, SealedParcel},
    ids::{ChannelId, DeliveryId, MessageTs, SecretId, TeamId, UserId},
};

/// What a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The message with the link.
    RecipientMessage,
    /// What the sender is told.
    SenderReceipt,
}

impl Kind {
    /// The word in `deliveries.kind`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::RecipientMessage => "recipient_message",
            Self::SenderReceipt => "sender_receipt",
        }
    }

    fn from_code(code: &str) -> Result<Self, StoreError> {
        [Self::RecipientMessage, Self::SenderReceipt]
            .into_iter()
            .find(|kind| kind.code() == code)
            .ok_or(StoreError::Unreadable {
                column: "deliveries.kind",
            })
    }
}

/// A delivery leased to this worker.
#[derive(Clone)]
pub struct Job {
    /// Its row.
    pub id: DeliveryId,
    /// The secret that it is about.
    pub secret: SecretId,
    /// What it is.
    pub kind: Kind,
    /// Who gets it.
    pub addressee: UserId,
    /// Counted from 1. A later attempt takes the lease away from an earlier one.
    pub attempt: u32,
    /// What is known of the secret at the claim.
    pub facts: Facts,
    /// For a receipt: how the recipient's message went.
    pub outcome: Option<Outcome>,
    /// Where the message stands that is to be changed; `None` when it is still to be posted.
    pub posted: Option<Posted>,
    sealed: Option<SealedParcel>,
}

/// A message that Slack has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The conversation.
    pub channel: ChannelId,
    /// The message's time stamp, by which Slack knows it there.
    pub message: MessageTs,
}

/// How a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Slack took it.
    Sent,
    /// It never will be.
    Failed(FailureReason),
}

impl Outcome {
    /// The word in `deliveries.outcome`.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed(reason) => reason.code(),
        }
    }

    fn from_code(code: &str) -> Result<Self, StoreError> {
        if code == Self::Sent.code() {
            return Ok(Self::Sent);
        }
        FailureReason::from_code(code)
            .map(Self::Failed)
            .ok_or(StoreError::Unreadable {
                column: "deliveries.outcome",
            })
    }
}

/// What is known of a secret, but for what is sealed.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The workspace.
    pub team: TeamId,
    /// Who sent it.
    pub sender: UserId,
    /// The sender's name as it was at the submission.
    pub sender_name: String,
    /// Whom it is for.
    pub recipient: UserId,
    /// The recipient's language in Slack.
    pub recipient_locale: Option<String>,
    /// The recipient's time zone in Slack.
    pub recipient_tz: Option<String>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Until when it can be opened.
    pub expires_at: Timestamp,
    /// The database's time at the claim.
    pub now: Timestamp,
    /// How its life ended; `None` while it lives. An expired one may not have been swept yet.
    pub ending: Option<Ending>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Visits to its link after it was opened.
    pub reuses: i32,
    /// The last of them.
    pub reused_at: Option<Timestamp>,
    /// How often the page that opened it was sent again right after.
    pub repeats: i32,
}

impl Facts {
    /// Whether the link can still be opened.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.ending.is_none() && self.now < self.expires_at
    }
}

impl Job {
    /// Opens the link and the note that wait in the row.
    pub fn open(&self, keys: &DeliveryKeys) -> Result<Parcel, OpenError> {
        let sealed = self.sealed.as_ref().ok_or(OpenError::Malformed)?;
        keys.open(self.id, self.secret, sealed)
    }
}

/// Leases the delivery that has been due for longest, for `lease` long; `None` when nothing is due.
/// What goes to one of the `busy` is passed over.
pub async fn claim(
    database: &Database,
    lease: Duration,
    busy: &[UserId],
) -> Result<Option<Job>, StoreError> {
    let transaction = database.begin().await?;
    let work = async {
        let Some(row) = lock_due(database, &transaction, busy).await? else {
            return Ok(None);
        };
        let leased = delivery::Entity::update_many()
            .col_expr(delivery::Column::LeasedUntil, database.now_plus(lease))
            .col_expr(delivery::Column::Attempts, Expr::value(row.attempts + 1))
            .filter(delivery::Column::Id.eq(row.id))
            .exec(&transaction)
            .await?;
        exactly_one(leased.rows_affected)?;
        Ok(Some(row))
    }
    .await;
    match database::finish(transaction, work).await? {
        Some(row) => job(database, row).await.map(Some),
        None => Ok(None),
    }
}

async fn lock_due(
    database: &Database,
    transaction: &DatabaseTransaction,
    busy: &[UserId],
) -> Result<Option<DueRow>, StoreError> {
    let mut due = delivery::Entity::find()
        .select_only()
        .columns([
            delivery::Column::Id,
            delivery::Column::SecretId,
            delivery::Column::Kind,
            delivery::Column::Addressee,
            delivery::Column::KeyId,
            delivery::Column::Sealed,
            delivery::Column::Attempts,
            delivery::Column::SettledAt,
            delivery::Column::Channel,
            delivery::Column::MessageTs,
        ])
        .filter(Expr::col(delivery::Column::NextAttemptAt).lte(database.now()))
        .filter(
            Condition::any()
                .add(delivery::Column::LeasedUntil.is_null())
                .add(Expr::col(delivery::Column::LeasedUntil).lte(database.now())),
        )
        .order_by_asc(delivery::Column::NextAttemptAt)
        .limit(1)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    if !busy.is_empty() {
        let busy = busy.iter().map(UserId::as_str);
        due = due.filter(delivery::Column::Addressee.is_not_in(busy));
    }
    Ok(due.into_model::<DueRow>().one(transaction).await?)
}

#[derive(FromQueryResult)]
struct DueRow {
    id: Uuid,
    secret_id: Uuid,
    kind: String,
    addressee: String,
    key_id: Option<Vec<u8>>,
    sealed: Option<Vec<u8>>,
    attempts: i32,
    settled_at: Option<i64>,
    channel: Option<String>,
    message_ts: Option<String>,
}

impl DueRow {
    /// A settled delivery is due again for one reason only: its message shows what is no longer so.
    fn posted(&self) -> Result<Option<Posted>, StoreError> {
        if self.settled_at.is_none() {
            return Ok(None);
        }
        let place = self.channel.as_deref().zip(self.message_ts.as_deref());
        let posted = place.and_then(|(channel, message)| {
            Some(Posted {
                channel: ChannelId::parse(channel).ok()?,
                message: MessageTs::parse(message).ok()?,
            })
        });
        let unreadable = StoreError::Unreadable {
            column: "deliveries.message_ts",
        };
        posted.ok_or(unreadable).map(Some)
    }
}

async fn job(database: &Database, row: DueRow) -> Result<Job, StoreError> {
    let kind = Kind::from_code(&row.kind)?;
    let secret = SecretId::from_uuid(row.secret_id);
    let outcome = match kind {
        Kind::RecipientMessage => None,
        Kind::SenderReceipt => message_outcome(database, secret).await?,
    };
    let key_id = row.key_id.as_deref().and_then(KeyId::from_slice);
    Ok(Job {
        id: DeliveryId::from_uuid(row.id),
        secret,
        kind,
        addressee: user(&row.addressee, "deliveries.addressee")?,
        attempt: u32::try_from(row.attempts + 1).unwrap_or(1),
        facts: facts(database, secret).await?,
        outcome,
        posted: row.posted()?,
        sealed: key_id
            .zip(row.sealed)
            .map(|(key_id, content)| SealedParcel { key_id, content }),
    })
}

async fn message_outcome(
    database: &Database,
    secret: SecretId,
) -> Result<Option<Outcome>, StoreError> {
    let outcome: Option<Option<String>> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Outcome)
        .filter(delivery::Column::SecretId.eq(secret.as_uuid()))
        .filter(delivery::Column::Kind.eq(Kind::RecipientMessage.code()))
        .into_tuple()
        .one(database.connection())
        .await?;
    outcome
        .flatten()
        .as_deref()
        .map(Outcome::from_code)
        .transpose()
}

#[derive(FromQueryResult)]
struct FactsRow {
    team: String,
    sender: String,
    sender_name: String,
    recipient: String,
    recipient_locale: Option<String>,
    recipient_tz: Option<String>,
    created_at: i64,
    expires_at: i64,
    viewed_at: Option<i64>,
    destroyed_at: Option<i64>,
    destroy_reason: Option<String>,
    reuse_count: i32,
    reused_at: Option<i64>,
    repeat_count: i32,
    now: i64,
}

async fn facts(database: &Database, secret: SecretId) -> Result<Facts, StoreError> {
    let row = secret::Entity::find()
        .select_only()
        .columns([
            secret::Column::Team,
            secret::Column::Sender,
            secret::Column::SenderName,
            secret::Column::Recipient,
            secret::Column::RecipientLocale,
            secret::Column::RecipientTz,
            secret::Column::CreatedAt,
            secret::Column::ExpiresAt,
            secret::Column::ViewedAt,
            secret::Column::DestroyedAt,
            secret::Column::DestroyReason,
            secret::Column::ReuseCount,
            secret::Column::ReusedAt,
            secret::Column::RepeatCount,
        ])
        .column_as(database.now(), "now")
        .filter(secret::Column::Id.eq(secret.as_uuid()))
        .into_model::<FactsRow>()
        .one(database.connection())
        .await?
        .ok_or(StoreError::Stale)?;
    Ok(Facts {
        team: TeamId::parse(&row.team).map_err(|_| StoreError::Unreadable {
            column: "secrets.team",
        })?,
        sender: user(&row.sender, "secrets.sender")?,
        recipient: user(&row.recipient, "secrets.recipient")?,
        sender_name: row.sender_name,
        recipient_locale: row.recipient_locale,
        recipient_tz: row.recipient_tz,
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        now: Timestamp::from_millis(row.now),
        ending: Ending::from_columns(row.destroy_reason.as_deref(), row.viewed_at)?,
        ended_at: row.destroyed_at.map(Timestamp::from_millis),
        reuses: row.reuse_count,
        reused_at: row.reused_at.map(Timestamp::from_millis),
        repeats: row.repeat_count,
    })
}

fn user(text: &str, column: &'static str) -> Result<UserId, StoreError> {
    UserId::parse(text).map_err(|_| StoreError::Unreadable { column })
}
