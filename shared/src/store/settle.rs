//! Writing down how a delivery went. Each step counts only while its lease does: a worker that was
//! too slow finds its attempt's number gone and changes nothing.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, UpdateMany,
    sea_query::Expr,
};
use serde_json::json;

use super::{
    Database, Ending, FailureReason, StoreError,
    audit::{self, Event, NewEntry, Slot},
    changes, database,
    database::exactly_one,
    deliveries::{Job, Kind, Outcome, Posted},
    entity::delivery,
    expire,
};

/// The message is out: erases the waiting link and makes the sender's receipt due.
pub async fn sent(database: &Database, job: &Job, posted: &Posted) -> Result<(), StoreError> {
    let posted = delivery::ActiveModel {
        channel: Set(Some(posted.channel.to_string())),
        message_ts: Set(Some(posted.message.to_string())),
        shown: Set(Some(state_of(job).to_owned())),
        shown_reuses: Set(job.facts.reuses),
        shown_repeats: Set(job.facts.repeats),
        ..Default::default()
    };
    close_as_sent(database, job, posted).await
}

/// The link was opened, so the message did arrive: whoever posted it ended before writing that
/// down, and where it stands is not known.
pub async fn arrived(database: &Database, job: &Job) -> Result<(), StoreError> {
    close_as_sent(database, job, delivery::ActiveModel::default()).await
}

async fn close_as_sent(
    database: &Database,
    job: &Job,
    posted: delivery::ActiveModel,
) -> Result<(), StoreError> {
    let transaction = database.begin().await?;
    let work = async {
        close(database, &transaction, job, Outcome::Sent, posted).await?;
        make_receipt_due(database, &transaction, job).await
    }
    .await;
    database::finish(transaction, work).await
}

/// The message can never go out. For the recipient's: destroys the secret, writes `dm_failed`, and
/// makes the sender's receipt due, all in one transaction.
pub async fn failed(
    database: &Database,
    job: &Job,
    reason: FailureReason,
) -> Result<(), StoreError> {
    let transaction = database.begin().await?;
    let work = async {
        let nothing_posted = delivery::ActiveModel::default();
        close(
            database,
            &transaction,
            job,
            Outcome::Failed(reason),
            nothing_posted,
        )
        .await?;
        if job.kind == Kind::RecipientMessage {
            give_up(&transaction, job, reason).await?;
        }
        make_receipt_due(database, &transaction, job).await
    }
    .await;
    database::finish(transaction, work).await
}

/// The message now shows how things are, or can't be changed any more: there is nothing left to do
/// about it.
pub async fn shown(database: &Database, job: &Job) -> Result<(), StoreError> {
    let updated = leased(job)
        .set(delivery::ActiveModel {
            next_attempt_at: Set(None),
            leased_until: Set(None),
            shown: Set(Some(state_of(job).to_owned())),
            shown_reuses: Set(job.facts.reuses),
            shown_repeats: Set(job.facts.repeats),
            ..Default::default()
        })
        .exec(database.connection())
        .await?;
    exactly_one(updated.rows_affected)
}

/// It did not work this time: gives the lease back, due again after `delay`.
pub async fn retry_after(
    database: &Database,
    job: &Job,
    delay: Duration,
) -> Result<(), StoreError> {
    let retried = leased(job)
        .col_expr(delivery::Column::NextAttemptAt, database.now_plus(delay))
        .col_expr(delivery::Column::LeasedUntil, Expr::value(None::<i64>))
        .exec(database.connection())
        .await?;
    exactly_one(retried.rows_affected)
}

/// The rows of which this worker still has the lease: one, or none any more. What was to be posted
/// must not be settled yet, and what was to be changed was settled before.
fn leased(job: &Job) -> UpdateMany<delivery::Entity> {
    let settled = match job.posted {
        None => delivery::Column::SettledAt.is_null(),
        Some(_) => delivery::Column::SettledAt.is_not_null(),
    };
    delivery::Entity::update_many()
        .filter(delivery::Column::Id.eq(job.id.as_uuid()))
        .filter(delivery::Column::Attempts.eq(i32::try_from(job.attempt).unwrap_or(i32::MAX)))
        .filter(delivery::Column::NextAttemptAt.is_not_null())
        .filter(settled)
}

async fn close(
    database: &Database,
    transaction: &DatabaseTransaction,
    job: &Job,
    outcome: Outcome,
    posted: delivery::ActiveModel,
) -> Result<(), StoreError> {
    let closed = leased(job)
        .set(delivery::ActiveModel {
            key_id: Set(None),
            sealed: Set(None),
            next_attempt_at: Set(None),
            leased_until: Set(None),
            outcome: Set(Some(outcome.code().to_owned())),
            ..posted
        })
        .col_expr(delivery::Column::SettledAt, database.now())
        .exec(transaction)
        .await?;
    exactly_one(closed.rows_affected)
}

/// The secret's end is its failed delivery, unless it had ended before.
async fn give_up(
    transaction: &DatabaseTransaction,
    job: &Job,
    reason: FailureReason,
) -> Result<(), StoreError> {
    let facts = &job.facts;
    let overdue = facts.now >= facts.expires_at;
    let ended_here = !overdue
        && expire::destroy(transaction, job.secret, Ending::Undeliverable, facts.now).await?;
    let entry = NewEntry {
        secret: job.secret,
        event: Event::DmFailed,
        slot: if ended_here {
            Slot::Terminal
        } else {
            Slot::DmFailed
        },
        occurred_at: facts.now,
        sender: facts.sender.as_str(),
        recipient: facts.recipient.as_str(),
        visitor: None,
        metadata: json!({ "reason": reason.code(), "attempts": job.attempt }),
    };
    audit::append(transaction, entry).await
}

async fn make_receipt_due(
    database: &Database,
    transaction: &DatabaseTransaction,
    job: &Job,
) -> Result<(), StoreError> {
    if job.kind != Kind::RecipientMessage {
        return Ok(());
    }
    let due = delivery::Entity::update_many()
        .col_expr(delivery::Column::NextAttemptAt, database.now())
        .filter(delivery::Column::SecretId.eq(job.secret.as_uuid()))
        .filter(delivery::Column::Kind.eq(Kind::SenderReceipt.code()))
        .filter(delivery::Column::SettledAt.is_null())
        .exec(transaction)
        .await?;
    exactly_one(due.rows_affected)
}

/// The state that the message tells of, in the words of `secrets.destroy_reason`.
fn state_of(job: &Job) -> &'static str {
    job.facts.ending.map_or(changes::LIVE, Ending::code)
}
