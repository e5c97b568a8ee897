//! Visits to a link whose secret was opened: the one trace of somebody who came too late, or of
//! somebody who was not meant to come first. Told from the page that opened it, sent once more.
//!
//! The row counts them, for the sender's receipt; the trail tells of the first at once, and then at
//! most once an hour of those that came meanwhile.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait as _, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QueryResult, QuerySelect, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _, LockBehavior, LockType},
};

use super::{
    Database, StoreError,
    audit::{self, Event, NewEntry, Slot, Visitor},
    bad_rows::{self, BadRow},
    database,
    door::{Argument, Door},
    entity::secret,
    line::Transaction,
    links,
};
use crate::{
    crypto::TokenHash,
    domain::{clock::Timestamp, ids::SecretId, program::Program},
};

/// From so many on, visits are no longer counted: what repeats this often needs no exact number.
const MANY: i32 = 1000;

/// How long after an entry in the trail the next one comes at the earliest.
const TELL_EVERY: Duration = Duration::from_hours(1);

/// The same in milliseconds: entries of one hour since the Unix epoch are one.
const HOUR: i64 = 3_600_000;

/// Rows told of in one transaction.
const BATCH: u64 = 100;

/// Counts visits, or repeats, of an opened secret; the number beyond which it does not is [`MANY`].
/// Tells of visits where the last entry is older than [`TELL_EVERY`].
pub(super) const LATE: Door = Door {
    name: "late_1",
    call: "CALL late_1(?, ?, ?, ?, ?)",
    parameters: "given_hash BINARY(32), given_is_repeat BOOLEAN, given_times SMALLINT UNSIGNED, \
                 given_ip VARCHAR(45) {text}, given_user_agent TEXT {text}",
    body: "\
  BEGIN
    DECLARE found_id BINARY(16);
    DECLARE visits, repeats, told, told_at, time_now BIGINT;
    {begin};
    SELECT id, reuse_count, repeat_count, reuse_told, reuse_told_at
      INTO found_id, visits, repeats, told, told_at
      FROM secrets WHERE id = {found} AND viewed_at IS NOT NULL FOR UPDATE;
    SET time_now = {now};
    IF given_is_repeat AND repeats < 1000 THEN
      UPDATE secrets SET repeat_count = repeats + given_times, repeated_at = time_now
        WHERE id = found_id;
    END IF;
    IF NOT given_is_repeat AND visits < 1000 THEN
      SET visits = visits + given_times;
      UPDATE secrets SET reuse_count = visits, reused_at = time_now WHERE id = found_id;
    END IF;
    IF NOT given_is_repeat AND found_id IS NOT NULL
        AND (told_at IS NULL OR time_now - told_at >= 3600000) THEN
      BEGIN
        DECLARE CONTINUE HANDLER FOR 1062 BEGIN END;
        CALL audit_1(found_id, 'reused', CONCAT('reused:', time_now DIV 3600000), 'denied',
          time_now, given_ip, given_user_agent,
          CONCAT('{\"visits\":', GREATEST(visits - told, given_times, 1), '}'));
      END;
      UPDATE secrets SET reuse_told = visits, reuse_told_at = time_now WHERE id = found_id;
    END IF;
    {commit};
    SELECT 1 AS done;
  END",
    caller: Some(Program::Web),
};

/// What came after the opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Late {
    /// A visit, by whomever.
    Visit,
    /// The page that opened it, again: from the same address and browser, and a moment later.
    Repeat,
}

/// What came to the link of an opened secret.
#[derive(Clone, Debug)]
pub struct Came {
    /// What.
    pub late: Late,
    /// How often.
    pub times: u16,
    /// Who, the last time.
    pub visitor: Visitor,
}

/// What a batch told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Secrets told of.
    pub secrets: usize,
    /// Rows that are not as others.
    pub passed_over: Vec<BadRow>,
}

/// Counts what came to the link of an opened secret, and tells of it. The bot tells the sender.
pub async fn note(database: &Database, hash: &TokenHash, came: &Came) -> Result<(), StoreError> {
    if database.is_mysql() {
        let is_repeat = came.late == Late::Repeat;
        let [ip, user_agent] = came.visitor.arguments();
        let arguments = [
            Argument::hash(hash),
            Argument::Number(is_repeat.into()),
            Argument::Number(came.times.into()),
            ip,
            user_agent,
        ];
        database.enter(&LATE, arguments).await?;
        return Ok(());
    }
    let transaction = database.begin().await?;
    let work = async {
        let row = Row::select(database)
            .filter(links::leads_here(hash))
            .filter(secret::Column::ViewedAt.is_not_null())
            .into_model::<Row>()
            .one(&transaction)
            .await?;
        match row {
            Some(row) => row.count(&transaction, came).await,
            None => Ok(()),
        }
    }
    .await;
    database::finish(transaction, work).await
}

