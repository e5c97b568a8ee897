//! Opening a secret once: decrypt, destroy, write down, commit, and only then show.
//!
//! Once-only rests on the UPDATE that destroys: it takes the row's lock and changes a row only
//! while nobody has before, by the database's clock, and the table has room for one end of each
//! secret. What is decrypted is read before the transaction: the sealed columns of a live row never
//! change, so the lock is held for two statements only. An answer to COMMIT that is late or lost is
//! found in the row, by the attempt's own id.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, DbBackend, EntityTrait, FromQueryResult, QueryFilter,
    QuerySelect,
    sea_query::{Expr, ExprTrait as _},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::{
    Database, Ended, Ending, RevokedBy, StoreError,
    audit::{self, Event, NewEntry, Slot, Visitor},
    database::undo,
    entity::secret,
    expire::{self, End},
};
use crate::{
    crypto::{
        self, Binding, CONFIRMATION_LIFE, Confirmed, ConfirmedBy, KeyId, LinkToken, MasterKeys,
        OpenError, SealedSecret,
    },
    domain::{
        clock::Timestamp,
        display_name::DisplayName,
        ids::{BurnId, SecretId},
        secret::{NoteText, SecretText},
    },
};

/// How long after an opening the same page, sent again, is the same visitor's: a second press, or a
/// browser that asks again on a slow line. Later it is a visit as any other.
const REPEATED_WITHIN: Duration = Duration::from_mins(2);

/// How long an attempt asks for the outcome of its COMMIT. Nothing else is known about a secret for
/// so long than that it may have been opened.
pub const COMMIT_PATIENCE: Duration = Duration::from_secs(55);

/// A COMMIT without an answer for so long: the row is asked, and again and again.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Longest wait for an answer of the row's.
const ASK_PATIENCE: Duration = Duration::from_secs(5);

/// The pause after a question that failed.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// An attempt that opened a secret, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Opening {
    /// The secret's row.
    pub secret: SecretId,
    /// The attempt.
    pub burn: BurnId,
}

/// A secret in the clear, for just as long as it takes to render it.
pub struct Opened {
    /// Its row, for the log.
    pub secret: SecretId,
    /// The secret.
    pub text: SecretText,
    /// The note beside it.
    pub note: Option<NoteText>,
    /// Who sent it.
    pub sender_name: DisplayName,
}

/// How an attempt to burn ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Burn<T> {
    /// This attempt burned the secret: what was rendered may be shown, by nobody else ever.
    Revealed {
        /// By which it was opened.
        opening: Opening,
        /// What `render` made of it.
        rendered: T,
    },
    /// No secret has this link.
    Unknown,
    /// The secret's life was over.
    Ended(Ended),
    /// This very page opened it a moment ago, from the same address and browser. What it was shown
    /// then is not shown again.
    Repeated(Ended),
    /// The link's page was made too long ago; nothing was tried.
    Unconfirmed,
    /// Whoever asked is gone; the secret was left as it was.
    Abandoned,
}

