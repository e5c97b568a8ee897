//! What the bot still owes somebody, be it a message to post or one that was posted and shows what
//! is no longer so. [`claim`](super::claim) takes one, [`settle`](super::settle) writes down that
//! it is done, [`later`](super::later) that it is not.

use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use super::{
    Database, Ending, FailureReason, RevokedBy, StoreError,
    entity::{delivery, secret},
};
use crate::{
    crypto::{DeliveryKeys, KeyId, OpenError, Parcel, ResponseUrl, SealedParcel, Way},
    domain::{
        clock::Timestamp,
        display_name::DisplayName,
        home::Home,
        ids::{ChannelId, DeliveryId, MessageTs, SecretId, TeamId, UserId},
    },
};

/// What a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryKind {
    /// The message with the link.
    RecipientMessage,
    /// What the sender is told.
    SenderReceipt,
}

impl DeliveryKind {
    /// The word in `deliveries.kind`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::RecipientMessage => "recipient_message",
            Self::SenderReceipt => "sender_receipt",
        }
    }

    pub(super) fn from_code(code: &str) -> Result<Self, StoreError> {
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
    pub kind: DeliveryKind,
    /// Who gets it.
    pub addressee: UserId,
    /// Counted from 1. A later attempt takes the lease away from an earlier one.
    pub attempt: u32,
    /// What is known of the secret at the claim.
    pub facts: Facts,
    /// For a receipt: how the recipient's message went; `None` while it waits.
    pub outcome: Option<Outcome>,
    /// How Slack refused it lately; for a receipt, how it refused the recipient's message.
    pub refusal: Option<Refusal>,
    /// Whether it was settled before, and is due for a change of what was posted.
    pub settled: bool,
    /// Where its message stands; `None` when it is still to be posted.
    pub posted: Option<Posted>,
    /// Whether an earlier try may have posted it, for all that is known.
    pub doubtful: bool,
    /// Tries to change the message in vain since it was last due.
    pub update_tries: u32,
    /// For a receipt: what its reader was told by another way.
    pub told: Option<Told>,
    /// For a receipt: of what a reply told.
    pub nudges: Nudges,
    pub(super) next_attempt_at: Option<Timestamp>,
    pub(super) sealed: Option<SealedParcel>,
}

/// How Slack refused a message, time and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Slack's code.
    pub code: String,
    /// Since when it has been this one.
    pub since: Timestamp,
    /// Since when an operator has to mend it, where the app as a whole is refused.
    pub held_since: Option<Timestamp>,
}

/// What a sender was told by another way than the receipt's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// That the message waits.
    Waiting,
    /// How it went.
    Outcome,
}

impl Told {
    /// The word in `deliveries.told`.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Outcome => "outcome",
        }
    }

    pub(super) fn from_code(code: &str) -> Result<Self, StoreError> {
        [Self::Waiting, Self::Outcome]
            .into_iter()
            .find(|told| told.code() == code)
            .ok_or(StoreError::Unreadable {
                column: "deliveries.told",
            })
    }
}

/// What asks a sender to act, and comes as a reply too, because changes of a message make no sound:
/// once a cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nudges(pub(super) i32);

impl Nudges {
    /// It could not be delivered.
    pub const FAILED: Self = Self(1);
    /// The link was visited after it was opened.
    pub const REUSED: Self = Self(2);
    /// The page that opened it may not have arrived.
    pub const LOST: Self = Self(4);
    /// An operator ended it.
    pub const ENDED: Self = Self(8);
    /// Its recipient says that it wasn't them who opened it.
    pub const DISPUTED: Self = Self(16);
    /// Its recipient says that it was them after all.
    pub const DISPUTE_WITHDRAWN: Self = Self(32);
    /// Each of them.
    pub const ALL: [Self; 6] = [
        Self::FAILED,
        Self::REUSED,
        Self::LOST,
        Self::ENDED,
        Self::DISPUTED,
        Self::DISPUTE_WITHDRAWN,
    ];

    /// These and others.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether all of these are among them.
    #[must_use]
    pub const fn has(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
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
    /// Its secret was taken back before that.
    Withdrawn,
    /// It never will be.
    Failed(FailureReason),
}

impl Outcome {
    /// The word in `deliveries.outcome`.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Withdrawn => "withdrawn",
            Self::Failed(reason) => reason.code(),
        }
    }

    pub(super) fn from_code(code: &str) -> Result<Self, StoreError> {
        for known in [Self::Sent, Self::Withdrawn] {
            if code == known.code() {
                return Ok(known);
            }
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
    /// Where it is at home.
    pub home: Home,
    /// Who sent it.
    pub sender: UserId,
    /// The sender's name as it was at the submission.
    pub sender_name: DisplayName,
    /// The sender's language in Slack.
    pub sender_locale: Option<String>,
    /// The sender's time zone in Slack.
    pub sender_tz: Option<String>,
    /// Whom it is for.
    pub recipient: UserId,
    /// The recipient's language in Slack.
    pub recipient_locale: Option<String>,
    /// The recipient's time zone in Slack.
    pub recipient_tz: Option<String>,
    /// Whether its message has the link, or a button that gives one.
    pub way: Way,
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
    /// Whether that page may not have arrived.
    pub page_lost: bool,
    /// Who revoked it, where it was not its sender.
    pub revoked_by: Option<RevokedBy>,
    /// 1 once its recipient said that it wasn't them who opened it, 2 once they took that back.
    pub disputes: i32,
    /// When they said the last of it.
    pub disputed_at: Option<Timestamp>,
    /// Whether it has characters that devices put in by themselves; only a receipt's row knows.
    pub is_typographic: bool,
}

impl Facts {
    /// Whether the link can still be opened.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.ending.is_none() && self.now < self.expires_at
    }

    /// When the last thing happened that its messages show, while it was over.
    #[must_use]
    pub fn changed_at(&self) -> Timestamp {
        let ended_at = self.ended_at.unwrap_or(self.expires_at);
        let later = [self.reused_at, self.disputed_at];
        later.into_iter().flatten().fold(ended_at, Timestamp::max)
    }
}