/// Tells the trail of visits that came within the hour after an entry, when no later one did.
/// What can't be told as others is passed over.
pub async fn tell_rest(database: &Database) -> Result<Told, StoreError> {
    let transaction = database.begin().await?;
    let work = async {
        let rows = Row::select(database)
            .filter(Expr::col(secret::Column::ReuseToldAt).lte(database.now_minus(TELL_EVERY)))
            .filter(Expr::col(secret::Column::ReuseCount).gt(Expr::col(secret::Column::ReuseTold)))
            .order_by_asc(secret::Column::ReuseToldAt)
            .limit(BATCH)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .build(transaction.get_database_backend());
        let mut told = Told::default();
        for row in transaction.query_all_raw(rows).await? {
            match Row::tell_rest(&transaction, &row).await {
                Ok(()) => told.secrets += 1,
                Err(error) if error.is_passing() => return Err(error),
                Err(error) => {
                    let id = bad_rows::id_of(&row);
                    told.passed_over.push(BadRow::new("secrets", id, error));
                }
            }
        }
        Ok(told)
    }
    .await;
    database::finish(transaction, work).await
}

#[derive(FromQueryResult)]
struct Row {
    id: SecretId,
    team: String,
    sender: String,
    recipient: String,
    reuse_count: i32,
    repeat_count: i32,
    reuse_told: i32,
    reuse_told_at: Option<Timestamp>,
    now: Timestamp,
}

impl Row {
    fn select(database: &Database) -> sea_orm::Select<secret::Entity> {
        secret::Entity::find()
            .select_only()
            .columns([
                secret::Column::Id,
                secret::Column::Team,
                secret::Column::Sender,
                secret::Column::Recipient,
                secret::Column::ReuseCount,
                secret::Column::RepeatCount,
                secret::Column::ReuseTold,
                secret::Column::ReuseToldAt,
            ])
            .column_as(database.now(), "now")
    }

    async fn count(&self, transaction: &Transaction, came: &Came) -> Result<(), StoreError> {
        let times = i32::from(came.times);
        match came.late {
            Late::Repeat if self.repeat_count < MANY => {
                let repeated = secret::ActiveModel {
                    repeat_count: Set(self.repeat_count + times),
                    repeated_at: Set(Some(self.now)),
                    ..Default::default()
                };
                self.update(transaction, repeated).await
            }
            Late::Repeat => Ok(()),
            Late::Visit => self.count_visit(transaction, came, times).await,
        }
    }

    async fn count_visit(
        &self,
        transaction: &Transaction,
        came: &Came,
        times: i32,
    ) -> Result<(), StoreError> {
        let is_counted = self.reuse_count < MANY;
        let visits = self.reuse_count + if is_counted { times } else { 0 };
        let is_due = self
            .reuse_told_at
            .is_none_or(|told_at| told_at.until(self.now) >= TELL_EVERY);
        let mut change = if is_due {
            self.tell(transaction, visits, Some(came)).await?
        } else {
            secret::ActiveModel::default()
        };
        if is_counted {
            change.reuse_count = Set(visits);
            change.reused_at = Set(Some(self.now));
        }
        if !is_due && !is_counted {
            return Ok(());
        }
        self.update(transaction, change).await
    }

    async fn tell_rest(transaction: &Transaction, row: &QueryResult) -> Result<(), StoreError> {
        let row: Self = bad_rows::decoded("secrets", row)?;
        let told = row.tell(transaction, row.reuse_count, None).await?;
        row.update(transaction, told).await
    }

    /// Writes the entry; gives what the row is to say of it.
    async fn tell(
        &self,
        transaction: &Transaction,
        visits: i32,
        came: Option<&Came>,
    ) -> Result<secret::ActiveModel, StoreError> {
        let times = came.map_or(1, |came| came.times.into());
        let entry = NewEntry {
            secret: self.id,
            event: Event::Reused {
                visits: i64::from(visits - self.reuse_told).clamp(times, i64::MAX),
            },
            slot: Some(Slot::Reused {
                hour: self.now.as_millis().div_euclid(HOUR),
            }),
            occurred_at: self.now,
            actor: None,
            team: &self.team,
            sender: &self.sender,
            recipient: &self.recipient,
            visitor: came.map(|came| &came.visitor),
        };
        match audit::append(transaction, entry).await {
            Ok(()) | Err(StoreError::Duplicate) => {}
            Err(error) => return Err(error),
        }
        Ok(secret::ActiveModel {
            reuse_told: Set(visits),
            reuse_told_at: Set(Some(self.now)),
            ..Default::default()
        })
    }

    async fn update(
        &self,
        transaction: &Transaction,
        change: secret::ActiveModel,
    ) -> Result<(), StoreError> {
        secret::Entity::update_many()
            .set(change)
            .filter(secret::Column::Id.eq(self.id))
            .exec(transaction)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_have_the_same_numbers() {
        assert_eq!(LATE.body.matches(&format!("< {MANY} THEN")).count(), 2);
        assert_eq!(LATE.body.matches(&format!(">= {HOUR})")).count(), 1);
        assert_eq!(TELL_EVERY.as_millis(), u128::from(HOUR.unsigned_abs()));
    }
}
