//! Visits to a link whose secret was opened: the one trace of somebody who came too late, or of
//! somebody who was not meant to come first. Told from the page that opened it, sent once more.

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait as _},
};

use super::{Database, StoreError, entity::secret};
use crate::domain::ids::SecretId;

/// From so many on, visits are no longer counted: what repeats this often needs no exact number.
const MANY: i32 = 1000;

/// What came after the opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Late {
    /// A visit, by whomever.
    Visit,
    /// The page that opened it, again: from the same address and browser, and a moment later.
    Repeat,
}

/// Counts what came to the link of an opened secret. The bot tells the sender.
pub async fn note(
    database: &Database,
    secret: SecretId,
    late: Late,
    times: u16,
) -> Result<(), StoreError> {
    let (count, last) = match late {
        Late::Visit => (secret::Column::ReuseCount, secret::Column::ReusedAt),
        Late::Repeat => (secret::Column::RepeatCount, secret::Column::RepeatedAt),
    };
    secret::Entity::update_many()
        .col_expr(count, Expr::col(count).add(i32::from(times)))
        .col_expr(last, database.now())
        .filter(secret::Column::Id.eq(secret))
        .filter(secret::Column::ViewedAt.is_not_null())
        .filter(count.lt(MANY))
        .exec(database.connection())
        .await?;
    Ok(())
}
