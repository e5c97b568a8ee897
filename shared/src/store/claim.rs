//! Taking a delivery that is due: a committed lease with an end, by the database's clock. Nobody
//! holds a lock while talking to Slack, and a worker that dies leaves its work to the next one.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait as _, EntityTrait, QueryFilter, QueryOrder,
    QueryResult, QuerySelect, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{
    Database, StoreError,
    bad_rows::{self, BadRow},
    database,
    deliveries::{self, DeliveryKind, Facts, Job, Nudges, Posted, Told},
    entity::delivery,
    line::Transaction,
};
use crate::{
    crypto::{KeyId, SealedParcel},
    domain::{
        clock::Timestamp,
        ids::{ChannelId, DeliveryId, MessageTs, UserId},
    },
};

/// The longest that anything of a delivery's waits: the way to answer a command is forgotten after
/// so long.
pub const LONGEST_WAIT: Duration = Duration::from_mins(30);

/// What is further ahead than that was written down by another clock.
const FAR_AHEAD: Duration = Duration::from_mins(35);

/// Which delivery a worker wants.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// The one that has been due for longest, to nobody of these.
    Due(&'a [UserId]),
    /// A receipt that says more than its sender was told, and has a way to answer the command: due
    /// or not.
    Answerable,
}

/// How long a delivery that can't be read, or written down, waits for its next try: from one
/// minute, doubled with each.
const PUT_OFF: Duration = Duration::from_mins(1);
const LONGEST_PUT_OFF: Duration = LONGEST_WAIT;

/// Why there is no job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A delivery can't be read. It was put off, so that the others go on.
    #[error(transparent)]
    PassedOver(#[from] BadRow),
}

/// A delivery that is leased, and not read yet.
pub struct Claimed {
    /// As it was before its lease.
    row: QueryResult,
    id: Uuid,
    addressee: Option<UserId>,
}

impl Database {
    /// Leases a delivery for `lease` long; `None` when there is none such.
    pub async fn claim(
        &self,
        lease: Duration,
        which: Which<'_>,
    ) -> Result<Option<Job>, ClaimError> {
        match self.claim_many(lease, which, 1).await?.pop() {
            Some(claimed) => claimed.job(self).await.map(Some),
            None => Ok(None),
        }
    }

    /// Leases so many deliveries at most for `lease` long, one to each addressee, those first that
    /// have been due for longest.
    pub async fn claim_many(
        &self,
        lease: Duration,
        which: Which<'_>,
        at_most: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        let transaction = self.begin().await?;
        let work = async {
            let rows = lock(self, &transaction, which, at_most).await?;
            let claimed = one_to_each(rows);
            if claimed.is_empty() {
                return Ok(claimed);
            }
            let leased = delivery::Entity::update_many()
                .col_expr(delivery::Column::LeasedUntil, self.now_plus(lease))
                .col_expr(
                    delivery::Column::Attempts,
                    Expr::col(delivery::Column::Attempts).add(1),
                )
                .filter(delivery::Column::Id.is_in(claimed.iter().map(|claimed| claimed.id)))
                .exec(&transaction)
                .await?;
            if leased.rows_affected == claimed.len() as u64 {
                Ok(claimed)
            } else {
                Err(StoreError::Stale)
            }
        }
        .await;
        database::finish(transaction, work).await
    }
}

impl Claimed {
    /// Whom it is for; `None` where that can't be read.
    #[must_use]
    pub const fn addressee(&self) -> Option<&UserId> {
        self.addressee.as_ref()
    }

    /// Reads it. One that can't be read is put off.
    pub async fn job(self, database: &Database) -> Result<Job, ClaimError> {
        match readable(database, &self.row).await {
            Ok(job) => Ok(job),
            Err(error) if error.is_passing() => Err(error.into()),
            Err(error) => {
                put_off(database, DeliveryId::from_uuid(self.id), false).await?;
                Err(BadRow::new("deliveries", self.id, error).into())
            }
        }
    }
}

/// Leaves what is for somebody who has one before it: it is claimed once that is done.
fn one_to_each(rows: Vec<QueryResult>) -> Vec<Claimed> {
    let mut claimed: Vec<Claimed> = Vec::with_capacity(rows.len());
    for row in rows {
        let addressee: Option<String> = row.try_get("", "addressee").ok();
        let next = Claimed {
            id: bad_rows::id_of(&row),
            addressee: addressee.and_then(|user| deliveries::user(&user, "addressee").ok()),
            row,
        };
        let is_with_them =
            |other: &Claimed| other.addressee.is_some() && other.addressee == next.addressee;
        if !claimed.iter().any(is_with_them) {
            claimed.push(next);
        }
    }
    claimed
}

