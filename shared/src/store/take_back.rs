//! Taking a secret back: its sender ends it before anybody opened it, and its message is not
//! posted any more, or is changed.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, UpdateMany,
    sea_query::{Expr, ExprTrait as _},
};

use super::{
    Database, Ending, StoreError,
    audit::{self, Event, NewEntry, Slot},
    changes, database,
    deliveries::{self, DeliveryKind, Facts, Outcome},
    entity::{delivery, secret},
    expire,
    line::Transaction,
    links,
    presses::{self, Action, Asked, NotTheirs},
};
use crate::domain::{clock::Timestamp, ids::SecretId, press::Presser};

/// The pause before another try, where another transaction was in the way.
const PAUSE: Duration = Duration::from_millis(20);

/// Tries, where another transaction was in the way each time.
const TRIES: u32 = 5;

impl Database {
    /// Takes a secret back for its sender. How it stands with it then: it is over, taken back just
    /// now or before, or ended otherwise. Doing it again finds it done, so whoever has no answer
    /// may ask again.
    pub async fn take_back(
        &self,
        presser: &Presser,
        secret: SecretId,
    ) -> Result<Asked<Box<Facts>>, StoreError> {
        end(self, presser, secret, Age::Counts).await?;
        match stands(self, presser, secret).await? {
            // It would live again once the clock is set right.
            Asked::Done(facts) if facts.ending.is_none() && !self.trusts(facts.now) => {
                end(self, presser, secret, Age::Whatever).await?;
                stands(self, presser, secret).await
            }
            taken_back => Ok(taken_back),
        }
    }
}

/// Whether what is over by the database's clock is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Counts,
    Whatever,
}

/// Ends it, once more where another transaction was in the way.
async fn end(
    database: &Database,
    presser: &Presser,
    secret: SecretId,
    age: Age,
) -> Result<(), StoreError> {
    for _ in 1..TRIES {
        match end_once(database, presser, secret, age).await {
            // Whoever settles a delivery takes these locks in the other order.
            Err(StoreError::Deadlock | StoreError::Outrun) => tokio::time::sleep(PAUSE).await,
            ended => return ended,
        }
    }
    end_once(database, presser, secret, age).await
}

/// Ends it, if it is whoever presses who sent it, and if it lives.
async fn end_once(
    database: &Database,
    presser: &Presser,
    secret: SecretId,
    age: Age,
) -> Result<(), StoreError> {
    let is_in_time = Condition::all().add_option(
        (age == Age::Counts).then(|| Expr::col(secret::Column::ExpiresAt).gt(database.now())),
    );
    let transaction = database.begin().await?;
    let work = async {
        let ended = secret::Entity::update_many()
            .set(secret::ActiveModel {
                destroy_reason: Set(Some(Ending::Revoked.code().to_owned())),
                ciphertext: Set(None),
                note_ciphertext: Set(None),
                ..Default::default()
            })
            .col_expr(secret::Column::DestroyedAt, database.now())
            .filter(secret::Column::Id.eq(secret))
            .filter(secret::Column::DestroyedAt.is_null())
            .filter(is_in_time)
            .filter(presses::is_senders(database, presser))
            .exec(&transaction)
            .await?;
        if ended.rows_affected == 0 {
            return Ok(());
        }
        links::end_of(&transaction, [secret]).await?;
        tell(&transaction, secret).await?;
        withhold(database, &transaction, secret).await?;
        changes::show_again(database, &transaction, secret).await
    }
    .await;
    database::finish(transaction, work).await
}

/// Writes its end into the trail.
async fn tell(transaction: &Transaction, secret: SecretId) -> Result<(), StoreError> {
    #[derive(FromQueryResult)]
    struct Ended {
        team: String,
        sender: String,
        recipient: String,
        destroyed_at: Timestamp,
    }
    let ended = secret::Entity::find_by_id(secret)
        .select_only()
        .columns([
            secret::Column::Team,
            secret::Column::Sender,
            secret::Column::Recipient,
            secret::Column::DestroyedAt,
        ])
        .into_model::<Ended>()
        .one(transaction)
        .await?
        .ok_or(StoreError::Stale)?;
    let entry = NewEntry {
        secret,
        event: Event::TakenBack,
        slot: Some(Slot::Terminal),
        occurred_at: ended.destroyed_at,
        actor: Some(&ended.sender),
        team: &ended.team,
        sender: &ended.sender,
        recipient: &ended.recipient,
        visitor: None,
    };
    match audit::append(transaction, entry).await {
        // As after a restored backup: the trail has its end already.
        Err(StoreError::Duplicate) => {
            expire::tell_conflict(secret);
            expire::mark_conflict(transaction, secret).await
        }
        appended => appended,
    }
}

/// Erases the link that waits. A message that nobody is posting is never posted; one that somebody
/// posts just now is changed as soon as they have written down where it stands.
async fn withhold(
    database: &Database,
    transaction: &Transaction,
    secret: SecretId,
) -> Result<(), StoreError> {
    let unsettled = |changed: UpdateMany<delivery::Entity>| {
        changed
            .filter(delivery::Column::SecretId.eq(secret))
            .filter(delivery::Column::Kind.eq(DeliveryKind::RecipientMessage.code()))
            .filter(delivery::Column::SettledAt.is_null())
    };
    let nothing_sealed = delivery::ActiveModel {
        key_id: Set(None),
        sealed: Set(None),
        ..Default::default()
    };
    let erased = delivery::Entity::update_many().set(nothing_sealed.clone());
    unsettled(erased).exec(transaction).await?;
    let nobody_posts = Condition::any()
        .add(delivery::Column::LeasedUntil.is_null())
        .add(Expr::col(delivery::Column::LeasedUntil).lte(database.now()));
    let never = delivery::Entity::update_many()
        .set(delivery::ActiveModel {
            next_attempt_at: Set(None),
            leased_until: Set(None),
            held_since: Set(None),
            outcome: Set(Some(Outcome::Withdrawn.code().to_owned())),
            ..nothing_sealed
        })
        .col_expr(delivery::Column::SettledAt, database.now());
    unsettled(never)
        .filter(nobody_posts)
        .exec(transaction)
        .await?;
    Ok(())
}

/// How it stands with it now.
async fn stands(
    database: &Database,
    presser: &Presser,
    secret: SecretId,
) -> Result<Asked<Box<Facts>>, StoreError> {
    let Some(row) = presses::row(database, presser, secret).await? else {
        return Ok(Asked::Gone);
    };
    if !row.is_senders() {
        return Ok(Asked::NotTheirs(NotTheirs::of(row, Action::TakeBack)));
    }
    let facts = deliveries::facts(database, secret).await?;
    if facts.is_live() {
        // It lives by the clock of now and did not by that of a moment ago.
        return Err(StoreError::ClockUnsound);
    }
    Ok(Asked::Done(Box::new(facts)))
}
