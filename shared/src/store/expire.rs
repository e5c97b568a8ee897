//! Destroying what nobody opened in time: in batches by the sweeper, one by one on a visit.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait as _, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QueryResult, QuerySelect, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _, LockBehavior, LockType},
};

use super::{
    Database, Ending, RevokedBy, StoreError,
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

/// How long after a clock was found sound a door may destroy by it.
const TRUSTED_FOR: Duration = Duration::from_secs(30);

/// How a secret's life ended, and at whose hand if it was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) ending: Ending,
    pub(super) revoked_by: Option<RevokedBy>,
}

impl End {
    const EXPIRED: Self = Self {
        ending: Ending::Expired,
        revoked_by: None,
    };
    pub(super) const CONFLICT: Self = Self {
        ending: Ending::Revoked,
        revoked_by: Some(RevokedBy::Conflict),
    };
}

/// What a batch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Secrets destroyed.
    pub destroyed: u32,
    /// Rows that are not as others: some were destroyed without their event, some could not be.
    pub passed_over: Vec<BadRow>,
    /// Whether there may be more.
    pub is_full: bool,
}

impl Swept {
    /// The rows that are still there, for the next batch to pass over.
    pub fn left(&self) -> impl Iterator<Item = SecretId> {
        let left = self.passed_over.iter();
        left.filter(|row| !is_conflict(&row.error))
            .map(|row| SecretId::from_uuid(row.id))
    }
}

/// Destroys up to `limit` expired secrets, oldest first, each with its one `expired_destroyed`
/// event, in one transaction.
///
/// Rows that another worker or a visit holds are passed over: they have their event from there. So
/// are those of `except`, and one that can't be dealt with as others: the batch goes on.
pub async fn sweep_batch(
    database: &Database,
    limit: u32,
    except: &[SecretId],
) -> Result<Swept, StoreError> {
    let transaction = database.begin().await?;
    let work = async {
        let overdue = Overdue::lock(database, &transaction, limit, except).await?;
        let mut swept = Swept {
            is_full: overdue.len() == usize::try_from(limit).unwrap_or(usize::MAX),
            ..Swept::default()
        };
        let mut ids = Vec::with_capacity(overdue.len());
        for row in &overdue {
            let id = bad_rows::id_of(row);
            match sweep(database, &transaction, row).await {
                Ok(()) => swept.destroyed += 1,
                Err(error) if error.is_passing() => return Err(error),
                Err(error) => {
                    swept.destroyed += u32::from(is_conflict(&error));
                    swept.passed_over.push(BadRow::new("secrets", id, error));
                }
            }
            ids.push(SecretId::from_uuid(id));
        }
        if !ids.is_empty() {
            links::end_of(&transaction, ids).await?;
        }
        Ok(swept)
    }
    .await;
    database::finish(transaction, work).await
}

async fn sweep(
    database: &Database,
    transaction: &Transaction,
    row: &QueryResult,
) -> Result<(), StoreError> {
    let row: Overdue = bad_rows::decoded("secrets", row)?;
    database.check_age(row.now)?;
    match row.destroy(transaction, None).await {
        Err(error) if is_conflict(&error) => {
            // It is destroyed; only its event is not taken.
            mark_conflict(transaction, row.secret()).await?;
            Err(error)
        }
        destroyed => destroyed,
    }
}

/// Whether it is only the audit log that does not take an end, as a rule because it has another
/// one.
const fn is_conflict(error: &StoreError) -> bool {
    matches!(error, StoreError::Duplicate)
}

/// Ends an expired secret because somebody came by; what was its end already is given otherwise. By
/// its own clock, unless that is beyond the time until which its caller trusts it.
pub(super) const EXPIRE: Door = Door {
    name: "expire_1",
    call: "CALL expire_1(?, ?, ?, ?)",
    parameters: "given_hash BINARY(32), given_until BIGINT, given_ip VARCHAR(45) {text}, \
                 given_user_agent TEXT {text}",
    body: "\
  BEGIN
    DECLARE found_id BINARY(16);
    DECLARE found_expiry, found_view, found_end, time_now BIGINT;
    DECLARE reason VARCHAR(32) {text};
    DECLARE revoked VARCHAR(16) {text};
    DECLARE is_conflict BIGINT DEFAULT 0;
    {begin};
    SELECT {found} INTO found_id;
    SELECT id, expires_at, viewed_at, destroyed_at, destroy_reason, revoked_by
      INTO found_id, found_expiry, found_view, found_end, reason, revoked
      FROM secrets WHERE id = found_id FOR UPDATE;
    SET time_now = {now};
    IF found_end IS NULL AND found_expiry <= time_now AND time_now < given_until THEN
      SET reason = 'expired';
      BEGIN
        DECLARE CONTINUE HANDLER FOR 1062
          SET is_conflict = 1, reason = 'revoked', revoked = 'conflict';
        CALL audit_1(found_id, 'expired_destroyed', 'terminal', 'done', time_now, given_ip,
          given_user_agent, CONCAT('{\"by\":\"visit\",\"expired_at\":', found_expiry, '}'));
      END;
      UPDATE secrets SET destroyed_at = time_now, destroy_reason = reason, revoked_by = revoked,
          ciphertext = NULL, note_ciphertext = NULL
        WHERE id = found_id;
      {end_links};
    END IF;
    {commit};
    SELECT reason AS destroy_reason, found_view AS viewed_at, revoked AS revoked_by, is_conflict,
      time_now AS `now`;
  END",
    caller: Some(Program::Web),
};

