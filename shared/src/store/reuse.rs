//! Visits to a link whose secret was opened: the one trace of somebody who came too late, or of
//! somebody who was not meant to come first.

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait as _},
};

use super::{Database, StoreError, entity::secret};
use crate::ids::SecretId;

/// From so many on, visits are no longer counted: what repeats this often needs no exact number.
const MANY: i32 = 1000;

/// Counts visits to the link of an opened secret. The bot tells the sender.
pub async fn note(database: &Database, secret: SecretId, visits: u16) -> Result<(), StoreError> {
    secret::Entity::update_many()
        .col_expr(
            secret::Column::ReuseCount,
            Expr::col(secret::Column::ReuseCount).add(i32::from(visits)),
        )
        .col_expr(secret::Column::ReusedAt, database.now())
        .filter(secret::Column::Id.eq(secret.as_uuid()))
        .filter(secret::Column::ViewedAt.is_not_null())
        .filter(secret::Column::ReuseCount.lt(MANY))
        .exec(database.connection())
        .await?;
    Ok(())
}
