//! Noticing that a secret ended after its messages were posted: they show what is no longer so.
//!
//! reveal-web only writes the secret's row. The bot looks for rows that ended lately, by their index,
//! and compares with what their messages show.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait as _,
    sea_query::{Expr, ExprTrait as _},
};
use uuid::Uuid;

use super::{
    Database, StoreError,
    entity::{delivery, secret},
};

/// What a message shows while its secret lives, in `deliveries.shown`.
pub(super) const LIVE: &str = "live";

/// Most messages made due by one call.
const BATCH: u64 = 500;

/// Makes the messages due whose secret ended within the last `period` and that still show it as
/// live. Returns how many; any number of bots may look at once.
pub async fn make_due(database: &Database, period: Duration) -> Result<u64, StoreError> {
    let period = u64::try_from(period.as_millis()).unwrap_or(u64::MAX);
    let outdated: Vec<Uuid> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .join(JoinType::InnerJoin, delivery::Relation::Secret.def())
        .filter(
            Expr::col((secret::Entity, secret::Column::DestroyedAt))
                .gte(database.now_minus(period)),
        )
        .filter(delivery::Column::Shown.eq(LIVE))
        .filter(delivery::Column::MessageTs.is_not_null())
        .filter(delivery::Column::SettledAt.is_not_null())
        .filter(delivery::Column::NextAttemptAt.is_null())
        .limit(BATCH)
        .into_tuple()
        .all(database.connection())
        .await?;
    if outdated.is_empty() {
        return Ok(0);
    }
    let due = delivery::Entity::update_many()
        .col_expr(delivery::Column::NextAttemptAt, database.now())
        .filter(delivery::Column::Id.is_in(outdated))
        .filter(delivery::Column::Shown.eq(LIVE))
        .filter(delivery::Column::NextAttemptAt.is_null())
        .exec(database.connection())
        .await?;
    Ok(due.rows_affected)
}
