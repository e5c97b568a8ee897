//! Looking at a link without opening it.

use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use super::{
    Database, Ended, Ending, RevokedBy, StoreError,
    audit::Visitor,
    door::{Argument, Door},
    entity::secret,
    expire::{self, Seen},
};
use crate::{
    crypto::TokenHash,
    domain::{clock::Timestamp, display_name::DisplayName, ids::SecretId, program::Program},
};

/// What a link's page may show; no ciphertext.
pub(super) const LOOK: Door = Door {
    name: "look_1",
    call: "CALL look_1(?)",
    parameters: "given_hash BINARY(32)",
    body: "\
  SELECT id, sender, sender_name, recipient_locale, recipient_tz, expires_at, viewed_at,
      destroy_reason, page_lost_at, revoked_by, {now} AS `now`
    FROM secrets WHERE token_hash = given_hash",
    caller: Some(Program::Web),
};

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// No secret has this link.
    Unknown,
    /// A secret that can be opened.
    Live(Preview),
    /// A secret that can't be opened any more.
    Ended(Ended),
}

/// What may be shown of a secret before it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Its row, for the log.
    pub secret: SecretId,
    /// Who sends it.
    pub sender_name: DisplayName,
    /// The recipient's language in Slack.
    pub recipient_locale: Option<String>,
    /// The recipient's time zone in Slack.
    pub recipient_tz: Option<String>,
    /// The database's time at the look.
    pub now: Timestamp,
    /// Until when it can be opened, after `now`.
    pub expires_at: Timestamp,
}

/// Looks at a link. Changes nothing of a live secret; an expired one is destroyed on the spot.
pub async fn look(
    database: &Database,
    hash: &TokenHash,
    visitor: &Visitor,
) -> Result<Look, StoreError> {
    let Some(row) = LinkRow::read(database, hash).await? else {
        return Ok(Look::Unknown);
    };
    match row.ending()? {
        Some(ending) => Ok(Look::Ended(row.into_ended(ending))),
        None if row.is_overdue() => {
            let seen = Seen {
                secret: row.secret(),
                hash,
                now: row.now,
            };
            let end = expire::expire_visited(database, seen, visitor).await?;
            Ok(Look::Ended(Ended {
                revoked_by: end.revoked_by,
                ..row.into_ended(end.ending)
            }))
        }
        None => Ok(Look::Live(row.into_preview())),
    }
}

/// A secret's row without its ciphertext, and the database's time.
#[derive(FromQueryResult)]
struct LinkRow {
    id: SecretId,
    sender: String,
    sender_name: String,
    recipient_locale: Option<String>,
    recipient_tz: Option<String>,
    expires_at: Timestamp,
    viewed_at: Option<Timestamp>,
    destroy_reason: Option<String>,
    page_lost_at: Option<Timestamp>,
    revoked_by: Option<String>,
    now: Timestamp,
}

impl LinkRow {
    /// Reads without a lock.
    async fn read(database: &Database, hash: &TokenHash) -> Result<Option<Self>, StoreError> {
        if database.is_mysql() {
            let row = database.enter(&LOOK, [Argument::hash(hash)]).await?;
            return Ok(row
                .map(|row| Self::from_query_result(&row, ""))
                .transpose()?);
        }
        let row = secret::Entity::find()
            .select_only()
            .columns([
                secret::Column::Id,
                secret::Column::Sender,
                secret::Column::SenderName,
                secret::Column::RecipientLocale,
                secret::Column::RecipientTz,
                secret::Column::ExpiresAt,
                secret::Column::ViewedAt,
                secret::Column::DestroyReason,
                secret::Column::PageLostAt,
                secret::Column::RevokedBy,
            ])
            .column_as(database.now(), "now")
            .filter(secret::Column::TokenHash.eq(hash.as_bytes().to_vec()))
            .into_model::<Self>()
            .one(database.connection())
            .await?;
        Ok(row)
    }

    const fn secret(&self) -> SecretId {
        self.id
    }

    fn ending(&self) -> Result<Option<Ending>, StoreError> {
        Ending::from_columns(self.destroy_reason.as_deref(), self.viewed_at)
    }

    fn is_overdue(&self) -> bool {
        self.expires_at <= self.now
    }

    fn into_ended(self, ending: Ending) -> Ended {
        Ended {
            secret: self.id,
            ending,
            page_lost: self.page_lost_at.is_some(),
            revoked_by: RevokedBy::from_column(self.revoked_by.as_deref()),
            recipient_locale: self.recipient_locale,
            recipient_tz: self.recipient_tz,
        }
    }

    fn into_preview(self) -> Preview {
        Preview {
            secret: self.id,
            sender_name: DisplayName::stored(&self.sender_name, &self.sender),
            recipient_locale: self.recipient_locale,
            recipient_tz: self.recipient_tz,
            now: self.now,
            expires_at: self.expires_at,
        }
    }
}
