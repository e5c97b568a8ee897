//! Destroying a row and writing that down, at once; and finding out whether it came about.
//!
//! On MySQL one call does it. A server finishes a call whose client is gone, so each carries a time
//! of the database's after which it does nothing: an attempt without an answer asks for its fate
//! under the row's lock, and only what is alive after that time was not opened, and won't be.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait as _},
};
use tokio::time::{Instant, sleep, timeout};

use super::{BURN_WITHIN, Burn, BurnError, COMMIT_PATIENCE, Opening, Row};
use crate::{
    crypto::{ConfirmedBy, OpenError, TokenHash},
    domain::{clock::Timestamp, ids::BurnId, program::Program},
    store::{
        Database, StoreError,
        audit::{self, Event, NewEntry, Slot, Visitor},
        database::{first_of, undo},
        door::{self, Argument, Door},
        entity::secret,
        error::proves_undone,
        expire::{self, End, Seen},
        line::{Pool, Transaction},
        links,
        mysql_pool::PooledConnection,
    },
};

/// Destroys a live row and writes that down. Says whether it did (1), as it also does to an attempt
/// that did before; whether its life was over (0); whether the audit log has another end of it, so
/// that it was destroyed for nobody (2); whether the call came too late to do anything (3); whether
/// the link, made at a press, leads nowhere any more (4).
pub(in crate::store) const BURN: Door = Door {
    name: "burn_1",
    call: "CALL burn_1(?, ?, ?, ?, ?, ?)",
    parameters: "given_hash BINARY(32), given_burn BINARY(16), given_confirmed_by BINARY(32), \
                 given_until BIGINT, given_ip VARCHAR(45) {text}, given_user_agent TEXT {text}",
    body: "\
  BEGIN
    DECLARE found_id, found_burn BINARY(16);
    DECLARE found_format, found_live, found_expiry, found_end, time_now BIGINT;
    DECLARE found_team, found_sender, found_recipient VARCHAR(255) {text};
    DECLARE outcome BIGINT DEFAULT 0;
    {begin};
    SELECT {found} INTO found_id;
    SELECT format, burn_id, expires_at, destroyed_at, team, sender, recipient
      INTO found_format, found_burn, found_expiry, found_end, found_team, found_sender, found_recipient
      FROM secrets WHERE id = found_id FOR UPDATE;
    SET time_now = {now};
    SELECT live INTO found_live FROM links WHERE token_hash = given_hash AND found_format = 2;
    IF found_burn = given_burn THEN
      SET outcome = 1;
    ELSEIF found_end IS NULL AND found_format = 2 AND found_live IS NULL THEN
      SET outcome = 4;
    ELSEIF found_end IS NULL AND found_expiry > time_now THEN
      IF time_now < given_until THEN
        SET outcome = 1;
        BEGIN
          DECLARE CONTINUE HANDLER FOR 1062 SET outcome = 2;
          INSERT INTO audit_events {entry_columns} VALUES ({entry_id}, found_id, 'viewed', 'terminal', 'done',
              time_now, 'visitor', {version}, found_team, found_sender, found_recipient, {entry_visitor}, '{}');
        END;
        UPDATE secrets SET destroyed_at = time_now, ciphertext = NULL, note_ciphertext = NULL,
            destroy_reason = IF(outcome = 1, 'viewed', 'revoked'),
            revoked_by = IF(outcome = 1, NULL, 'conflict'),
            viewed_at = IF(outcome = 1, time_now, NULL),
            burn_id = IF(outcome = 1, given_burn, NULL),
            confirmed_by = IF(outcome = 1, given_confirmed_by, NULL)
          WHERE id = found_id;
        {end_links} AND found_format = 2;
      ELSE
        SET outcome = 3;
      END IF;
    END IF;
    {commit};
    SELECT outcome, time_now AS `now`;
  END",
    caller: Some(Program::Web),
};

