//! Destroying what nobody opened in time: in batches by the sweeper, one by one on a visit.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, ExprTrait as _, LockBehavior, LockType},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Database, Ending, StoreError,
    audit::{self, Event, NewEntry, Slot, Visitor},
    database,
    entity::secret,
};
use crate::{clock::Timestamp, ids::SecretId};

/// Destroys up to `limit` expired secrets, oldest first, each with its one `expired_destroyed`
/// event, in one transaction. Returns how many; fewer than `limit` means that none is left.
///
/// Rows that another worker or a visit holds are passed over: they have their event from there.
pub async fn sweep_batch(database: &Database, limit: u32) -> Result<u32, StoreError> {
    let transaction = database.begin().await?;
    let work = async {
        let overdue = Overdue::lock(database, &transaction, limit).await?;
        for row in &overdue {
            row.destroy(&transaction, None).await?;
        }
        Ok(u32::try_from(overdue.len()).unwrap_or(limit))
    }
    .await;
    database::finish(transaction, work).await
}

/// Destroys one expired secret because somebody came by. Says how its life ended, which may by now
/// be another way.
pub(super) async fn expire_visited(
    database: &Database,
    secret: SecretId,
    visitor: &Visitor,
) -> Result<Ending, StoreError> {
    let transaction = database.begin().await?;
    let work = async {
        let row = Overdue::lock_one(database, &transaction, secret).await?;
        match Ending::from_columns(row.destroy_reason.as_deref(), row.viewed_at)? {
            Some(ending) => Ok(ending),
            None if row.expires_at > row.now => Err(StoreError::Stale),
            None => {
                row.destroy(&transaction, Some(visitor)).await?;
                Ok(Ending::Expired)
            }
        }
    }
    .await;
    database::finish(transaction, work).await
}

#[derive(FromQueryResult)]
struct Overdue {
    id: Uuid,
    sender: String,
    recipient: String,
    expires_at: i64,
    viewed_at: Option<i64>,
    destroy_reason: Option<String>,
    now: i64,
}

impl Overdue {
    async fn lock(
        database: &Database,
        transaction: &DatabaseTransaction,
        limit: u32,
    ) -> Result<Vec<Self>, StoreError> {
        let rows = Self::select(database)
            .filter(secret::Column::DestroyedAt.is_null())
            .filter(Expr::col(secret::Column::ExpiresAt).lte(database.now()))
            .order_by_asc(secret::Column::ExpiresAt)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_model::<Self>()
            .all(transaction)
            .await?;
        Ok(rows)
    }

    async fn lock_one(
        database: &Database,
        transaction: &DatabaseTransaction,
        secret: SecretId,
    ) -> Result<Self, StoreError> {
        Self::select(database)
            .filter(secret::Column::Id.eq(secret.as_uuid()))
            .lock_exclusive()
            .into_model::<Self>()
            .one(transaction)
            .await?
            .ok_or(StoreError::Stale)
    }

    fn select(database: &Database) -> sea_orm::Select<secret::Entity> {
        secret::Entity::find()
            .select_only()
            .columns([
                secret::Column::Id,
                secret::Column::Sender,
                secret::Column::Recipient,
                secret::Column::ExpiresAt,
                secret::Column::ViewedAt,
                secret::Column::DestroyReason,
            ])
            .column_as(database.now(), "now")
    }

    async fn destroy(
        &self,
        transaction: &DatabaseTransaction,
        visitor: Option<&Visitor>,
    ) -> Result<(), StoreError> {
        let secret = SecretId::from_uuid(self.id);
        let now = Timestamp::from_millis(self.now);
        if !destroy(transaction, secret, Ending::Expired, now).await? {
            return Err(StoreError::Stale);
        }
        let entry = NewEntry {
            secret,
            event: Event::ExpiredDestroyed,
            slot: Slot::Terminal,
            occurred_at: now,
            sender: &self.sender,
            recipient: &self.recipient,
            visitor,
            metadata: json!({
                "by": if visitor.is_some() { "visit" } else { "sweeper" },
                "expired_at": self.expires_at,
            }),
        };
        audit::append(transaction, entry).await
    }
}

/// Ends a live secret unopened. Says whether it was still live.
pub(super) async fn destroy(
    transaction: &DatabaseTransaction,
    secret: SecretId,
    ending: Ending,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let destroyed = secret::Entity::update_many()
        .set(secret::ActiveModel {
            destroyed_at: Set(Some(now.as_millis())),
            destroy_reason: Set(Some(ending.code().to_owned())),
            ciphertext: Set(None),
            note_ciphertext: Set(None),
            ..Default::default()
        })
        .filter(secret::Column::Id.eq(secret.as_uuid()))
        .filter(secret::Column::DestroyedAt.is_null())
        .exec(transaction)
        .await?;
    Ok(destroyed.rows_affected == 1)
}