/// Why an attempt to burn did not come about. The secret was not shown, and but for
/// [`BurnError::Unknown`] it lives on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BurnError {
    /// The secret can't be decrypted, as the audit log now says.
    #[error("secret {secret} can't be decrypted: {reason}")]
    Undecryptable {
        /// Its row.
        secret: SecretId,
        /// Why.
        reason: OpenError,
    },
    /// COMMIT had no answer, nor could the row be asked: it was opened, or it wasn't.
    #[error("whether secret {} was opened is not known: the database did not say so in time", .0.secret)]
    Unknown(Opening),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Database {
    /// Opens a secret once.
    ///
    /// `confirmed` says when the link's page was made, by the database's clock: whoever looks at it
    /// for longer than [`CONFIRMATION_LIFE`] is asked again. The row keeps what stands for it with
    /// the visitor's address and browser, so that the same page sent twice is told from a visit by
    /// somebody else, whichever process answers.
    ///
    /// `render` makes of the plaintext what will be shown; it runs before the transaction, so that
    /// nothing can fail after its commit. `requester_gone` is asked right before each COMMIT: a
    /// secret is not burned for somebody who has left. Once it was asked and somebody was there,
    /// the end may take as long as [`COMMIT_PATIENCE`].
    pub async fn burn<T>(
        &self,
        keys: &MasterKeys,
        token: &LinkToken,
        confirmed: &Confirmed,
        visitor: &Visitor,
        requester_gone: impl Fn() -> bool,
        render: impl Fn(&Opened) -> T,
    ) -> Result<Burn<T>, BurnError> {
        let Some(row) = Row::read(self, token).await? else {
            return Ok(Burn::Unknown);
        };
        let by = confirmed.by(visitor.ip, visitor.user_agent.as_deref());
        if let Some(over) = row.over(by)? {
            return Ok(over);
        }
        let attempt = Attempt {
            database: self,
            visitor,
            by,
            row: &row,
            id: BurnId::generate(),
        };
        if row.expires_at <= row.now {
            return attempt.expire().await;
        }
        if confirmed.at.until(row.now) > CONFIRMATION_LIFE {
            return Ok(Burn::Unconfirmed);
        }
        let rendered = match row.open(keys, token) {
            Ok(opened) => render(&opened),
            Err(BurnError::Undecryptable { secret, reason }) => {
                attempt.record_failure(reason).await?;
                return Err(BurnError::Undecryptable { secret, reason });
            }
            Err(error) => return Err(error),
        };
        let mut destroyed = attempt.destroy(&requester_gone).await;
        if matches!(destroyed, Err(StoreError::Deadlock) | Ok(Destroyed::Undone)) {
            // The self undid everything: once more.
            destroyed = attempt.destroy(&requester_gone).await;
        }
        match destroyed {
            Ok(Destroyed::ByUs) => Ok(Burn::Revealed {
                opening: attempt.opening(),
                rendered,
            }),
            Ok(Destroyed::Abandoned) => Ok(Burn::Abandoned),
            Ok(Destroyed::Undone) => Err(StoreError::Unreachable.into()),
            Err(StoreError::CommitUnknown) => Err(BurnError::Unknown(attempt.opening())),
            Err(error) => Err(error.into()),
            Ok(Destroyed::Conflict) => {
                // It was opened once, or ended otherwise, whatever its row says: never again.
                let end = expire::end_conflicted(self, row.secret()).await?;
                Ok(Burn::Ended(row.ended_by(end)))
            }
            Ok(Destroyed::Before) => {
                // Somebody else was first, unless time was over just then.
                let Some(row) = Row::read(self, token).await? else {
                    return Ok(Burn::Unknown);
                };
                match row.over(by)? {
                    Some(over) => Ok(over),
                    None => attempt.expire().await,
                }
            }
        }
    }
}

struct Attempt<'a> {
    database: &'a Database,
    visitor: &'a Visitor,
    by: ConfirmedBy,
    row: &'a Row,
    id: BurnId,
}

/// How the transaction ended.
#[derive(PartialEq, Eq)]
enum Destroyed {
    ByUs,
    /// The secret's life was over.
    Before,
    /// The requester is gone; everything was undone.
    Abandoned,
    /// COMMIT did not come about; the secret lives on.
    Undone,
    /// The audit log has an end of this secret already; everything was undone.
    Conflict,
}

