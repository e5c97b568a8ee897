//! Sending again: to whom something went that is over, and for how long it could be opened. Never
//! what it was.

use sea_orm::{EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use super::{
    Database, StoreError, deliveries,
    entity::secret,
    presses::{self, Action, Asked, NotTheirs},
};
use crate::domain::{
    clock::Timestamp,
    ids::{SecretId, UserId},
    lifetime::Lifetime,
    press::Presser,
};

/// What its sender may have filled in again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentBefore {
    /// To whom it went.
    pub recipient: UserId,
    /// For how long it could be opened, if that is still to be had.
    pub lifetime: Option<Lifetime>,
}

/// Looks to whom its sender sent it.
pub async fn sent_before(
    database: &Database,
    presser: &Presser,
    secret: SecretId,
) -> Result<Asked<SentBefore>, StoreError> {
    #[derive(FromQueryResult)]
    struct Row {
        recipient: String,
        created_at: Timestamp,
        expires_at: Timestamp,
    }
    let row = secret::Entity::find_by_id(secret)
        .select_only()
        .columns([
            secret::Column::Recipient,
            secret::Column::CreatedAt,
            secret::Column::ExpiresAt,
        ])
        .filter(presses::is_senders(database, presser))
        .into_model::<Row>()
        .one(database.connection())
        .await?;
    if let Some(row) = row {
        let lived = row.created_at.until(row.expires_at);
        let lifetime = Lifetime::ALL.into_iter();
        let lifetime = lifetime.rev().find(|lifetime| lifetime.duration() == lived);
        let recipient = deliveries::user(&row.recipient, "secrets.recipient")?;
        return Ok(Asked::Done(SentBefore {
            recipient,
            lifetime,
        }));
    }
    match presses::row(database, presser, secret).await? {
        Some(row) if !row.is_senders() => {
            Ok(Asked::NotTheirs(NotTheirs::of(row, Action::SendAgain)))
        }
        _ => Ok(Asked::Gone),
    }
}
