//! Openings whose page may not have arrived.

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, Func},
};

use super::{
    Database, StoreError,
    burn::Opening,
    door::{Argument, Door},
    entity::secret,
};
use crate::domain::program::Program;

/// Whoever knows the attempt that opened a secret may say so; the first time counts.
pub(super) const PAGE_LOST: Door = Door {
    name: "page_lost_1",
    call: "CALL page_lost_1(?, ?)",
    parameters: "given_hash BINARY(32), given_burn BINARY(16)",
    body: "\
  BEGIN
    DECLARE found_id BINARY(16);
    DECLARE found BIGINT DEFAULT 0;
    {begin};
    SELECT {found} INTO found_id;
    SELECT COUNT(*) INTO found FROM secrets
      WHERE id = found_id AND burn_id = given_burn FOR UPDATE;
    UPDATE secrets SET page_lost_at = COALESCE(page_lost_at, {now})
      WHERE id = found_id AND burn_id = given_burn;
    {commit};
    SELECT found;
  END",
    caller: Some(Program::Web),
};

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
    let found = if database.is_mysql() {
        let arguments = [Argument::hash(&opening.hash), Argument::burn(opening.burn)];
        database.enter_for(&PAGE_LOST, arguments, "found").await?
    } else {
        let lost_at = Func::coalesce([Expr::col(secret::Column::PageLostAt), database.now()]);
        let updated = secret::Entity::update_many()
            .col_expr(secret::Column::PageLostAt, lost_at.into())
            .filter(secret::Column::Id.eq(opening.secret))
            .filter(secret::Column::BurnId.eq(opening.burn))
            .exec(database.connection())
            .await?;
        i64::from(updated.rows_affected == 1)
    };
    Ok(if found == 1 {
        Written::Now
    } else {
        Written::NotOpened
    })
}
