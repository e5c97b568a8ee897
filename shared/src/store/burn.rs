//! Opening a secret once: decrypt, destroy, write down, commit, and only then show.
//!
//! Once-only rests on the row lock and on the condition of the UPDATE, both inside one transaction.
//! A lost answer to COMMIT is resolved by the attempt's own id in the row.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait as _},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Database, Ending, StoreError,
    audit::{self, Event, NewEntry, Slot, Visitor},
    database::{exactly_one, undo},
    entity::secret,
    expire,
    look::Sight,
};
use crate::{
    clock::Timestamp,
    crypto::{self, Binding, KeyId, LinkToken, MasterKeys, OpenError, SealedSecret},
    ids::{BurnId, SecretId},
    secret::{NoteText, SecretText},
};

/// A secret in the clear, for just as long as it takes to render it.
pub struct Opened {
    /// Its row, for the log.
    pub secret: SecretId,
    /// The secret.
    pub text: SecretText,
    /// The note beside it.
    pub note: Option<NoteText>,
    /// Who sent it.
    pub sender_name: String,
}

/// How an attempt to burn ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Burn<T> {
    /// This attempt burned the secret: what was rendered may be shown, by nobody else ever.
    Revealed {
        /// Its row, for the log.
        secret: SecretId,
        /// What `render` made of it.
        rendered: T,
    },
    /// No secret has this link.
    Unknown,
    /// The secret's life was over.
    Ended(Ending),
    /// Whoever asked is gone; the secret was left as it was.
    Abandoned,
}

/// Why an attempt to burn did not come about. The secret was not shown, and but for
/// [`StoreError::CommitUnknown`] it lives on.
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
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens a secret once.
///
/// `render` makes of the plaintext what will be shown; it runs before the commit, so that nothing
/// can fail after it. `requester_gone` is asked right before the commit: a secret is not burned for
/// somebody who has left.
pub async fn burn<T>(
    database: &Database,
    keys: &MasterKeys,
    token: &LinkToken,
    visitor: &Visitor,
    requester_gone: impl Fn() -> bool,
    render: impl Fn(&Opened) -> T,
) -> Result<Burn<T>, BurnError> {
    let Some(sight) = Sight::read(database, &token.hash()).await? else {
        return Ok(Burn::Unknown);
    };
    let secret = sight.secret();
    if let Some(ending) = sight.ending()? {
        return Ok(Burn::Ended(ending));
    }
    if sight.is_overdue() {
        return Ok(Burn::Ended(
            expire::expire_visited(database, secret, visitor).await?,
        ));
    }
    let attempt = Attempt {
        database,
        keys,
        token,
        visitor,
        secret,
        id: BurnId::generate(),
    };
    match attempt.run(&requester_gone, &render).await {
        // The database undid everything to break the deadlock: once more.
        Err(BurnError::Store(StoreError::Deadlock)) => attempt.run(&requester_gone, &render).await,
        outcome => outcome,
    }
}

struct Attempt<'a> {
    database: &'a Database,
    keys: &'a MasterKeys,
    token: &'a LinkToken,
    visitor: &'a Visitor,
    secret: SecretId,
    id: BurnId,
}

/// What the locked row leads to.
enum Step<T> {
    Commit(T),
    Expired,
    Ended(Ending),
    Abandoned,
}

