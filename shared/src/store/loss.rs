//! Openings whose page may not have arrived.

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, Func},
};

use super::{Database, StoreError, burn::Opening, entity::secret};

/// What came of noting a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The row has it.
    Now,
    /// It was not this attempt that opened the secret: there is nothing to tell.
    NotOpened,
}

/// Writes down that the page of an opening may not have arrived; the bot tells the sender. Waits
/// for a COMMIT of the opening that is under way yet.
pub async fn note(database: &Database, opening: Opening) -> Result<Written, StoreError> {
    let lost_at = Func::coalesce([Expr::col(secret::Column::PageLostAt), database.now()]);
    let updated = secret::Entity::update_many()
        .col_expr(secret::Column::PageLostAt, lost_at.into())
        .filter(secret::Column::Id.eq(opening.secret))
        .filter(secret::Column::BurnId.eq(opening.burn))
        .exec(database.connection())
        .await?;
    Ok(if updated.rows_affected == 1 {
        Written::Now
    } else {
        Written::NotOpened
    })
}
