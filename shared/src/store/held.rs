//! What waits for an operator, as Slack refuses the app as a whole, and whether it really does.

use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, PaginatorTrait as _, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait as _},
};

use super::{Database, StoreError, database::is_set, entity::delivery};
use crate::domain::{clock::Timestamp, ids::UserId};

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// How many messages.
    pub count: u64,
    /// Since when the first of them does.
    pub since: Timestamp,
    /// The database's clock.
    pub now: Timestamp,
    /// How Slack refuses one of them.
    pub code: String,
    /// Whether no message at all was taken since the last of them was refused.
    pub is_everybody: bool,
}

#[derive(FromQueryResult)]
struct Row {
    count: i64,
    since: Option<Timestamp>,
    newest: Option<i64>,
    code: Option<String>,
    now: Timestamp,
}

/// What waits for an operator; `None` when nothing does.
pub async fn read(database: &Database) -> Result<Option<Held>, StoreError> {
    let row = delivery::Entity::find()
        .select_only()
        .column_as(delivery::Column::Id.count(), "count")
        .column_as(delivery::Column::HeldSince.min(), "since")
        .column_as(delivery::Column::HeldSince.max(), "newest")
        .column_as(delivery::Column::Refusal.max(), "code")
        .column_as(database.now(), "now")
        .filter(is_set(delivery::Column::HeldSince))
        .into_model::<Row>()
        .one(database.connection())
        .await?;
    let Some((row, since, newest)) = row.and_then(|row| {
        let (since, newest) = (row.since?, row.newest?);
        Some((row, since, newest))
    }) else {
        return Ok(None);
    };
    let posted_after = delivery::Entity::find()
        .filter(Expr::col(delivery::Column::PostedAt).gt(newest))
        .limit(1)
        .count(database.connection())
        .await?;
    Ok(Some(Held {
        count: u64::try_from(row.count).unwrap_or_default(),
        since,
        now: row.now,
        code: row.code.unwrap_or_default(),
        is_everybody: posted_after == 0,
    }))
}

/// Makes due at once what waited, as the app is taken again. Returns how many.
pub async fn release(database: &Database) -> Result<u64, StoreError> {
    let released = delivery::Entity::update_many()
        .col_expr(delivery::Column::NextAttemptAt, database.now())
        .filter(is_set(delivery::Column::HeldSince))
        .filter(delivery::Column::SettledAt.is_null())
        .exec(database.connection())
        .await?;
    Ok(released.rows_affected)
}

/// Whether a message to anybody else was posted since then: what is refused is then one addressee,
/// and not the app.
pub async fn others_were_reached(
    database: &Database,
    addressee: &UserId,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let posted = delivery::Entity::find()
        .filter(Expr::col(delivery::Column::PostedAt).gte(since))
        .filter(delivery::Column::Addressee.ne(addressee.as_str()))
        .limit(1)
        .count(database.connection())
        .await?;
    Ok(posted > 0)
}