impl Attempt<'_> {
    async fn run<T>(
        &self,
        requester_gone: &impl Fn() -> bool,
        render: &impl Fn(&Opened) -> T,
    ) -> Result<Burn<T>, BurnError> {
        let transaction = self.database.begin().await?;
        let step = self.prepare(&transaction, requester_gone, render).await;
        if let Ok(Step::Commit(rendered)) = step {
            return self.commit(transaction, rendered).await;
        }
        undo(transaction).await;
        match step {
            Ok(Step::Commit(_) | Step::Abandoned) => Ok(Burn::Abandoned),
            Ok(Step::Ended(ending)) => Ok(Burn::Ended(ending)),
            Ok(Step::Expired) => {
                let ending =
                    expire::expire_visited(self.database, self.secret, self.visitor).await?;
                Ok(Burn::Ended(ending))
            }
            Err(BurnError::Undecryptable { secret, reason }) => {
                self.record_failure(reason).await?;
                Err(BurnError::Undecryptable { secret, reason })
            }
            Err(error) => Err(error),
        }
    }

    /// Everything up to the commit.
    async fn prepare<T>(
        &self,
        transaction: &DatabaseTransaction,
        requester_gone: &impl Fn() -> bool,
        render: &impl Fn(&Opened) -> T,
    ) -> Result<Step<T>, BurnError> {
        let row = Row::lock(self.database, transaction, self.secret).await?;
        if let Some(ending) = row.ending()? {
            return Ok(Step::Ended(ending));
        }
        if row.expires_at <= row.now {
            return Ok(Step::Expired);
        }
        let opened = row.open(self.keys, self.token)?;
        let rendered = render(&opened);
        drop(opened);
        self.destroy(transaction, row.now).await?;
        self.append_viewed(transaction, &row).await?;
        if requester_gone() {
            return Ok(Step::Abandoned);
        }
        Ok(Step::Commit(rendered))
    }

    async fn destroy(&self, transaction: &DatabaseTransaction, now: i64) -> Result<(), StoreError> {
        let destroyed = secret::Entity::update_many()
            .set(secret::ActiveModel {
                viewed_at: Set(Some(now)),
                destroyed_at: Set(Some(now)),
                destroy_reason: Set(Some("viewed".to_owned())),
                ciphertext: Set(None),
                note_ciphertext: Set(None),
                burn_id: Set(Some(self.id.as_uuid())),
                ..Default::default()
            })
            .filter(secret::Column::Id.eq(self.secret.as_uuid()))
            .filter(secret::Column::DestroyedAt.is_null())
            .filter(Expr::col(secret::Column::ExpiresAt).gt(self.database.now()))
            .exec(transaction)
            .await?;
        exactly_one(destroyed.rows_affected)
    }

    async fn append_viewed(
        &self,
        transaction: &DatabaseTransaction,
        row: &Row,
    ) -> Result<(), StoreError> {
        let entry = NewEntry {
            secret: self.secret,
            event: Event::Viewed,
            slot: Slot::Terminal,
            occurred_at: Timestamp::from_millis(row.now),
            sender: &row.sender,
            recipient: &row.recipient,
            visitor: Some(self.visitor),
            metadata: json!({}),
        };
        audit::append(transaction, entry).await
    }

    async fn commit<T>(
        &self,
        transaction: DatabaseTransaction,
        rendered: T,
    ) -> Result<Burn<T>, BurnError> {
        let revealed = Burn::Revealed {
            secret: self.secret,
            rendered,
        };
        let Err(error) = transaction.commit().await else {
            return Ok(revealed);
        };
        tracing::warn!(
            secret.id = %self.secret,
            error = %StoreError::from(error),
            "COMMIT of a reveal had no answer, asking the row"
        );
        if self.burned_by_this_attempt().await? {
            Ok(revealed)
        } else {
            Err(StoreError::CommitUnknown.into())
        }
    }

    /// Asks the row, over another connection, whose commit it carries.
    async fn burned_by_this_attempt(&self) -> Result<bool, StoreError> {
        let burn_id: Option<Option<Uuid>> = secret::Entity::find()
            .select_only()
            .column(secret::Column::BurnId)
            .filter(secret::Column::Id.eq(self.secret.as_uuid()))
            .into_tuple()
            .one(self.database.connection())
            .await
            .map_err(|_| StoreError::CommitUnknown)?;
        Ok(burn_id.flatten() == Some(self.id.as_uuid()))
    }

    /// Writes `decrypt_failed` once a secret, in a transaction of its own.
    async fn record_failure(&self, reason: OpenError) -> Result<(), StoreError> {
        let row = Parties::read(self.database, self.secret).await?;
        let entry = NewEntry {
            secret: self.secret,
            event: Event::DecryptFailed,
            slot: Slot::DecryptFailed,
            occurred_at: Timestamp::from_millis(row.now),
            sender: &row.sender,
            recipient: &row.recipient,
            visitor: Some(self.visitor),
            metadata: json!({ "reason": reason.code() }),
        };
        match audit::append(self.database.connection(), entry).await {
            Err(StoreError::Duplicate) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    format: i16,
    ciphertext: Option<Vec<u8>>,
    note_ciphertext: Option<Vec<u8>>,
    key_id: Vec<u8>,
    sender: String,
    sender_name: String,
    recipient: String,
    expires_at: i64,
    viewed_at: Option<i64>,
    destroy_reason: Option<String>,
    now: i64,
}

impl Row {
    /// Reads the row under an exclusive lock; on SQLite the transaction holds the lock already.
    async fn lock(
        database: &Database,
        transaction: &DatabaseTransaction,
        secret: SecretId,
    ) -> Result<Self, StoreError> {
        secret::Entity::find()
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
                secret::Column::ExpiresAt,
                secret::Column::ViewedAt,
                secret::Column::DestroyReason,
            ])
            .column_as(database.now(), "now")
            .filter(secret::Column::Id.eq(secret.as_uuid()))
            .lock_exclusive()
            .into_model::<Self>()
            .one(transaction)
            .await?
            .ok_or(StoreError::Stale)
    }

    fn ending(&self) -> Result<Option<Ending>, StoreError> {
        Ending::from_columns(self.destroy_reason.as_deref(), self.viewed_at)
    }

    fn open(&self, keys: &MasterKeys, token: &LinkToken) -> Result<Opened, BurnError> {
        let secret = SecretId::from_uuid(self.id);
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
        let expires_at = Timestamp::from_millis(self.expires_at);
        let (text, note) = keys
            .open(token, Binding { secret, expires_at }, &sealed)
            .map_err(undecryptable)?;
        Ok(Opened {
            secret,
            text,
            note,
            sender_name: self.sender_name.clone(),
        })
    }
}

/// Who sent a secret to whom, and the database's time.
#[derive(FromQueryResult)]
struct Parties {
    sender: String,
    recipient: String,
    now: i64,
}

impl Parties {
    async fn read(database: &Database, secret: SecretId) -> Result<Self, StoreError> {
        secret::Entity::find()
            .select_only()
            .columns([secret::Column::Sender, secret::Column::Recipient])
            .column_as(database.now(), "now")
            .filter(secret::Column::Id.eq(secret.as_uuid()))
            .into_model::<Self>()
            .one(database.connection())
            .await?
            .ok_or(StoreError::Stale)
    }
}
