//! Writing down how a delivery went. Each step counts only while its lease does: a worker that was
//! too slow finds its attempt's number gone and changes nothing.

use sea_orm::{
    ActiveValue::{self, Set},
    ColumnTrait, EntityTrait, QueryFilter, UpdateMany,
    sea_query::{Expr, ExprTrait as _, Func, SimpleExpr},
};

use super::{
    DISPUTABLE_FOR, Database, Ending, FailureReason, StoreError,
    audit::{self, Event, NewEntry, Slot},
    changes, database,
    database::exactly_one,
    deliveries::{DeliveryKind, Job, Nudges, Outcome, Posted, Told},
    entity::delivery,
    expire,
    line::Transaction,
};
use crate::crypto::Way;

/// The message is out: erases the waiting link and makes the sender's receipt due. A receipt may
/// have had replies that told of these causes.
pub async fn sent(
    database: &Database,
    job: &Job,
    posted: &Posted,
    nudges: Nudges,
) -> Result<(), StoreError> {
    let posted = delivery::ActiveModel {
        posted_at: Set(Some(job.facts.now)),
        nudges: Set(job.nudges.with(nudges).0),
        key_id: kept_key(job),
        ..place(posted)
    };
    let shown = delivery::ActiveModel {
        shown: Set(Some(state_of(job).to_owned())),
        shown_reuses: Set(job.facts.reuses),
        shown_repeats: Set(job.facts.repeats),
        shown_lost: Set(i32::from(job.facts.page_lost)),
        shown_disputes: Set(job.facts.disputes),
        ..posted
    };
    close_as_sent(database, job, shown).await
}

/// The share that the message's button has is sealed under the key that it waited under: the row
/// says which, so that nobody destroys that key too early.
fn kept_key(job: &Job) -> ActiveValue<Option<Vec<u8>>> {
    let is_in_button = job.kind == DeliveryKind::RecipientMessage && job.facts.way == Way::Share;
    let kept = job.sealed_under().filter(|_| is_in_button);
    Set(kept.map(|key_id| key_id.as_bytes().to_vec()))
}

pub(super) fn place(posted: &Posted) -> delivery::ActiveModel {
    delivery::ActiveModel {
        channel: Set(Some(posted.channel.to_string())),
        message_ts: Set(Some(posted.message.to_string())),
        ..Default::default()
    }
}

/// The link was opened, so the message did arrive: whoever posted it ended before writing that
/// down, and where it stands is not known.
pub async fn arrived(database: &Database, job: &Job) -> Result<(), StoreError> {
    close_as_sent(database, job, delivery::ActiveModel::default()).await
}