/// Puts a delivery off that is not as others: it is tried again, more and more rarely.
/// `may_be_out`: whether this try may have posted it.
pub async fn put_off(
    database: &Database,
    delivery: DeliveryId,
    may_be_out: bool,
) -> Result<(), StoreError> {
    // What can't be read counts as the first.
    let attempts: Option<i32> = delivery::Entity::find_by_id(delivery)
        .select_only()
        .column(delivery::Column::Attempts)
        .into_tuple()
        .one(database.connection())
        .await
        .unwrap_or_default();
    let attempts = u32::try_from(attempts.unwrap_or_default()).unwrap_or_default();
    let doublings = attempts.saturating_sub(1).clamp(0, 10);
    let pause = PUT_OFF.saturating_mul(1 << doublings);
    let pause = pause.clamp(PUT_OFF, LONGEST_PUT_OFF);
    let mut put_off = delivery::Entity::update_many()
        .col_expr(delivery::Column::NextAttemptAt, database.now_plus(pause))
        .col_expr(
            delivery::Column::LeasedUntil,
            Expr::value(None::<Timestamp>),
        )
        .filter(delivery::Column::Id.eq(delivery));
    if may_be_out {
        put_off = put_off.col_expr(delivery::Column::Doubtful, Expr::value(1));
    }
    put_off.exec(database.connection()).await?;
    Ok(())
}

async fn lock(
    database: &Database,
    transaction: &Transaction,
    which: Which<'_>,
    at_most: usize,
) -> Result<Vec<QueryResult>, StoreError> {
    let mut wanted = delivery::Entity::find()
        .filter(
            Condition::any()
                .add(delivery::Column::LeasedUntil.is_null())
                .add(Expr::col(delivery::Column::LeasedUntil).lte(database.now()))
                // No lease is that long: the clock was set back meanwhile.
                .add(Expr::col(delivery::Column::LeasedUntil).gt(database.now_plus(FAR_AHEAD))),
        )
        .order_by_asc(delivery::Column::NextAttemptAt)
        .limit(u64::try_from(at_most).unwrap_or(u64::MAX))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    match which {
        Which::Due(busy) => {
            let due = Condition::any()
                .add(Expr::col(delivery::Column::NextAttemptAt).lte(database.now()))
                // Nothing waits that long.
                .add(Expr::col(delivery::Column::NextAttemptAt).gt(database.now_plus(FAR_AHEAD)));
            let busy = busy.iter().map(UserId::as_str);
            wanted = wanted
                .filter(database::is_set(delivery::Column::NextAttemptAt))
                .filter(due)
                .filter(database.is_one_of("addressee", busy).not());
        }
        Which::Answerable => {
            wanted = wanted
                .filter(database::is_set(delivery::Column::NextAttemptAt))
                .filter(delivery::Column::SettledAt.is_null())
                .filter(delivery::Column::Kind.eq(DeliveryKind::SenderReceipt.code()))
                .filter(delivery::Column::Sealed.is_not_null())
                .filter(delivery::Column::Told.is_null())
                .filter(delivery::Column::MessageTs.is_null());
        }
    }
    let statement = wanted.build(transaction.get_database_backend());
    Ok(transaction.query_all_raw(statement).await?)
}

/// Where a row's message stands. A settled one has a place when it is due again, as its message
/// then shows what is no longer so.
fn posted(row: &delivery::Model) -> Result<Option<Posted>, StoreError> {
    let Some((channel, message)) = row.channel.as_deref().zip(row.message_ts.as_deref()) else {
        return Ok(None);
    };
    let place = || {
        Some(Posted {
            channel: ChannelId::parse(channel).ok()?,
            message: MessageTs::parse(message).ok()?,
        })
    };
    let unreadable = StoreError::Unreadable {
        column: "deliveries.message_ts",
    };
    place().ok_or(unreadable).map(Some)
}

/// A row, as it was before its lease, as a job.
pub(super) async fn readable(database: &Database, row: &QueryResult) -> Result<Job, StoreError> {
    job(database, bad_rows::decoded("deliveries", row)?).await
}

async fn job(database: &Database, row: delivery::Model) -> Result<Job, StoreError> {
    let kind = DeliveryKind::from_code(&row.kind)?;
    let secret = row.secret_id;
    let (outcome, refusal) = match kind {
        DeliveryKind::RecipientMessage => (None, deliveries::refusal(&row)),
        DeliveryKind::SenderReceipt => deliveries::message_state(database, secret).await?,
    };
    let key_id = row.key_id.as_deref().and_then(KeyId::from_slice);
    Ok(Job {
        id: row.id,
        secret,
        kind,
        addressee: deliveries::user(&row.addressee, "deliveries.addressee")?,
        attempt: u32::try_from(row.attempts + 1).unwrap_or(1),
        facts: Facts {
            is_typographic: row.typographic != 0,
            ..deliveries::facts(database, secret).await?
        },
        outcome,
        refusal,
        settled: row.settled_at.is_some(),
        posted: posted(&row)?,
        // A lease that ran out belonged to a worker that vanished, nobody knows after what.
        doubtful: row.doubtful != 0 || row.leased_until.is_some(),
        update_tries: u32::try_from(row.update_tries).unwrap_or_default(),
        told: row.told.as_deref().map(Told::from_code).transpose()?,
        nudges: Nudges(row.nudges),
        next_attempt_at: row.next_attempt_at,
        sealed: key_id
            .zip(row.sealed)
            .map(|(key_id, content)| SealedParcel { key_id, content }),
    })
}