/// A secret as a visit saw it a moment ago: its time was over.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) secret: SecretId,
    pub(super) hash: &'a TokenHash,
    /// The database's clock.
    pub(super) now: Timestamp,
}

/// Destroys one expired secret because somebody came by. Says how its life ended, which may by now
/// be another way.
pub(super) async fn expire_visited(
    database: &Database,
    seen: Seen<'_>,
    visitor: &Visitor,
) -> Result<End, StoreError> {
    if database.is_mysql() {
        return expire_by_door(database, seen, visitor).await;
    }
    let transaction = database.begin().await?;
    let work = async {
        let row = Overdue::lock_one(database, &transaction, seen.secret).await?;
        match row.end()? {
            Some(end) => Ok(end),
            None if row.expires_at > row.now => Err(StoreError::Stale),
            None => match row.end_for_age(database, &transaction, visitor).await {
                Err(error) if is_conflict(&error) => {
                    mark_conflict(&transaction, seen.secret).await?;
                    tell_conflict(seen.secret);
                    Ok(End::CONFLICT)
                }
                destroyed => destroyed.map(|()| End::EXPIRED),
            },
        }
    }
    .await;
    database::finish(transaction, work).await
}

async fn expire_by_door(
    database: &Database,
    seen: Seen<'_>,
    visitor: &Visitor,
) -> Result<End, StoreError> {
    #[derive(FromQueryResult)]
    struct Row {
        destroy_reason: Option<String>,
        viewed_at: Option<Timestamp>,
        revoked_by: Option<String>,
        is_conflict: i64,
        now: Timestamp,
    }
    database.check_age(seen.now)?;
    let until = seen.now.plus(TRUSTED_FOR);
    let [ip, user_agent] = visitor.arguments();
    let arguments = [
        Argument::hash(seen.hash),
        Argument::Number(until.as_millis()),
        ip,
        user_agent,
    ];
    let row = database.enter(&EXPIRE, arguments).await?;
    let row = row.ok_or(StoreError::Stale)?;
    let row = Row::from_query_result(&row, "")?;
    if row.is_conflict != 0 {
        tell_conflict(seen.secret);
    }
    let ending = Ending::from_columns(row.destroy_reason.as_deref(), row.viewed_at)?;
    match ending {
        Some(ending) => Ok(End {
            ending,
            revoked_by: RevokedBy::from_column(row.revoked_by.as_deref()),
        }),
        None if row.now >= until => Err(StoreError::ClockUnsound),
        None => Err(StoreError::Stale),
    }
}

/// Destroys a secret whose end the audit log has already, though its row lives: a restored backup,
/// or a forged entry. Says how its life ended. SQLite's way; MySQL's door does it by itself.
pub(super) async fn end_conflicted(
    database: &Database,
    secret: SecretId,
) -> Result<End, StoreError> {
    let transaction = database.begin().await?;
    let work = async {
        let row = Overdue::lock_one(database, &transaction, secret).await?;
        if let Some(end) = row.end()? {
            return Ok(end);
        }
        let now = row.now;
        destroy(&transaction, secret, Ending::Revoked, now).await?;
        mark_conflict(&transaction, secret).await?;
        tell_conflict(secret);
        Ok(End::CONFLICT)
    }
    .await;
    database::finish(transaction, work).await
}

/// Writes down that a secret was destroyed without an event of its own.
pub(super) async fn mark_conflict(
    transaction: &Transaction,
    secret: SecretId,
) -> Result<(), StoreError> {
    secret::Entity::update_many()
        .set(secret::ActiveModel {
            destroy_reason: Set(Some(Ending::Revoked.code().to_owned())),
            revoked_by: Set(Some(RevokedBy::Conflict.code().to_owned())),
            ..Default::default()
        })
        .filter(secret::Column::Id.eq(secret))
        .exec(transaction)
        .await?;
    Ok(())
}

