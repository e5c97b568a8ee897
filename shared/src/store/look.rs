//! Looking at a link without opening it.

use sea_orm::{EntityTrait, FromQueryResult, QueryFilter, QueryResult, QuerySelect};

use super::{
    Database, Ended, Ending, RevokedBy, StoreError,
    audit::Visitor,
    door::{Argument, Door},
    entity::secret,
    expire::{self, Seen},
    links::{self, Link},
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
  SELECT id, sender, sender_name, recipient_locale, recipient_tz, secrets.expires_at, viewed_at,
      destroy_reason, page_lost_at, revoked_by, links.expires_at AS link_expires_at,
      links.live AS link_live, NULL AS link_key_id, NULL AS link_share, {now} AS `now`
    FROM secrets LEFT JOIN links ON links.token_hash = given_hash WHERE id = {found}",
    caller: Some(Program::Web),
};

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// No secret has this link.
    Unknown,
    /// A secret that can be opened.
    Live(Preview),
    /// A secret that can be opened, by another link than this one: its button gives one.
    Spent(Spent),
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
    /// Whether its link was made at a press: what is shown now is good for a while, and the link
    /// itself for less.
    pub is_issued: bool,
}

/// A link that was made at a press and leads nowhere any more: its time is over, or a newer one was
/// made. Its secret lives on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Its secret's row, for the log.
    pub secret: SecretId,
    /// The recipient's language in Slack.
    pub recipient_locale: Option<String>,
}

/// Looks at a link. Changes nothing of a live secret; an expired one is destroyed on the spot.
pub async fn look(
    database: &Database,
    hash: &TokenHash,
    visitor: &Visitor,
) -> Result<Look, StoreError> {
    let Some(found) = Found::read(database, hash).await? else {
        return Ok(Look::Unknown);
    };
    let row = &found.row;
    match row.ending()? {
        Some(ending) => Ok(Look::Ended(found.row.into_ended(ending))),
        None if row.is_overdue() => {
            let seen = Seen {
                secret: row.secret(),
                hash,
                now: row.now,
            };
            let end = expire::expire_visited(database, seen, visitor).await?;
            Ok(Look::Ended(Ended {
                revoked_by: end.revoked_by,
                ..found.row.into_ended(end.ending)
            }))
        }
        None if found.is_spent() => Ok(Look::Spent(Spent {
            secret: row.id,
            recipient_locale: found.row.recipient_locale,
        })),
        None => Ok(Look::Live(found.into_preview())),
    }
}

/// A secret's row without its ciphertext, the database's time, and the link that led to it, where
/// that was made at a press.
struct Found {
    row: LinkRow,
    link: Option<Link>,
}

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

impl Found {
    /// Reads without a lock.
    async fn read(database: &Database, hash: &TokenHash) -> Result<Option<Self>, StoreError> {
        if database.is_mysql() {
            let row = database.enter(&LOOK, [Argument::hash(hash)]).await?;
            return row.as_ref().map(Self::of).transpose();
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
            .filter(links::leads_here(hash))
            .into_model::<LinkRow>()
            .one(database.connection())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let link = Link::read(database, hash).await?;
        Ok(Some(Self { row, link }))
    }

    fn of(row: &QueryResult) -> Result<Self, StoreError> {
        Ok(Self {
            row: LinkRow::from_query_result(row, "")?,
            link: Link::of(row)?,
        })
    }

    /// Whether its link leads nowhere any more, though it lives.
    fn is_spent(&self) -> bool {
        let link = self.link.as_ref();
        link.is_some_and(|link| !link.leads(self.row.now))
    }

    fn into_preview(self) -> Preview {
        let row = self.row;
        Preview {
            secret: row.id,
            sender_name: DisplayName::stored(&row.sender_name, &row.sender),
            recipient_locale: row.recipient_locale,
            recipient_tz: row.recipient_tz,
            now: row.now,
            expires_at: row.expires_at,
            is_issued: self.link.is_some(),
        }
    }
}

impl LinkRow {
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
}
