//! Links that are made at a press: where each leads, and that it holds a share no longer than it
//! may. Of each secret one link at most holds one, by the table's own rules.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QueryResult, QuerySelect,
    sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, SimpleExpr},
};

use super::{Database, StoreError, database, entity::link};
use crate::{
    crypto::{CONFIRMATION_LIFE, KeyId, SealedShare, TokenHash},
    domain::{clock::Timestamp, ids::SecretId},
};

/// How long after its end a link keeps its share: whoever looked at its page in time may yet press
/// the button there, for as long as that is good, and clocks are read one after the other.
const KEPT_FOR: Duration = Duration::from_secs(CONFIRMATION_LIFE.as_secs() + 60);

/// Whether a row of the table of secrets is the one to which a link leads: its own, or that of
/// which it was made at a press. As `{found}` in doors.
pub(super) fn leads_here(hash: &TokenHash) -> SimpleExpr {
    let hash = || hash.as_bytes().to_vec();
    Expr::cust_with_values(
        "secrets.id = COALESCE((SELECT own.id FROM secrets AS own WHERE own.token_hash = ?), \
         (SELECT links.secret_id FROM links WHERE links.token_hash = ?))",
        [hash(), hash()],
    )
}

/// A link that was made at a press, as whoever comes by it finds it.
#[derive(Clone)]
pub(super) struct Link {
    /// Until when its page may be asked for.
    pub(super) expires_at: Timestamp,
    /// Whether it holds a share: no newer link was made, and the secret has not ended.
    pub(super) is_live: bool,
    /// The share, where it was asked for.
    pub(super) share: Option<SealedShare>,
}

/// Its columns, in the row of a look. All of them are NULL where the link is the row's own.
#[derive(FromQueryResult)]
struct Columns {
    #[sea_orm(from_alias = "link_expires_at")]
    expires_at: Option<Timestamp>,
    #[sea_orm(from_alias = "link_live")]
    live: Option<i16>,
    #[sea_orm(from_alias = "link_key_id")]
    key_id: Option<Vec<u8>>,
    #[sea_orm(from_alias = "link_share")]
    share: Option<Vec<u8>>,
}

impl Link {
    /// Whether it still leads to its secret's page.
    pub(super) fn leads(&self, now: Timestamp) -> bool {
        self.is_live && now < self.expires_at
    }

    /// Reads it from the row of a door.
    pub(super) fn of(row: &QueryResult) -> Result<Option<Self>, StoreError> {
        Ok(Self::of_columns(Columns::from_query_result(row, "")?))
    }

    /// Reads it on its own, as SQLite does.
    pub(super) async fn read(
        database: &Database,
        hash: &TokenHash,
    ) -> Result<Option<Self>, StoreError> {
        let columns = link::Entity::find()
            .select_only()
            .column_as(link::Column::ExpiresAt, "link_expires_at")
            .column_as(link::Column::Live, "link_live")
            .column_as(link::Column::KeyId, "link_key_id")
            .column_as(link::Column::Share, "link_share")
            .filter(link::Column::TokenHash.eq(hash.as_bytes().to_vec()))
            .into_model::<Columns>()
            .one(database.connection())
            .await?;
        Ok(columns.and_then(Self::of_columns))
    }

    fn of_columns(columns: Columns) -> Option<Self> {
        let sealed = columns.key_id.zip(columns.share);
        let share = sealed.and_then(|(key_id, content)| {
            let key_id = KeyId::from_slice(&key_id)?;
            Some(SealedShare { key_id, content })
        });
        Some(Self {
            expires_at: columns.expires_at?,
            is_live: columns.live == Some(1),
            share,
        })
    }
}

/// Erases the shares of these secrets' links, in the transaction that ends them or makes a newer
/// link. The links' hashes stay.
pub(super) async fn end_of(
    transaction: &impl ConnectionTrait,
    secrets: impl IntoIterator<Item = SecretId> + Send,
) -> Result<(), StoreError> {
    link::Entity::update_many()
        .set(nothing())
        .filter(link::Column::SecretId.is_in(secrets))
        .filter(link::Column::Live.eq(1))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Whether a link still holds its share, under the lock of its secret's row.
pub(super) async fn is_live(
    transaction: &impl ConnectionTrait,
    hash: &TokenHash,
) -> Result<bool, StoreError> {
    let live: Option<Option<i16>> = link::Entity::find_by_id(hash.as_bytes().to_vec())
        .select_only()
        .column(link::Column::Live)
        .into_tuple()
        .one(transaction)
        .await?;
    Ok(live.flatten() == Some(1))
}

/// Erases the shares of up to so many links whose time was over long enough ago, oldest first.
/// Returns how many.
pub async fn forget_overdue(database: &Database, limit: u32) -> Result<usize, StoreError> {
    let transaction = database.begin().await?;
    let work = async {
        let overdue: Vec<(Vec<u8>, Timestamp)> = link::Entity::find()
            .select_only()
            .column(link::Column::TokenHash)
            .column_as(database.now(), "now")
            .filter(link::Column::Live.eq(1))
            .filter(Expr::col(link::Column::ExpiresAt).lt(database.now_minus(KEPT_FOR)))
            .order_by_asc(link::Column::ExpiresAt)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_tuple()
            .all(&transaction)
            .await?;
        let Some((_, now)) = overdue.first() else {
            return Ok(0);
        };
        database.check_age(*now)?;
        let count = overdue.len();
        link::Entity::update_many()
            .set(nothing())
            .filter(link::Column::TokenHash.is_in(overdue.into_iter().map(|(hash, _)| hash)))
            .exec(&transaction)
            .await?;
        Ok(count)
    }
    .await;
    database::finish(transaction, work).await
}

fn nothing() -> link::ActiveModel {
    link::ActiveModel {
        live: Set(None),
        share: Set(None),
        key_id: Set(None),
        ..Default::default()
    }
}