/// What became of an attempt, once nobody works at the row: it burned it (1), the row's life ended
/// otherwise (0), it lives (2), there is no such row (3). The clock is read while the lock is held:
/// what comes to the lock later has a later one.
pub(in crate::store) const FATE: Door = Door {
    name: "fate_1",
    call: "CALL fate_1(?, ?)",
    parameters: "given_hash BINARY(32), given_burn BINARY(16)",
    body: "\
  BEGIN
    DECLARE found_id, found_burn BINARY(16);
    DECLARE found_end, time_now BIGINT;
    {begin};
    SELECT {found} INTO found_id;
    SELECT id, burn_id, destroyed_at INTO found_id, found_burn, found_end
      FROM secrets WHERE id = found_id FOR UPDATE;
    SET time_now = {now};
    {commit};
    SELECT CASE WHEN found_id IS NULL THEN 3 WHEN found_burn = given_burn THEN 1
      WHEN found_end IS NULL THEN 2 ELSE 0 END AS fate, time_now AS `now`;
  END",
    caller: Some(Program::Web),
};

/// Notes, once a secret, that a live one could not be decrypted.
pub(in crate::store) const DECRYPT_FAILED: Door = Door {
    name: "decrypt_failed_1",
    call: "CALL decrypt_failed_1(?, ?, ?, ?)",
    parameters: "given_hash BINARY(32), given_reason VARCHAR(32) {text}, \
                 given_ip VARCHAR(45) {text}, given_user_agent TEXT {text}",
    body: "\
  BEGIN
    DECLARE found_id BINARY(16);
    DECLARE CONTINUE HANDLER FOR 1062 BEGIN END;
    SELECT id INTO found_id FROM secrets WHERE id = {found} AND destroyed_at IS NULL;
    IF found_id IS NOT NULL AND given_reason IN ('unknown_key', 'refused', 'malformed') THEN
      CALL audit_1(found_id, 'decrypt_failed', 'decrypt_failed', 'failed', {now}, given_ip,
        given_user_agent, CONCAT('{\"reason\":\"', given_reason, '\"}'));
    END IF;
  END",
    caller: Some(Program::Web),
};

/// An answer that is late by so much: the row is asked, and again and again.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Longest wait for an answer of the row's.
const ASK_PATIENCE: Duration = Duration::from_secs(5);

/// How far the database's clock may go from the host's steady one while an attempt lasts, for what
/// it says of the attempt's end to be believed.
const MOST_DRIFT: Duration = Duration::from_secs(1);

/// The pause after a question that failed.
const ASK_AGAIN: Duration = Duration::from_millis(250);

pub(super) struct Attempt<'a> {
    pub(super) database: &'a Database,
    pub(super) visitor: &'a Visitor,
    pub(super) by: ConfirmedBy,
    pub(super) row: &'a Row,
    /// When the row was read, or a moment later.
    pub(super) read_at: Instant,
    pub(super) hash: TokenHash,
    pub(super) id: BurnId,
}

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Destroyed {
    ByUs,
    /// The secret's life was over.
    Before,
    /// The requester is gone; everything was undone.
    Abandoned,
    /// It did not come about; the secret lives on, at this time of the database's.
    Undone(Timestamp),
    /// The audit log had an end of this secret already: it is destroyed, and not shown.
    Conflict(End),
    /// Its link leads nowhere any more; the secret lives on.
    Spent,
}

/// Why there is no answer that says how it ended.
enum Broken {
    /// Nothing was done, and nothing will be.
    Undone(StoreError),
    /// Who knows.
    Unanswered(StoreError),
}

/// What the row says of an attempt.
#[derive(PartialEq, Eq)]
enum Fate {
    Ours,
    Before,
    /// It lives, at this time of the database's.
    Lives(Timestamp),
}

