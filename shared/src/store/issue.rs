//! Making a link for whoever a secret is for, when they press the button of its message.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait as _},
};

use super::{
    Database, StoreError,
    audit::{self, Event, NewEntry, Slot},
    database,
    deliveries::{self, Facts},
    entity::{link, secret},
    line::Transaction,
    links,
    presses::{self, Action, Asked, NotTheirs},
};
use crate::{
    crypto::{LinkBinding, LinkToken, MasterKeys, Share, Way},
    domain::{clock::Timestamp, ids::SecretId, press::Presser},
};

/// A press of the button that asks for a link.
pub struct Request<'a> {
    /// Who pressed, and which press it was.
    pub presser: &'a Presser,
    /// The row that the button names.
    pub secret: SecretId,
    /// The share that the button held.
    pub share: &'a Share,
    /// For how long the link is to lead to the secret's page.
    pub lifetime: Duration,
}

/// What came of it.
#[derive(Debug)]
pub enum Issued {
    /// A link, and until when it leads to the secret's page. Those of before lead nowhere any more.
    Link(LinkToken, Timestamp),
    /// This press made one before.
    Before,
    /// The secret does not live any more.
    Over(Box<Facts>),
}

impl Database {
    /// Makes a link of a share for a secret's recipient: each press once, and the last one counts.
    pub async fn issue_link(
        &self,
        keys: &MasterKeys,
        request: &Request<'_>,
    ) -> Result<Asked<Issued>, StoreError> {
        let transaction = self.begin().await?;
        let work = issue(self, &transaction, keys, request).await;
        match database::finish(transaction, work).await {
            Ok(Some((token, until))) => Ok(Asked::Done(Issued::Link(token, until))),
            Ok(None) => stands(self, request).await,
            Err(StoreError::Duplicate) => Ok(Asked::Done(Issued::Before)),
            Err(error) => Err(error),
        }
    }
}

/// The row of a secret that lives and is for whoever presses.
#[derive(FromQueryResult)]
struct Row {
    team: String,
    sender: String,
    recipient: String,
    expires_at: Timestamp,
    now: Timestamp,
}

/// Its row is held until the link is there: so is that of whoever opens or ends it.
async fn issue(
    database: &Database,
    transaction: &Transaction,
    keys: &MasterKeys,
    request: &Request<'_>,
) -> Result<Option<(LinkToken, Timestamp)>, StoreError> {
    let secret = request.secret;
    let row = secret::Entity::find_by_id(secret)
        .select_only()
        .columns([
            secret::Column::Team,
            secret::Column::Sender,
            secret::Column::Recipient,
            secret::Column::ExpiresAt,
        ])
        .column_as(database.now(), "now")
        .filter(presses::is_recipients(database, request.presser))
        .filter(secret::Column::Format.eq(i16::from(Way::Share.format())))
        .filter(secret::Column::DestroyedAt.is_null())
        .filter(Expr::col(secret::Column::ExpiresAt).gt(database.now()))
        .lock_exclusive()
        .into_model::<Row>()
        .one(transaction)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let token = LinkToken::generate()?;
    let until = Ord::min(row.now.plus(request.lifetime), row.expires_at);
    links::end_of(transaction, [secret]).await?;
    let binding = LinkBinding {
        secret,
        expires_at: until,
    };
    let sealed = keys.seal_share(&token, binding, request.share)?;
    let link = link::ActiveModel {
        token_hash: Set(token.hash().as_bytes().to_vec()),
        secret_id: Set(secret),
        key_id: Set(Some(sealed.key_id.as_bytes().to_vec())),
        share: Set(Some(sealed.content)),
        live: Set(Some(1)),
        created_at: Set(row.now),
        expires_at: Set(until),
    };
    link::Entity::insert(link)
        .exec_without_returning(transaction)
        .await?;
    tell(transaction, request, &row, until).await?;
    Ok(Some((token, until)))
}

/// The trail has room for one link of each press.
async fn tell(
    transaction: &Transaction,
    request: &Request<'_>,
    row: &Row,
    until: Timestamp,
) -> Result<(), StoreError> {
    let entry = NewEntry {
        secret: request.secret,
        event: Event::LinkIssued { expires_at: until },
        slot: Some(Slot::LinkIssued {
            press: request.presser.press,
        }),
        occurred_at: row.now,
        actor: Some(request.presser.user.as_str()),
        team: &row.team,
        sender: &row.sender,
        recipient: &row.recipient,
        visitor: None,
    };
    audit::append(transaction, entry).await
}

/// Why there is no link.
async fn stands(database: &Database, request: &Request<'_>) -> Result<Asked<Issued>, StoreError> {
    let Some(row) = presses::row(database, request.presser, request.secret).await? else {
        return Ok(Asked::Gone);
    };
    if !row.is_recipients() {
        return Ok(Asked::NotTheirs(NotTheirs::of(row, Action::IssueLink)));
    }
    let facts = deliveries::facts(database, request.secret).await?;
    if facts.is_live() {
        // It lives by the clock of now and did not by that of a moment ago, or has a link of its
        // own.
        return Err(StoreError::Stale);
    }
    Ok(Asked::Done(Issued::Over(Box::new(facts))))
}