/// Its sender took it back before it was out: there is nothing to post any more.
pub async fn withdrawn(database: &Database, job: &Job) -> Result<(), StoreError> {
    let transaction = database.begin().await?;
    let work = async {
        let nothing = delivery::ActiveModel::default();
        close(database, &transaction, job, Outcome::Withdrawn, nothing).await?;
        make_receipt_due(database, &transaction, job).await
    }
    .await;
    database::finish(transaction, work).await
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
/// makes the sender's receipt due, all in one transaction. `code` is Slack's, where it refused.
pub async fn failed(
    database: &Database,
    job: &Job,
    reason: FailureReason,
    code: Option<&str>,
) -> Result<(), StoreError> {
    let refused = code.map_or_else(delivery::ActiveModel::default, |code| {
        let since = job
            .refusal
            .as_ref()
            .map_or(job.facts.now, |refusal| refusal.since);
        delivery::ActiveModel {
            refusal: Set(Some(code.to_owned())),
            refused_since: Set(Some(since)),
            ..Default::default()
        }
    });
    let transaction = database.begin().await?;
    let work = async {
        let outcome = Outcome::Failed(reason);
        close(database, &transaction, job, outcome, refused).await?;
        if job.kind == DeliveryKind::RecipientMessage {
            give_up(&transaction, job, reason, code).await?;
        }
        make_receipt_due(database, &transaction, job).await
    }
    .await;
    database::finish(transaction, work).await
}

/// A receipt that no message will ever carry: what could be told was told, or waits for its
/// reader's next command.
pub async fn untellable(
    database: &Database,
    job: &Job,
    told: Option<Told>,
) -> Result<(), StoreError> {
    let row = delivery::ActiveModel {
        told: Set(told.or(job.told).map(|told| told.code().to_owned())),
        ..Default::default()
    };
    let outcome = Outcome::Failed(FailureReason::Refused);
    let untold = untold(database, job, told.or(job.told) != Some(Told::Outcome));
    let closed = closing(database, job, outcome, untold, row)
        .exec(database.connection())
        .await?;
    exactly_one(closed.rows_affected)
}

/// The message now shows how things are, or can't be changed any more: there is nothing left to do
/// about it. `posted` is where it stands now, if it was posted anew.
pub async fn shown(
    database: &Database,
    job: &Job,
    posted: Option<&Posted>,
    nudges: Nudges,
) -> Result<(), StoreError> {
    let updated = leased(job)
        .set(delivery::ActiveModel {
            next_attempt_at: Set(None),
            leased_until: Set(None),
            shown: Set(Some(state_of(job).to_owned())),
            shown_reuses: Set(job.facts.reuses),
            shown_repeats: Set(job.facts.repeats),
            shown_lost: Set(i32::from(job.facts.page_lost)),
            shown_disputes: Set(job.facts.disputes),
            update_tries: Set(0),
            nudges: Set(job.nudges.with(nudges).0),
            ..posted.map(place).unwrap_or_default()
        })
        .exec(database.connection())
        .await?;
    exactly_one(updated.rows_affected)
}

/// Since when no way could carry what a receipt says, or that one did. Whoever told it while this
/// worker tried knows more.
pub(super) fn untold(database: &Database, job: &Job, is_untold: bool) -> SimpleExpr {
    if !is_untold {
        return Expr::value(None::<i64>);
    }
    let untold_since = || Expr::col(delivery::Column::UntoldSince);
    let told = Expr::col(delivery::Column::Told);
    let nobody_did = match job.told {
        None => told.is_null(),
        Some(before) => told.eq(before.code()),
    };
    Expr::case(nobody_did, Func::coalesce([untold_since(), database.now()]))
        .finally(untold_since())
        .into()
}

/// The rows of which this worker still has the lease: one, or none any more. What was to be posted
/// must not be settled yet, and what was to be changed was settled before.
pub(super) fn leased(job: &Job) -> UpdateMany<delivery::Entity> {
    let settled = if job.settled {
        delivery::Column::SettledAt.is_not_null()
    } else {
        delivery::Column::SettledAt.is_null()
    };
    delivery::Entity::update_many()
        .filter(delivery::Column::Id.eq(job.id))
        .filter(delivery::Column::Attempts.eq(i32::try_from(job.attempt).unwrap_or(i32::MAX)))
        .filter(delivery::Column::NextAttemptAt.is_not_null())
        .filter(settled)
}

async fn close(
    database: &Database,
    transaction: &Transaction,
    job: &Job,
    outcome: Outcome,
    row: delivery::ActiveModel,
) -> Result<(), StoreError> {
    let nobody_is_untold = Expr::value(None::<i64>);
    let closed = closing(database, job, outcome, nobody_is_untold, row)
        .exec(transaction)
        .await?;
    exactly_one(closed.rows_affected)
}

/// What is told of the reader is worked out before anything else is set: MySQL assigns from left to
/// right, and an expression sees what stands before it
/// (<https://dev.mysql.com/doc/refman/8.4/en/update.html>).
fn closing(
    database: &Database,
    job: &Job,
    outcome: Outcome,
    untold_since: SimpleExpr,
    row: delivery::ActiveModel,
) -> UpdateMany<delivery::Entity> {
    let key_id = match row.key_id {
        ActiveValue::NotSet => Set(None),
        kept => kept,
    };
    leased(job)
        .col_expr(delivery::Column::UntoldSince, untold_since)
        .set(delivery::ActiveModel {
            key_id,
            sealed: Set(None),
            next_attempt_at: Set(None),
            leased_until: Set(None),
            held_since: Set(None),
            outcome: Set(Some(outcome.code().to_owned())),
            ..row
        })
        .col_expr(delivery::Column::SettledAt, database.now())
}

/// The secret's end is its failed delivery, unless it had ended before.
async fn give_up(
    transaction: &Transaction,
    job: &Job,
    reason: FailureReason,
    code: Option<&str>,
) -> Result<(), StoreError> {
    let facts = &job.facts;
    let overdue = facts.now >= facts.expires_at;
    let ended_here = !overdue
        && expire::destroy(transaction, job.secret, Ending::Undeliverable, facts.now).await?;
    let entry = NewEntry {
        secret: job.secret,
        event: Event::DmFailed {
            reason: reason.code(),
            code,
            attempts: job.attempt,
        },
        slot: Some(if ended_here {
            Slot::Terminal
        } else {
            Slot::DmFailed
        }),
        occurred_at: facts.now,
        actor: None,
        team: facts.home.team().as_str(),
        sender: facts.sender.as_str(),
        recipient: facts.recipient.as_str(),
        visitor: None,
    };
    match audit::append(transaction, entry).await {
        // The log has its end, or its failed delivery, already. It is destroyed all the same.
        Err(StoreError::Duplicate) if ended_here => {
            expire::tell_conflict(job.secret);
            expire::mark_conflict(transaction, job.secret).await
        }
        Err(StoreError::Duplicate) => Ok(()),
        appended => appended,
    }
}

/// Makes the sender's receipt due, if it is still to be posted.
pub(super) async fn make_receipt_due(
    database: &Database,
    transaction: &Transaction,
    job: &Job,
) -> Result<(), StoreError> {
    if job.kind != DeliveryKind::RecipientMessage {
        return Ok(());
    }
    // Where there is none any more, the message must not be posted time and again for it.
    delivery::Entity::update_many()
        .col_expr(delivery::Column::NextAttemptAt, database.now())
        .filter(delivery::Column::SecretId.eq(job.secret))
        .filter(delivery::Column::Kind.eq(DeliveryKind::SenderReceipt.code()))
        .filter(delivery::Column::SettledAt.is_null())
        .exec(transaction)
        .await?;
    Ok(())
}

/// The state that the message tells of, in the words of `secrets.destroy_reason` but for one.
fn state_of(job: &Job) -> &'static str {
    let facts = &job.facts;
    match facts.ending {
        Some(Ending::Viewed { at })
            if job.kind == DeliveryKind::RecipientMessage
                && at.until(facts.now) >= DISPUTABLE_FOR =>
        {
            changes::UNDISPUTABLE
        }
        ending => ending.map_or(changes::LIVE, Ending::code),
    }
}