impl Attempt<'_> {
    /// Destroys the row and writes it down, once more where everything was undone.
    pub(super) async fn destroy(
        &self,
        requester_gone: &impl Fn() -> bool,
    ) -> Result<Destroyed, StoreError> {
        let mut begins = self.row.now.plus(self.read_at.elapsed());
        let mut is_last = false;
        let moves = self.database.current().moves();
        loop {
            let destroyed = if self.database.is_mysql() {
                self.destroy_by_door(begins.plus(BURN_WITHIN), requester_gone)
                    .await
            } else {
                self.destroy_by_transaction(requester_gone).await
            };
            match destroyed {
                Ok(Destroyed::Undone(at)) if !is_last => {
                    is_last = true;
                    begins = at;
                }
                Err(StoreError::Deadlock | StoreError::Busy { .. })
                    if self.database.is_mysql() && self.read_at.elapsed() < BURN_WITHIN => {}
                // What a host that was left still had under way, the one that is asked now can't
                // know: the other try would have taken its place, a word would not.
                Ok(Destroyed::Undone(_) | Destroyed::Abandoned) | Err(_)
                    if is_last && self.database.current().moves() != moves =>
                {
                    return Err(StoreError::CommitUnknown);
                }
                destroyed => return destroyed,
            }
        }
    }

    /// The last look at the requester is right before the call, with a connection at hand.
    async fn destroy_by_door(
        &self,
        until: Timestamp,
        requester_gone: &impl Fn() -> bool,
    ) -> Result<Destroyed, StoreError> {
        let pool = self.database.current();
        let connection = pool.one().await?;
        if requester_gone() {
            return Ok(Destroyed::Abandoned);
        }
        let [ip, user_agent] = self.visitor.arguments();
        let arguments = [
            Argument::hash(&self.hash),
            Argument::burn(self.id),
            Argument::Bytes(self.by.as_bytes().to_vec()),
            Argument::Number(until.as_millis()),
            ip,
            user_agent,
        ];
        let call = Box::pin(burn(connection, arguments));
        let destroyed = self.settle(Some(until), until_left(pool, call));
        let destroyed = destroyed.await?;
        if let Destroyed::Conflict(_) = destroyed {
            expire::tell_conflict(self.row.secret());
        }
        Ok(destroyed)
    }

    async fn destroy_by_transaction(
        &self,
        requester_gone: &impl Fn() -> bool,
    ) -> Result<Destroyed, StoreError> {
        let transaction = self.database.begin().await?;
        if self.row.link.is_some() && !links::is_live(&transaction, &self.hash).await? {
            undo(transaction).await;
            return Ok(Destroyed::Spent);
        }
        match self.destroy_in(&transaction).await {
            Ok(true) if requester_gone() => {
                undo(transaction).await;
                Ok(Destroyed::Abandoned)
            }
            Ok(true) => {
                let now = self.row.now;
                let ending = async move {
                    match transaction.commit().await.map_err(StoreError::from) {
                        Ok(()) => Ok(Destroyed::ByUs),
                        // SQLite has rolled back, or will:
                        // <https://www.sqlite.org/lang_transaction.html>.
                        Err(StoreError::Full | StoreError::Busy { .. }) => {
                            Ok(Destroyed::Undone(now))
                        }
                        Err(error) => Err(Broken::Unanswered(error)),
                    }
                };
                self.settle(None, ending).await
            }
            Ok(false) => {
                undo(transaction).await;
                Ok(Destroyed::Before)
            }
            Err(StoreError::Duplicate) => {
                undo(transaction).await;
                let end = expire::end_conflicted(self.database, self.row.secret()).await?;
                Ok(Destroyed::Conflict(end))
            }
            Err(error) => {
                undo(transaction).await;
                Err(error)
            }
        }
    }

    /// Says whether the secret was still alive.
    async fn destroy_in(&self, transaction: &Transaction) -> Result<bool, StoreError> {
        let now = self.row.now;
        let changed = secret::Entity::update_many()
            .set(secret::ActiveModel {
                viewed_at: Set(Some(now)),
                destroyed_at: Set(Some(now)),
                destroy_reason: Set(Some("viewed".to_owned())),
                ciphertext: Set(None),
                note_ciphertext: Set(None),
                burn_id: Set(Some(self.id)),
                confirmed_by: Set(Some(self.by.as_bytes().to_vec())),
                ..Default::default()
            })
            .filter(secret::Column::Id.eq(self.row.id))
            .filter(secret::Column::DestroyedAt.is_null())
            .filter(Expr::col(secret::Column::ExpiresAt).gt(self.database.now()))
            .exec(transaction)
            .await?;
        if changed.rows_affected != 1 {
            return Ok(false);
        }
        if self.row.link.is_some() {
            links::end_of(transaction, [self.row.id]).await?;
        }
        let viewed = self.entry(Event::Viewed, Slot::Terminal);
        audit::append(transaction, viewed).await?;
        Ok(true)
    }

    fn entry<'a>(&'a self, event: Event<'a>, slot: Slot<'a>) -> NewEntry<'a> {
        NewEntry {
            secret: self.row.secret(),
            event,
            slot: Some(slot),
            occurred_at: self.row.now,
            actor: None,
            team: &self.row.team,
            sender: &self.row.sender,
            recipient: &self.row.recipient,
            visitor: Some(self.visitor),
        }
    }

    /// Waits for the answer; where it is late or lost, the row says how it ended. What is not done
    /// at the time `until` won't be; without one, nothing is done once the answer is an error.
    async fn settle(
        &self,
        until: Option<Timestamp>,
        ending: impl Future<Output = Result<Destroyed, Broken>> + Send + 'static,
    ) -> Result<Destroyed, StoreError> {
        let give_up = Instant::now() + COMMIT_PATIENCE;
        let mut ending = Box::pin(ending);
        let error = loop {
            tokio::select! {
                ended = &mut ending => match ended {
                    Ok(destroyed) => return Ok(destroyed),
                    Err(Broken::Undone(error)) => return Err(error),
                    Err(Broken::Unanswered(error)) => break error,
                },
                () = sleep(ASK_EVERY) => {}
            }
            // Only the answer may be late; where there are several hosts they are looked at.
            let late = StoreError::CommitUnknown;
            self.database.current().doubt_for(&late);
            let asked = timeout(ASK_PATIENCE, self.fate()).await;
            let outcome = match asked {
                Ok(Ok(Fate::Ours)) => return Ok(Destroyed::ByUs),
                Ok(Ok(Fate::Before)) => Ok(Destroyed::Before),
                Ok(Ok(Fate::Lives(now))) if until.is_some_and(|until| self.is_over(until, now)) => {
                    Ok(Destroyed::Undone(now))
                }
                _ if Instant::now() >= give_up => Err(StoreError::CommitUnknown),
                _ => continue,
            };
            // Its connection is of no use to anybody before it has its answer.
            tokio::spawn(ending);
            return outcome;
        };
        tracing::warn!(
            secret.id = %self.row.secret(),
            %error,
            "COMMIT of a reveal had no answer, asking the row"
        );
        self.outcome(until, give_up).await
    }

    /// What became of an attempt without an answer.
    async fn outcome(
        &self,
        until: Option<Timestamp>,
        give_up: Instant,
    ) -> Result<Destroyed, StoreError> {
        loop {
            let asked = timeout(ASK_PATIENCE, self.fate()).await;
            match asked.unwrap_or(Err(StoreError::Unreachable)) {
                Ok(Fate::Ours) => return Ok(Destroyed::ByUs),
                Ok(Fate::Before) => return Ok(Destroyed::Before),
                Ok(Fate::Lives(now)) if until.is_none_or(|until| self.is_over(until, now)) => {
                    return Ok(Destroyed::Undone(now));
                }
                Err(error) if !error.is_passing() => return Err(StoreError::CommitUnknown),
                _ if Instant::now() >= give_up => return Err(StoreError::CommitUnknown),
                // The call may be under way yet.
                _ => sleep(ASK_AGAIN).await,
            }
        }
    }

    /// Whether a call of this attempt's does nothing any more, by the database's clock and by ours:
    /// one that was set ahead may be set back before the call comes.
    fn is_over(&self, until: Timestamp, now: Timestamp) -> bool {
        let steady = self.row.now.plus(self.read_at.elapsed());
        let drift = (now.as_millis() - steady.as_millis()).unsigned_abs();
        now >= until && u128::from(drift) <= MOST_DRIFT.as_millis()
    }

    /// Asks the row over another connection. SQLite's COMMIT is over when it fails; what MySQL has
    /// of it under way keeps the row's lock.
    async fn fate(&self) -> Result<Fate, StoreError> {
        if self.database.is_mysql() {
            let arguments = [Argument::hash(&self.hash), Argument::burn(self.id)];
            let asked = self.database.enter_up_to_date(&FATE, arguments);
            let row = Box::pin(asked).await?;
            return match first_of(row.as_ref(), "fate")? {
                0_i64 => Ok(Fate::Before),
                1 => Ok(Fate::Ours),
                2 => Ok(Fate::Lives(first_of(row.as_ref(), "now")?)),
                _ => Err(StoreError::Stale),
            };
        }
        let row: Option<(Option<BurnId>, Option<Timestamp>)> = secret::Entity::find()
            .select_only()
            .columns([secret::Column::BurnId, secret::Column::DestroyedAt])
            .filter(secret::Column::Id.eq(self.row.id))
            .into_tuple()
            .one(self.database.connection())
            .await?;
        let (burned_by, destroyed_at) = row.ok_or(StoreError::Stale)?;
        Ok(if burned_by == Some(self.id) {
            Fate::Ours
        } else if destroyed_at.is_some() {
            Fate::Before
        } else {
            Fate::Lives(self.row.now)
        })
    }

    pub(super) const fn opening(&self) -> Opening {
        Opening {
            secret: self.row.secret(),
            hash: self.hash,
            burn: self.id,
        }
    }

    /// Time is over: says how the secret's life ended, ending it if nobody has yet. At the time of
    /// an attempt that was not in time, which is later than the row's.
    pub(super) async fn expire<T>(&self) -> Result<Burn<T>, BurnError> {
        let seen = Seen {
            secret: self.row.secret(),
            hash: &self.hash,
            now: self.row.now.plus(self.read_at.elapsed()),
        };
        let end = expire::expire_visited(self.database, seen, self.visitor).await?;
        Ok(Burn::Ended(self.row.ended_by(end)))
    }

    /// Writes `decrypt_failed`, once a secret.
    pub(super) async fn record_failure(&self, reason: OpenError) -> Result<(), StoreError> {
        if self.database.is_mysql() {
            let [ip, user_agent] = self.visitor.arguments();
            let arguments = [
                Argument::hash(&self.hash),
                Argument::text(reason.code()),
                ip,
                user_agent,
            ];
            self.database.enter(&DECRYPT_FAILED, arguments).await?;
            return Ok(());
        }
        let failed = Event::DecryptFailed {
            reason: reason.code(),
        };
        let entry = self.entry(failed, Slot::DecryptFailed);
        match audit::append(self.database.connection(), entry).await {
            Err(StoreError::Duplicate) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// A call that nobody waits for any more once its host was left.
async fn until_left(
    pool: Arc<Pool>,
    call: impl Future<Output = Result<Destroyed, Broken>>,
) -> Result<Destroyed, Broken> {
    let called = pool.until_left(call).await;
    let called = called.unwrap_or(Err(Broken::Unanswered(StoreError::Unreachable)));
    if let Err(Broken::Undone(error) | Broken::Unanswered(error)) = &called {
        pool.doubt_for(error);
    }
    called
}

/// Calls, over a connection that nobody else has.
async fn burn(connection: PooledConnection, arguments: [Argument; 6]) -> Result<Destroyed, Broken> {
    let row = match door::call(connection, &BURN, arguments).await {
        Ok(row) => row,
        Err(error) => {
            let told = StoreError::of_statement(&error);
            return Err(if proves_undone(&error) {
                Broken::Undone(told)
            } else {
                Broken::Unanswered(told)
            });
        }
    };
    match first_of(row.as_ref(), "outcome").map_err(Broken::Unanswered)? {
        0_i64 => Ok(Destroyed::Before),
        1 => Ok(Destroyed::ByUs),
        2 => Ok(Destroyed::Conflict(End::CONFLICT)),
        4 => Ok(Destroyed::Spent),
        _ => first_of(row.as_ref(), "now")
            .map(Destroyed::Undone)
            .map_err(Broken::Unanswered),
    }
}
