//! Removes the rows of secrets that ended long ago, with their messages. The trail keeps what
//! happened to them; their links lead nowhere any more.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait as _, Query},
};

use super::{
    Database, StoreError,
    database::{self, first_of},
    door::{Argument, Door},
    entity::{delivery, link, secret},
    line::Transaction,
};
use crate::domain::{clock::Timestamp, ids::SecretId, program::Program};

/// No row is removed earlier than so long after its secret could be opened and after its end,
/// whatever is asked: receipts and links of a week are answered yet.
pub const EARLIEST: Duration = Duration::from_hours(8 * 24);

/// Removes rows of secrets that ended, whose time was over, and whose messages are finished, all
/// of it long ago by the server's own clock: nobody but the migrating account can change when a
/// secret's time is over. Nobody has a right to remove rows otherwise.
pub(super) const PURGE: Door = Door {
    name: "purge_1",
    call: "CALL purge_1(?, ?)",
    parameters: "given_age BIGINT, given_limit INT",
    body: "\
  BEGIN
    DECLARE found_id BINARY(16);
    DECLARE is_over BOOLEAN DEFAULT FALSE;
    DECLARE purged BIGINT DEFAULT 0;
    DECLARE cutoff BIGINT DEFAULT {now} - GREATEST(COALESCE(given_age, 0), 691200000);
    DECLARE most INT DEFAULT LEAST(GREATEST(COALESCE(given_limit, 0), 1), 1000);
    DECLARE old CURSOR FOR
      SELECT id FROM secrets
        WHERE destroyed_at < cutoff AND expires_at < cutoff AND NOT EXISTS (
          SELECT 1 FROM deliveries WHERE deliveries.secret_id = secrets.id
            AND (settled_at IS NULL OR next_attempt_at IS NOT NULL))
        ORDER BY destroyed_at LIMIT most FOR UPDATE SKIP LOCKED;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET is_over = TRUE;
    {begin};
    OPEN old;
    each_row: LOOP
      FETCH old INTO found_id;
      IF is_over THEN
        LEAVE each_row;
      END IF;
      DELETE FROM deliveries WHERE secret_id = found_id;
      DELETE FROM links WHERE secret_id = found_id;
      DELETE FROM secrets WHERE id = found_id;
      SET purged = purged + 1;
    END LOOP;
    CLOSE old;
    {commit};
    SELECT purged;
  END",
    caller: Some(Program::Bot),
};

/// Removes what ended at least so long ago ([`EARLIEST`] at least), up to `limit` secrets, the
/// oldest first, in one transaction. Returns how many.
pub async fn purge_batch(
    database: &Database,
    age: Duration,
    limit: u32,
) -> Result<u32, StoreError> {
    let age = age.max(EARLIEST);
    if database.is_mysql() {
        database.check_age(database.clock().await?)?;
        let millis = i64::try_from(age.as_millis()).unwrap_or(i64::MAX / 4);
        let row = database
            .enter(
                &PURGE,
                [Argument::Number(millis), Argument::Number(limit.into())],
            )
            .await?;
        let purged: i64 = first_of(row.as_ref(), "purged")?;
        return Ok(u32::try_from(purged).unwrap_or(u32::MAX));
    }
    let transaction = database.begin().await?;
    let work = purge(database, &transaction, age, limit).await;
    database::finish(transaction, work).await
}

async fn purge(
    database: &Database,
    transaction: &Transaction,
    age: Duration,
    limit: u32,
) -> Result<u32, StoreError> {
    #[derive(FromQueryResult)]
    struct Old {
        id: SecretId,
        now: Timestamp,
    }
    let of_it = Expr::col((delivery::Entity, delivery::Column::SecretId))
        .equals((secret::Entity, secret::Column::Id));
    let open = Query::select()
        .expr(Expr::value(1))
        .from(delivery::Entity)
        .and_where(of_it)
        .cond_where(
            delivery::Column::SettledAt
                .is_null()
                .or(delivery::Column::NextAttemptAt.is_not_null()),
        )
        .to_owned();
    let cutoff = || database.now_minus(age);
    let old = secret::Entity::find()
        .select_only()
        .column(secret::Column::Id)
        .column_as(database.now(), "now")
        .filter(Expr::col(secret::Column::DestroyedAt).lt(cutoff()))
        .filter(Expr::col(secret::Column::ExpiresAt).lt(cutoff()))
        .filter(Expr::not_exists(open))
        .order_by_asc(secret::Column::DestroyedAt)
        .limit(u64::from(limit))
        .into_model::<Old>()
        .all(transaction)
        .await?;
    let Some(first) = old.first() else {
        return Ok(0);
    };
    database.check_age(first.now)?;
    let ids: Vec<_> = old.iter().map(|old| old.id).collect();
    delivery::Entity::delete_many()
        .filter(delivery::Column::SecretId.is_in(ids.clone()))
        .exec(transaction)
        .await?;
    link::Entity::delete_many()
        .filter(link::Column::SecretId.is_in(ids.clone()))
        .exec(transaction)
        .await?;
    let purged = secret::Entity::delete_many()
        .filter(secret::Column::Id.is_in(ids))
        .exec(transaction)
        .await?;
    Ok(u32::try_from(purged.rows_affected).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_keep_rows_for_so_long_at_least() {
        assert!(
            PURGE
                .body
                .contains(&format!("0), {})", EARLIEST.as_millis()))
        );
    }
}
