//! Finding a submission that was stored before.

use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use super::{
    Database, Ending, StoreError,
    deliveries::{self, Outcome},
    entity::secret,
};
use crate::domain::{
    clock::Timestamp,
    ids::{SecretId, SubmissionKey, TeamId, UserId},
};

/// The part of a submission for one recipient.
pub(super) const ONLY_PART: i16 = 0;

/// What is known of a stored submission; enough to tell its sender what was really sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSubmission {
    /// Its row.
    pub secret: SecretId,
    /// Whom it was for.
    pub recipient: UserId,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Until when it can be opened.
    pub expires_at: Timestamp,
    /// How its life ended; `None` while it lives.
    pub ending: Option<Ending>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How the recipient's message went; `None` while it waits.
    pub outcome: Option<Outcome>,
}

#[derive(FromQueryResult)]
struct Row {
    id: SecretId,
    recipient: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    viewed_at: Option<Timestamp>,
    destroyed_at: Option<Timestamp>,
    destroy_reason: Option<String>,
    now: Timestamp,
}

/// The submission with this key, if it was stored.
pub async fn find(
    database: &Database,
    team: &TeamId,
    submission_key: &SubmissionKey,
) -> Result<Option<StoredSubmission>, StoreError> {
    let row = secret::Entity::find()
        .select_only()
        .columns([
            secret::Column::Id,
            secret::Column::Recipient,
            secret::Column::CreatedAt,
            secret::Column::ExpiresAt,
            secret::Column::ViewedAt,
            secret::Column::DestroyedAt,
            secret::Column::DestroyReason,
        ])
        .column_as(database.now(), "now")
        .filter(secret::Column::Team.eq(team.as_str()))
        .filter(secret::Column::SubmissionKey.eq(submission_key.as_str()))
        .filter(secret::Column::Part.eq(ONLY_PART))
        .into_model::<Row>()
        .one(database.connection())
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let secret = row.id;
    let (outcome, _) = deliveries::message_state(database, secret).await?;
    let ending = Ending::from_columns(row.destroy_reason.as_deref(), row.viewed_at)?;
    let is_overdue = ending.is_none() && row.expires_at <= row.now;
    Ok(Some(StoredSubmission {
        secret,
        recipient: deliveries::user(&row.recipient, "secrets.recipient")?,
        created_at: row.created_at,
        expires_at: row.expires_at,
        ending: if is_overdue {
            Some(Ending::Expired)
        } else {
            ending
        },
        ended_at: row.destroyed_at.or(is_overdue.then_some(row.expires_at)),
        outcome,
    }))
}
