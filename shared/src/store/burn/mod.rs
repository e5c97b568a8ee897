//! Opening a secret once: decrypt, destroy, write down, commit, and only then show.
//!
//! Once-only rests on the transaction that destroys ([`destroy`]): it takes the row's lock and
//! changes a row only while nobody has before, by the database's clock, and the table has room for
//! one end of each secret. What is decrypted is read before it ([`row`]): the sealed columns of a
//! live row never change. An answer that is late or lost is found in the row, by the attempt's own
//! id.

mod destroy;
mod row;

use std::time::Duration;

use tokio::time::Instant;

use self::{
    destroy::{Attempt, Destroyed},
    row::Row,
};
pub(super) use self::{
    destroy::{BURN, DECRYPT_FAILED, FATE},
    row::SEALED,
};
use super::{Database, Ended, StoreError, audit::Visitor, look::Spent};
use crate::{
    crypto::{CONFIRMATION_LIFE, Confirmed, LinkToken, MasterKeys, OpenError, TokenHash},
    domain::{
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

/// How long after it begins an attempt may burn; a call that comes later does nothing. On MySQL
/// alone.
const BURN_WITHIN: Duration = Duration::from_secs(3);

/// An attempt that opened a secret, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Opening {
    /// The secret's row.
    pub secret: SecretId,
    /// Its link.
    pub hash: TokenHash,
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
    /// The link was made at a press, and leads nowhere any more: the secret lives on.
    Spent(Spent),
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
    /// nothing can fail after its commit. `requester_gone` is asked right before each COMMIT, on
    /// MySQL before the call that holds it: a secret is not burned for somebody who has left by
    /// then. Once it was asked and somebody was there,
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
        let hash = token.hash();
        let Some(row) = Row::read(self, &hash).await? else {
            return Ok(Burn::Unknown);
        };
        let read_at = Instant::now();
        let by = confirmed.by(visitor.ip, visitor.user_agent.as_deref());
        if let Some(over) = row.over(by)? {
            return Ok(over);
        }
        let attempt = Attempt {
            database: self,
            visitor,
            by,
            row: &row,
            read_at,
            hash,
            id: BurnId::generate(),
        };
        if row.expires_at <= row.now {
            return attempt.expire().await;
        }
        if confirmed.at.until(row.now) > CONFIRMATION_LIFE {
            return Ok(Burn::Unconfirmed);
        }
        if row.is_spent(confirmed.at) {
            return Ok(Burn::Spent(row.spent()));
        }
        let rendered = match row.open(keys, token) {
            Ok(opened) => render(&opened),
            Err(BurnError::Undecryptable { secret, reason }) => {
                attempt.record_failure(reason).await?;
                return Err(BurnError::Undecryptable { secret, reason });
            }
            Err(error) => return Err(error),
        };
        match attempt.destroy(&requester_gone).await {
            Ok(Destroyed::ByUs) => Ok(Burn::Revealed {
                opening: attempt.opening(),
                rendered,
            }),
            Ok(Destroyed::Abandoned) => Ok(Burn::Abandoned),
            Ok(Destroyed::Spent) => Ok(Burn::Spent(row.spent())),
            Ok(Destroyed::Undone(_)) => Err(StoreError::Unreachable.into()),
            Err(StoreError::CommitUnknown) => Err(BurnError::Unknown(attempt.opening())),
            Err(error) => Err(error.into()),
            // It was opened once, or ended otherwise, whatever its row says: never again.
            Ok(Destroyed::Conflict(end)) => Ok(Burn::Ended(row.ended_by(end))),
            Ok(Destroyed::Before) => {
                // Somebody else was first, unless time was over just then.
                let Some(row) = Row::read(self, &hash).await? else {
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