impl Attempt<'_> {
    /// Destroys the row and writes it down; what is not committed is undone.
    async fn destroy(&self, requester_gone: &impl Fn() -> bool) -> Result<Destroyed, StoreError> {
        let transaction = self.database.begin().await?;
        let destroyed = self.destroy_in(&transaction).await;
        match destroyed {
            Ok(Destroyed::ByUs) if requester_gone() => {
                undo(transaction).await;
                Ok(Destroyed::Abandoned)
            }
            Ok(Destroyed::ByUs) => self.commit(transaction).await,
            other => {
                undo(transaction).await;
                other
            }
        }
    }

    async fn destroy_in(&self, transaction: &DatabaseTransaction) -> Result<Destroyed, StoreError> {
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
            return Ok(Destroyed::Before);
        }
        let viewed = self.entry(Event::Viewed, Slot::Terminal, json!({}));
        match audit::append(transaction, viewed).await {
            Ok(()) => Ok(Destroyed::ByUs),
            Err(StoreError::Duplicate) => Ok(Destroyed::Conflict),
            Err(error) => Err(error),
        }
    }

    fn entry(&self, event: Event, slot: Slot, metadata: Value) -> NewEntry<'_> {
        NewEntry {
            secret: self.row.secret(),
            event,
            slot,
            occurred_at: self.row.now,
            sender: &self.row.sender,
            recipient: &self.row.recipient,
            visitor: Some(self.visitor),
            metadata,
        }
    }

    /// Commits, and finds out whether that came about.
    async fn commit(&self, transaction: DatabaseTransaction) -> Result<Destroyed, StoreError> {
        let give_up = Instant::now() + COMMIT_PATIENCE;
        let mut committing = Box::pin(transaction.commit());
        let error = loop {
            tokio::select! {
                committed = &mut committing => match committed {
                    Ok(()) => return Ok(Destroyed::ByUs),
                    Err(error) => break error,
                },
                () = sleep(ASK_EVERY) => {}
            }
            // Only the answer may be late.
            let asked = timeout(ASK_PATIENCE, self.is_burned_by_this()).await;
            if asked == Ok(Ok(true)) {
                return Ok(Destroyed::ByUs);
            }
            if Instant::now() >= give_up {
                // Its connection is of no use to anybody before it has its answer.
                tokio::spawn(committing);
                return Err(StoreError::CommitUnknown);
            }
        };
        let error = StoreError::from(error);
        if self.is_sqlite() && matches!(error, StoreError::Full | StoreError::Busy { .. }) {
            // SQLite has rolled back, or will: <https://www.sqlite.org/lang_transaction.html>.
            return Ok(Destroyed::Undone);
        }
        tracing::warn!(
            secret.id = %self.row.secret(),
            %error,
            "COMMIT of a reveal had no answer, asking the row"
        );
        self.outcome(give_up).await
    }

    /// What became of a COMMIT that failed.
    async fn outcome(&self, give_up: Instant) -> Result<Destroyed, StoreError> {
        loop {
            let asked = timeout(ASK_PATIENCE, self.settled_outcome()).await;
            match asked.unwrap_or(Err(StoreError::Unreachable)) {
                Ok(outcome) => return Ok(outcome),
                Err(error) if error.is_passing() && Instant::now() < give_up => {
                    sleep(ASK_AGAIN).await;
                }
                Err(_) => return Err(StoreError::CommitUnknown),
            }
        }
    }

    /// The same, once nobody works at the row: a COMMIT whose connection to MySQL is gone may be
    /// under way yet, and keeps its lock so long. SQLite's is over when it fails.
    async fn settled_outcome(&self) -> Result<Destroyed, StoreError> {
        let end = secret::Entity::find()
            .select_only()
            .columns([secret::Column::BurnId, secret::Column::DestroyedAt])
            .filter(secret::Column::Id.eq(self.row.id));
        let row: Result<Option<(Option<BurnId>, Option<Timestamp>)>, _> = if self.is_sqlite() {
            let reading = self.database.connection();
            end.into_tuple().one(reading).await
        } else {
            let transaction = self.database.begin().await?;
            let row = end.lock_exclusive().into_tuple().one(&transaction).await;
            undo(transaction).await;
            row
        };
        let (burned_by, destroyed_at) = row?.ok_or(StoreError::Stale)?;
        Ok(if burned_by == Some(self.id) {
            Destroyed::ByUs
        } else if destroyed_at.is_some() {
            Destroyed::Before
        } else {
            Destroyed::Undone
        })
    }

    fn is_sqlite(&self) -> bool {
        self.database.connection().get_database_backend() == DbBackend::Sqlite
    }

    const fn opening(&self) -> Opening {
        Opening {
            secret: self.row.secret(),
            burn: self.id,
        }
    }

    /// Time is over: says how the secret's life ended, ending it if nobody has yet.
    async fn expire<T>(&self) -> Result<Burn<T>, BurnError> {
        let secret = self.row.secret();
        let end = expire::expire_visited(self.database, secret, self.visitor).await?;
        Ok(Burn::Ended(self.row.ended_by(end)))
    }

    /// Asks the row, over another connection, whether it carries the commit of this attempt.
    async fn is_burned_by_this(&self) -> Result<bool, StoreError> {
        let burned_by: Option<Option<BurnId>> = secret::Entity::find()
            .select_only()
            .column(secret::Column::BurnId)
            .filter(secret::Column::Id.eq(self.row.id))
            .into_tuple()
            .one(self.database.connection())
            .await?;
        Ok(burned_by.flatten() == Some(self.id))
    }

    /// Writes `decrypt_failed`, once a secret.
    async fn record_failure(&self, reason: OpenError) -> Result<(), StoreError> {
        let metadata = json!({ "reason": reason.code() });
        let entry = self.entry(Event::DecryptFailed, Slot::DecryptFailed, metadata);
        match audit::append(self.database.connection(), entry).await {
            Err(StoreError::Duplicate) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: SecretId,
    format: i16,
    ciphertext: Option<Vec<u8>>,
    note_ciphertext: Option<Vec<u8>>,
    key_id: Vec<u8>,
    sender: String,
    sender_name: String,
    recipient: String,
    recipient_locale: Option<String>,
    recipient_tz: Option<String>,
    expires_at: Timestamp,
    viewed_at: Option<Timestamp>,
    destroy_reason: Option<String>,
    confirmed_by: Option<Vec<u8>>,
    page_lost_at: Option<Timestamp>,
    revoked_by: Option<String>,
    now: Timestamp,
}

impl Row {
    /// Reads without a lock.
    async fn read(database: &Database, token: &LinkToken) -> Result<Option<Self>, StoreError> {
        let row = secret::Entity::find()
            .select_only()
            .columns([
                secret::Column::Id,
                secret::Column::Format,
                secret::Column::Ciphertext,
                secret::Column::NoteCiphertext,
                secret::Column::KeyId,
                secret::Column::Sender,
                secret::Column::SenderName,
                secret::Column::Recipient,
                secret::Column::RecipientLocale,
                secret::Column::RecipientTz,
                secret::Column::ExpiresAt,
                secret::Column::ViewedAt,
                secret::Column::DestroyReason,
                secret::Column::ConfirmedBy,
                secret::Column::PageLostAt,
                secret::Column::RevokedBy,
            ])
            .column_as(database.now(), "now")
            .filter(secret::Column::TokenHash.eq(token.hash().as_bytes().to_vec()))
            .into_model::<Self>()
            .one(database.connection())
            .await?;
        Ok(row)
    }

    const fn secret(&self) -> SecretId {
        self.id
    }

    /// What a visit finds once the secret's life is over; `None` before.
    fn over<T>(&self, by: ConfirmedBy) -> Result<Option<Burn<T>>, StoreError> {
        let ending = Ending::from_columns(self.destroy_reason.as_deref(), self.viewed_at)?;
        Ok(ending.map(|ending| {
            let ended = self.ended(ending);
            if self.was_opened_just_now(by) {
                Burn::Repeated(ended)
            } else {
                Burn::Ended(ended)
            }
        }))
    }

    fn was_opened_just_now(&self, by: ConfirmedBy) -> bool {
        let now = self.now;
        let is_recent = self
            .viewed_at
            .is_some_and(|viewed_at| viewed_at.until(now) <= REPEATED_WITHIN);
        is_recent && self.confirmed_by.as_deref() == Some(by.as_bytes().as_slice())
    }

    /// The same as it was found after this row was read.
    fn ended_by(&self, end: End) -> Ended {
        Ended {
            revoked_by: end.revoked_by,
            ..self.ended(end.ending)
        }
    }

    fn ended(&self, ending: Ending) -> Ended {
        Ended {
            secret: self.secret(),
            ending,
            page_lost: self.page_lost_at.is_some(),
            revoked_by: RevokedBy::from_column(self.revoked_by.as_deref()),
            recipient_locale: self.recipient_locale.clone(),
            recipient_tz: self.recipient_tz.clone(),
        }
    }

    fn open(&self, keys: &MasterKeys, token: &LinkToken) -> Result<Opened, BurnError> {
        let secret = self.secret();
        let undecryptable = |reason| BurnError::Undecryptable { secret, reason };
        if self.format != i16::from(crypto::FORMAT) {
            return Err(undecryptable(OpenError::Malformed));
        }
        let sealed = SealedSecret {
            key_id: KeyId::from_slice(&self.key_id)
                .ok_or_else(|| undecryptable(OpenError::UnknownKey))?,
            text: self.ciphertext.clone().ok_or(StoreError::Unreadable {
                column: "secrets.ciphertext",
            })?,
            note: self.note_ciphertext.clone(),
        };
        let expires_at = self.expires_at;
        let (text, note) = keys
            .open(token, Binding { secret, expires_at }, &sealed)
            .map_err(undecryptable)?;
        Ok(Opened {
            secret,
            text,
            note,
            sender_name: DisplayName::stored(&self.sender_name, &self.sender),
        })
    }
}