impl Job {
    /// Opens the link and the note that wait in the row.
    pub fn open(&self, keys: &DeliveryKeys) -> Result<Parcel, OpenError> {
        let sealed = self.sealed.as_ref().ok_or(OpenError::Malformed)?;
        keys.open(self.id, self.secret, self.facts.way, sealed)
    }

    /// The key under which the row's link or share waits, and under which the message's button has
    /// the share.
    #[must_use]
    pub fn sealed_under(&self) -> Option<KeyId> {
        self.sealed.as_ref().map(|sealed| sealed.key_id)
    }

    /// Opens the way to answer the command, where a receipt's row still has it.
    #[must_use]
    pub fn answer(&self, keys: &DeliveryKeys) -> Option<ResponseUrl> {
        let sealed = self.sealed.as_ref()?;
        keys.open_response_url(self.id, self.secret, sealed).ok()
    }

    /// Whether the row has something sealed.
    #[must_use]
    pub const fn has_sealed(&self) -> bool {
        self.sealed.is_some()
    }
}

/// How a row says that Slack refused it.
pub(super) fn refusal(row: &delivery::Model) -> Option<Refusal> {
    Some(Refusal {
        code: row.refusal.clone()?,
        since: row.refused_since?,
        held_since: row.held_since,
    })
}

/// How the recipient's message went, and how Slack refused it, if it did.
pub(super) async fn message_state(
    database: &Database,
    secret: SecretId,
) -> Result<(Option<Outcome>, Option<Refusal>), StoreError> {
    let row = delivery::Entity::find()
        .filter(delivery::Column::SecretId.eq(secret))
        .filter(delivery::Column::Kind.eq(DeliveryKind::RecipientMessage.code()))
        .one(database.connection())
        .await?;
    let Some(row) = row else {
        return Ok((None, None));
    };
    let outcome = row.outcome.as_deref().map(Outcome::from_code).transpose()?;
    Ok((outcome, refusal(&row)))
}

#[derive(FromQueryResult)]
struct FactsRow {
    format: i16,
    team: String,
    organization: Option<String>,
    sender: String,
    sender_name: String,
    sender_locale: Option<String>,
    sender_tz: Option<String>,
    recipient: String,
    recipient_locale: Option<String>,
    recipient_tz: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
    viewed_at: Option<Timestamp>,
    destroyed_at: Option<Timestamp>,
    destroy_reason: Option<String>,
    reuse_count: i32,
    reused_at: Option<Timestamp>,
    repeat_count: i32,
    page_lost_at: Option<Timestamp>,
    revoked_by: Option<String>,
    dispute_count: i32,
    disputed_at: Option<Timestamp>,
    now: Timestamp,
}

pub(super) async fn facts(database: &Database, secret: SecretId) -> Result<Facts, StoreError> {
    let row = secret::Entity::find()
        .select_only()
        .columns([
            secret::Column::Format,
            secret::Column::Team,
            secret::Column::Organization,
            secret::Column::Sender,
            secret::Column::SenderName,
            secret::Column::SenderLocale,
            secret::Column::SenderTz,
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
            secret::Column::PageLostAt,
            secret::Column::RevokedBy,
            secret::Column::DisputeCount,
            secret::Column::DisputedAt,
        ])
        .column_as(database.now(), "now")
        .filter(secret::Column::Id.eq(secret))
        .into_model::<FactsRow>()
        .one(database.connection())
        .await?
        .ok_or(StoreError::Stale)?;
    Ok(Facts {
        home: home(&row.team, row.organization.as_deref())?,
        recipient: user(&row.recipient, "secrets.recipient")?,
        sender_name: DisplayName::stored(&row.sender_name, &row.sender),
        sender: user(&row.sender, "secrets.sender")?,
        sender_locale: row.sender_locale,
        sender_tz: row.sender_tz,
        recipient_locale: row.recipient_locale,
        recipient_tz: row.recipient_tz,
        way: Way::of_format(row.format).ok_or(StoreError::Unreadable {
            column: "secrets.format",
        })?,
        created_at: row.created_at,
        expires_at: row.expires_at,
        now: row.now,
        ending: Ending::from_columns(row.destroy_reason.as_deref(), row.viewed_at)?,
        ended_at: row.destroyed_at,
        reuses: row.reuse_count,
        reused_at: row.reused_at,
        repeats: row.repeat_count,
        page_lost: row.page_lost_at.is_some(),
        revoked_by: RevokedBy::from_column(row.revoked_by.as_deref()),
        disputes: row.dispute_count,
        disputed_at: row.disputed_at,
        is_typographic: false,
    })
}

/// A row of a version that did not know of organizations has none.
fn home(team: &str, organization: Option<&str>) -> Result<Home, StoreError> {
    let id = |text, column| TeamId::parse(text).map_err(|_| StoreError::Unreadable { column });
    let organization = organization.map(|text| id(text, "secrets.organization"));
    Ok(Home::new(
        id(team, "secrets.team")?,
        organization.transpose()?,
    ))
}

pub(super) fn user(text: &str, column: &'static str) -> Result<UserId, StoreError> {
    UserId::parse(text).map_err(|_| StoreError::Unreadable { column })
}
