//! Giving back a delivery that is not done yet: what a try left behind, and when the next one is
//! due.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    UpdateMany,
    sea_query::{Expr, ExprTrait as _},
};

use super::{
    Database, StoreError,
    claim::LONGEST_WAIT,
    database,
    database::exactly_one,
    deliveries::{DeliveryKind, Job, Posted, Told},
    entity::delivery,
    settle::{leased, make_receipt_due, place, untold},
};

/// What a try left behind that did not finish its delivery.
#[derive(Clone, Debug, Default)]
pub struct Later {
    /// When it is due again, from now; `None` when something else makes it due.
    pub after: Option<Duration>,
    /// What is known of how Slack refused it.
    pub refusal: Refused,
    /// Whether it may have been posted all the same.
    pub doubtful: bool,
    /// For a receipt: where it stands, though it has more to say later.
    pub posted: Option<Posted>,
    /// For a receipt: what its reader was told by another way.
    pub told: Option<Told>,
    /// For a receipt: whether no way could carry what it says; `None` leaves that as it was.
    pub untold: Option<bool>,
    /// For a receipt: whether the way to answer is of no use any more.
    pub forgets_answer: bool,
}

/// How Slack refused a delivery this time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Refused {
    /// It did not say anything about that.
    #[default]
    Unsaid,
    /// Not at all: it could not be reached.
    No,
    /// With a code, which may be the same as before.
    With {
        /// Slack's code.
        code: String,
        /// Whether an operator has to mend it.
        held: bool,
    },
}

/// Gives the lease back with the delivery still to be done. When it is held for the first time, its
/// sender is to be told at once.
pub async fn give_back(database: &Database, job: &Job, later: &Later) -> Result<(), StoreError> {
    let held_before = job
        .refusal
        .as_ref()
        .is_some_and(|refusal| refusal.held_since.is_some());
    let is_held = matches!(later.refusal, Refused::With { held: true, .. });
    let tells_sender = job.kind == DeliveryKind::RecipientMessage && is_held && !held_before;
    let transaction = database.begin().await?;
    let work = async {
        let updated = given_back(database, job, later).exec(&transaction).await?;
        exactly_one(updated.rows_affected)?;
        if tells_sender {
            make_receipt_due(database, &transaction, job).await?;
        }
        Ok(())
    }
    .await;
    database::finish(transaction, work).await
}

fn given_back(database: &Database, job: &Job, later: &Later) -> UpdateMany<delivery::Entity> {
    let mut row = later.posted.as_ref().map(place).unwrap_or_default();
    if later.posted.is_some() {
        row.posted_at = Set(Some(job.facts.now));
    }
    if let Some(told) = later.told {
        row.told = Set(Some(told.code().to_owned()));
    }
    if later.forgets_answer {
        row.key_id = Set(None);
        row.sealed = Set(None);
    }
    if later.doubtful {
        row.doubtful = Set(1);
    }
    if job.settled {
        row.update_tries = Set(i32::try_from(job.update_tries + 1).unwrap_or(i32::MAX));
    }
    match &later.refusal {
        Refused::Unsaid => {}
        Refused::No => {
            row.refusal = Set(None);
            row.refused_since = Set(None);
            row.held_since = Set(None);
        }
        Refused::With { code, held } => {
            let same = job.refusal.as_ref().filter(|refusal| refusal.code == *code);
            let now = job.facts.now;
            let since = same.map_or(now, |refusal| refusal.since);
            let held_since = same.and_then(|refusal| refusal.held_since).unwrap_or(now);
            row.refusal = Set(Some(code.clone()));
            row.refused_since = Set(Some(since));
            row.held_since = Set(held.then_some(held_since));
        }
    }
    row.leased_until = Set(None);
    let due = later.after.map_or_else(
        || Expr::value(None::<i64>),
        |after| database.now_plus(after.min(LONGEST_WAIT)),
    );
    // Expressions first: MySQL assigns from left to right, and they are about what was there
    // before.
    let mut updated = leased(job).col_expr(
        delivery::Column::NextAttemptAt,
        // Whoever made it due meanwhile knows more.
        Expr::case(
            Expr::col(delivery::Column::NextAttemptAt).eq(job.next_attempt_at),
            due,
        )
        .finally(Expr::col(delivery::Column::NextAttemptAt))
        .into(),
    );
    if let Some(is_untold) = later.untold {
        updated = updated.col_expr(
            delivery::Column::UntoldSince,
            untold(database, job, is_untold),
        );
    }
    updated.set(row)
}