pub(super) fn tell_conflict(secret: SecretId) {
    tracing::error!(
        secret.id = %secret,
        "the audit log has another end of this secret: it was destroyed and not shown"
    );
}

#[derive(FromQueryResult)]
struct Overdue {
    id: SecretId,
    team: String,
    sender: String,
    recipient: String,
    expires_at: Timestamp,
    viewed_at: Option<Timestamp>,
    destroy_reason: Option<String>,
    revoked_by: Option<String>,
    now: Timestamp,
}

impl Overdue {
    async fn lock(
        database: &Database,
        transaction: &Transaction,
        limit: u32,
        except: &[SecretId],
    ) -> Result<Vec<QueryResult>, StoreError> {
        let mut overdue = Self::select(database)
            .filter(secret::Column::DestroyedAt.is_null())
            .filter(Expr::col(secret::Column::ExpiresAt).lte(database.now()))
            .order_by_asc(secret::Column::ExpiresAt)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        if !except.is_empty() {
            let except = except.iter().copied();
            overdue = overdue.filter(secret::Column::Id.is_not_in(except));
        }
        let statement = overdue.build(transaction.get_database_backend());
        Ok(transaction.query_all_raw(statement).await?)
    }

    async fn end_for_age(
        &self,
        database: &Database,
        transaction: &Transaction,
        visitor: &Visitor,
    ) -> Result<(), StoreError> {
        database.check_age(self.now)?;
        links::end_of(transaction, [self.secret()]).await?;
        self.destroy(transaction, Some(visitor)).await
    }

    /// How its life ended; `None` while it lives.
    fn end(&self) -> Result<Option<End>, StoreError> {
        let ending = Ending::from_columns(self.destroy_reason.as_deref(), self.viewed_at)?;
        Ok(ending.map(|ending| End {
            ending,
            revoked_by: RevokedBy::from_column(self.revoked_by.as_deref()),
        }))
    }

    const fn secret(&self) -> SecretId {
        self.id
    }

    async fn lock_one(
        database: &Database,
        transaction: &Transaction,
        secret: SecretId,
    ) -> Result<Self, StoreError> {
        Self::select(database)
            .filter(secret::Column::Id.eq(secret))
            .lock_exclusive()
            .into_model::<Self>()
            .one(transaction)
            .await?
            .ok_or(StoreError::Stale)
    }

    fn select(database: &Database) -> sea_orm::Select<secret::Entity> {
        secret::Entity::find()
            .select_only()
            .columns([
                secret::Column::Id,
                secret::Column::Team,
                secret::Column::Sender,
                secret::Column::Recipient,
                secret::Column::ExpiresAt,
                secret::Column::ViewedAt,
                secret::Column::DestroyReason,
                secret::Column::RevokedBy,
            ])
            .column_as(database.now(), "now")
    }

    /// Its links are its caller's to end.
    async fn destroy(
        &self,
        transaction: &Transaction,
        visitor: Option<&Visitor>,
    ) -> Result<(), StoreError> {
        let secret = self.secret();
        let now = self.now;
        if !destroy_row(transaction, secret, Ending::Expired, now).await? {
            return Err(StoreError::Stale);
        }
        let entry = NewEntry {
            secret,
            event: Event::ExpiredDestroyed {
                by_visit: visitor.is_some(),
                expired_at: self.expires_at,
            },
            slot: Some(Slot::Terminal),
            occurred_at: now,
            actor: None,
            team: &self.team,
            sender: &self.sender,
            recipient: &self.recipient,
            visitor,
        };
        audit::append(transaction, entry).await
    }
}

/// Ends a live secret unopened, with its links. Says whether it was still live.
pub(super) async fn destroy(
    transaction: &Transaction,
    secret: SecretId,
    ending: Ending,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let was_live = destroy_row(transaction, secret, ending, now).await?;
    links::end_of(transaction, [secret]).await?;
    Ok(was_live)
}

async fn destroy_row(
    transaction: &Transaction,
    secret: SecretId,
    ending: Ending,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let destroyed = secret::Entity::update_many()
        .set(secret::ActiveModel {
            destroyed_at: Set(Some(now)),
            destroy_reason: Set(Some(ending.code().to_owned())),
            ciphertext: Set(None),
            note_ciphertext: Set(None),
            ..Default::default()
        })
        .filter(secret::Column::Id.eq(secret))
        .filter(secret::Column::DestroyedAt.is_null())
        .exec(transaction)
        .await?;
    Ok(destroyed.rows_affected == 1)
}
