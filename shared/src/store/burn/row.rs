//! A secret's row as whoever brings its link reads it, sealed.

use sea_orm::{EntityTrait, FromQueryResult, QueryFilter, QueryResult, QuerySelect};

use super::{Burn, BurnError, Opened, REPEATED_WITHIN};
use crate::{
    crypto::{
        Binding, ConfirmedBy, HalfRef, KeyId, LinkBinding, LinkToken, MasterKeys, OpenError,
        SealedSecret, Share, TokenHash, Way,
    },
    domain::{clock::Timestamp, display_name::DisplayName, ids::SecretId, program::Program},
    store::{
        Database, Ended, Ending, RevokedBy, StoreError,
        door::{Argument, Door},
        entity::secret,
        expire::End,
        links::{self, Link},
        look::Spent,
    },
};

/// What a link's secret is opened from; whoever asks has the link. Team and recipient are for the
/// trail, which doors tell by themselves.
pub(in crate::store) const SEALED: Door = Door {
    name: "sealed_1",
    call: "CALL sealed_1(?)",
    parameters: "given_hash BINARY(32)",
    body: "\
  SELECT id, format, ciphertext, note_ciphertext, secrets.key_id, sender, sender_name,
      recipient_locale, recipient_tz, secrets.expires_at, viewed_at, destroy_reason, confirmed_by,
      page_lost_at, revoked_by, links.expires_at AS link_expires_at, links.live AS link_live,
      links.key_id AS link_key_id, links.share AS link_share,
      {now} AS `now`, '' AS team, '' AS recipient
    FROM secrets LEFT JOIN links ON links.token_hash = given_hash WHERE id = {found}",
    caller: Some(Program::Web),
};

#[derive(FromQueryResult)]
pub(super) struct Row {
    pub(super) id: SecretId,
    format: i16,
    ciphertext: Option<Vec<u8>>,
    note_ciphertext: Option<Vec<u8>>,
    key_id: Vec<u8>,
    pub(super) team: String,
    pub(super) sender: String,
    pub(super) sender_name: String,
    pub(super) recipient: String,
    recipient_locale: Option<String>,
    recipient_tz: Option<String>,
    pub(super) expires_at: Timestamp,
    viewed_at: Option<Timestamp>,
    destroy_reason: Option<String>,
    confirmed_by: Option<Vec<u8>>,
    page_lost_at: Option<Timestamp>,
    revoked_by: Option<String>,
    pub(super) now: Timestamp,
    /// The link by which it was found, where that was made at a press.
    #[sea_orm(skip)]
    pub(super) link: Option<Link>,
}

impl Row {
    /// Reads without a lock.
    pub(super) async fn read(
        database: &Database,
        hash: &TokenHash,
    ) -> Result<Option<Self>, StoreError> {
        if database.is_mysql() {
            let row = database.enter(&SEALED, [Argument::hash(hash)]).await?;
            return row.as_ref().map(Self::of).transpose();
        }
        let row = secret::Entity::find()
            .select_only()
            .columns([
                secret::Column::Id,
                secret::Column::Format,
                secret::Column::Ciphertext,
                secret::Column::NoteCiphertext,
                secret::Column::KeyId,
                secret::Column::Team,
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
            .filter(links::leads_here(hash))
            .into_model::<Self>()
            .one(database.connection())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let link = Link::read(database, hash).await?;
        Ok(Some(Self { link, ..row }))
    }

    fn of(row: &QueryResult) -> Result<Self, StoreError> {
        Ok(Self {
            link: Link::of(row)?,
            ..Self::from_query_result(row, "")?
        })
    }

    pub(super) const fn secret(&self) -> SecretId {
        self.id
    }

    /// What a visit finds once the secret's life is over; `None` before.
    pub(super) fn over<T>(&self, by: ConfirmedBy) -> Result<Option<Burn<T>>, StoreError> {
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

    pub(super) fn spent(&self) -> Spent {
        Spent {
            secret: self.secret(),
            recipient_locale: self.recipient_locale.clone(),
        }
    }

    /// The same as it was found after this row was read.
    pub(super) fn ended_by(&self, end: End) -> Ended {
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

    /// Whether its link leads nowhere any more, though it lives, for whoever saw its page then.
    pub(super) fn is_spent(&self, page_made_at: Timestamp) -> bool {
        let link = self.link.as_ref();
        link.is_some_and(|link| !link.leads(page_made_at))
    }

    pub(super) fn open(&self, keys: &MasterKeys, token: &LinkToken) -> Result<Opened, BurnError> {
        let secret = self.secret();
        let undecryptable = |reason| BurnError::Undecryptable { secret, reason };
        let half = self.half(keys, token).map_err(undecryptable)?;
        let sealed = SealedSecret {
            key_id: KeyId::from_slice(&self.key_id)
                .ok_or_else(|| undecryptable(OpenError::UnknownKey))?,
            text: self.ciphertext.clone().ok_or(StoreError::Unreadable {
                column: "secrets.ciphertext",
            })?,
            note: self.note_ciphertext.clone(),
        };
        let expires_at = self.expires_at;
        let half = half.as_ref().map_or_else(|| token.into(), HalfRef::from);
        let (text, note) = keys
            .open(half, Binding { secret, expires_at }, &sealed)
            .map_err(undecryptable)?;
        Ok(Opened {
            secret,
            text,
            note,
            sender_name: DisplayName::stored(&self.sender_name, &self.sender),
        })
    }

    /// The share that goes with it, where it goes with one; else its link's token does.
    fn half(&self, keys: &MasterKeys, token: &LinkToken) -> Result<Option<Share>, OpenError> {
        match (Way::of_format(self.format), &self.link) {
            (Some(Way::Link), None) => Ok(None),
            (Some(Way::Share), Some(link)) => {
                let binding = LinkBinding {
                    secret: self.secret(),
                    expires_at: link.expires_at,
                };
                let share = link.share.as_ref().ok_or(OpenError::Malformed)?;
                keys.open_share(token, binding, share).map(Some)
            }
            _ => Err(OpenError::Malformed),
        }
    }
}
