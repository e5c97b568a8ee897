//! What the database knows of a rehearsal's secrets: where each stands, and nothing of what is in
//! it.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    Database, StoreError,
    audit::{self, Filter, Slot},
    deliveries::{self, DeliveryKind, Facts, Nudges, Outcome},
    entity::{audit_event, delivery},
};
use crate::domain::{
    clock::Timestamp,
    ids::{SecretId, UserId},
};

/// Where a message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How it went; `None` while it waits.
    pub outcome: Option<Outcome>,
    /// Whether Slack has it.
    pub is_posted: bool,
    /// Slack's code, where it was refused lately.
    pub refusal: Option<String>,
    /// What it shows of the secret: `live`, or how that ended.
    pub shown: Option<String>,
    /// Of what replies told.
    pub nudges: Nudges,
}

/// How it stands with a secret.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What its row says.
    pub facts: Facts,
    /// The recipient's message.
    pub message: Standing,
    /// The sender's receipt.
    pub receipt: Standing,
    /// The browser that opened it.
    pub user_agent: Option<String>,
}

/// The last secret that somebody sent, to somebody if that is named, later than a point in time.
/// The trail has an index by sender, which the secrets have not.
///
/// # Errors
/// Whatever the database says.
pub async fn latest(
    database: &Database,
    sender: &UserId,
    recipient: Option<&UserId>,
    after: Timestamp,
) -> Result<Option<SecretId>, StoreError> {
    let mut query = audit_event::Entity::find()
        .select_only()
        .column(audit_event::Column::SecretId)
        .filter(audit_event::Column::Sender.eq(sender.as_str()))
        .filter(audit_event::Column::OccurredAt.gt(after))
        .filter(audit_event::Column::Slot.eq(Slot::Created.name()));
    if let Some(recipient) = recipient {
        query = query.filter(audit_event::Column::Recipient.eq(recipient.as_str()));
    }
    let id: Option<uuid::Uuid> = query
        .order_by_desc(audit_event::Column::OccurredAt)
        .into_tuple()
        .one(database.connection())
        .await?;
    Ok(id.map(SecretId::from_uuid))
}

/// How it stands with a secret.
///
/// # Errors
/// Whatever the database says; [`StoreError::Stale`] if there is no such secret.
pub async fn trace(database: &Database, secret: SecretId) -> Result<Trace, StoreError> {
    let filter = Filter {
        secret: Some(secret),
        within: None,
        limit: 100,
    };
    let events = audit::list(database, filter).await?;
    let viewed = events.into_iter().find(|entry| entry.event == "viewed");
    Ok(Trace {
        facts: deliveries::facts(database, secret).await?,
        message: standing(database, secret, DeliveryKind::RecipientMessage).await?,
        receipt: standing(database, secret, DeliveryKind::SenderReceipt).await?,
        user_agent: viewed.and_then(|entry| entry.user_agent),
    })
}

async fn standing(
    database: &Database,
    secret: SecretId,
    kind: DeliveryKind,
) -> Result<Standing, StoreError> {
    let row = delivery::Entity::find()
        .filter(delivery::Column::SecretId.eq(secret))
        .filter(delivery::Column::Kind.eq(kind.code()))
        .one(database.connection())
        .await?
        .ok_or(StoreError::Stale)?;
    Ok(Standing {
        outcome: row.outcome.as_deref().map(Outcome::from_code).transpose()?,
        is_posted: row.message_ts.is_some(),
        refusal: row.refusal,
        shown: row.shown,
        nudges: Nudges(row.nudges),
    })
}
