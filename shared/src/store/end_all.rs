//! Ending every secret that lives, at an operator's word: after a restored backup, or a failover to
//! a server that lagged behind, secrets that were opened would live again.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait as _, LockType},
};

use super::{
    Database, Ending, RevokedBy, StoreError,
    audit::{self, Event, NewEntry, Slot},
    database,
    deliveries::DeliveryKind,
    entity::{delivery, secret},
    expire,
    line::Transaction,
};
use crate::domain::{clock::Timestamp, ids::SecretId};

/// Secrets ended in one transaction.
const BATCH: u64 = 200;

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The database is an older copy of itself.
    Restore,
    /// Another server took over, which may have lagged behind.
    Failover,
    /// Somebody who should not may have been at the database, the keys or the links.
    Incident,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Restore, Self::Failover, Self::Incident];

    /// The word on the command line and in the audit log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Failover => "failover",
            Self::Incident => "incident",
        }
    }
}

/// What was ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndedAll {
    /// Secrets.
    pub secrets: u64,
    /// Those of them whose message was not out, or not known to be, and is taken back.
    pub taken_back: u64,
}

impl Database {
    /// Ends every secret that lives, with its one `revoked` event, and takes back what waits for
    /// delivery. Bots tell senders and recipients. Doing it again ends what came meanwhile.
    pub async fn end_all(&self, reason: Reason) -> Result<EndedAll, StoreError> {
        let mut all = EndedAll::default();
        loop {
            let ended = end_batch(self, reason).await?;
            all.secrets += ended.secrets;
            all.taken_back += ended.taken_back;
            if ended.secrets < BATCH {
                return Ok(all);
            }
        }
    }
}

async fn end_batch(database: &Database, reason: Reason) -> Result<EndedAll, StoreError> {
    let transaction = database.begin().await?;
    let work = async {
        // Nobody's lock is passed over: what is being opened just now is waited for.
        let live = secret::Entity::find()
            .select_only()
            .columns([
                secret::Column::Id,
                secret::Column::Team,
                secret::Column::Sender,
                secret::Column::Recipient,
            ])
            .column_as(database.now(), "now")
            .filter(secret::Column::DestroyedAt.is_null())
            // As the index has them: in another order each batch would pass over all that ended.
            .order_by_asc(secret::Column::ExpiresAt)
            .limit(BATCH)
            .lock(LockType::Update)
            .into_model::<Live>()
            .all(&transaction)
            .await?;
        let mut ended = EndedAll::default();
        for row in &live {
            ended.secrets += 1;
            ended.taken_back += row.end(database, &transaction, reason).await?;
        }
        Ok(ended)
    }
    .await;
    database::finish(transaction, work).await
}

#[derive(FromQueryResult)]
struct Live {
    id: SecretId,
    team: String,
    sender: String,
    recipient: String,
    now: Timestamp,
}

impl Live {
    /// Returns how many messages were taken back.
    async fn end(
        &self,
        database: &Database,
        transaction: &Transaction,
        reason: Reason,
    ) -> Result<u64, StoreError> {
        let secret = self.id;
        let now = self.now;
        if !expire::destroy(transaction, secret, Ending::Revoked, now).await? {
            return Err(StoreError::Stale);
        }
        mark(transaction, secret).await?;
        let entry = NewEntry {
            secret,
            event: Event::Revoked {
                by: RevokedBy::Operator.code(),
                reason: reason.code(),
            },
            slot: Some(Slot::Terminal),
            occurred_at: now,
            actor: None,
            team: &self.team,
            sender: &self.sender,
            recipient: &self.recipient,
            visitor: None,
        };
        match audit::append(transaction, entry).await {
            // A newer trail beside an older backup has its end already.
            Ok(()) | Err(StoreError::Duplicate) => {}
            Err(error) => return Err(error),
        }
        take_back(database, transaction, secret).await
    }
}

async fn mark(transaction: &Transaction, secret: SecretId) -> Result<(), StoreError> {
    secret::Entity::update_many()
        .set(secret::ActiveModel {
            revoked_by: Set(Some(RevokedBy::Operator.code().to_owned())),
            ..Default::default()
        })
        .filter(secret::Column::Id.eq(secret))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Erases the link that waits, and lets the courier tell the sender.
async fn take_back(
    database: &Database,
    transaction: &Transaction,
    secret: SecretId,
) -> Result<u64, StoreError> {
    let taken_back = delivery::Entity::update_many()
        .set(delivery::ActiveModel {
            key_id: Set(None),
            sealed: Set(None),
            held_since: Set(None),
            // Whoever had it when the backup was made is gone.
            leased_until: Set(None),
            ..Default::default()
        })
        .col_expr(delivery::Column::NextAttemptAt, database.now())
        .filter(delivery::Column::SecretId.eq(secret))
        .filter(delivery::Column::Kind.eq(DeliveryKind::RecipientMessage.code()))
        .filter(Expr::col(delivery::Column::SettledAt).is_null())
        .exec(transaction)
        .await?;
    Ok(taken_back.rows_affected)
}
