//! Finding a submission that was stored before.

use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use super::{Database, StoreError, entity::secret};
use crate::{
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
}

#[derive(FromQueryResult)]
struct Row {
    id: uuid::Uuid,
    recipient: String,
    created_at: i64,
    expires_at: i64,
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
        ])
        .filter(secret::Column::Team.eq(team.as_str()))
        .filter(secret::Column::SubmissionKey.eq(submission_key.as_str()))
        .filter(secret::Column::Part.eq(ONLY_PART))
        .into_model::<Row>()
        .one(database.connection())
        .await?;
    row.map(|row| {
        Ok(StoredSubmission {
            secret: SecretId::from_uuid(row.id),
            recipient: UserId::parse(&row.recipient).map_err(|_| StoreError::Unreadable {
                column: "secrets.recipient",
            })?,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        })
    })
    .transpose()
}
