//! One attempt at one delivery: what is to be done, how it ended, and writing that down.

use std::time::{Duration, Instant};

use shared::{
    operate::logging::millis_since,
    store::{
        FailureReason, StoreError,
        bad_rows::BadRow,
        claim::{self, ClaimError, Claimed},
        deliveries::{DeliveryKind, Job, Nudges, Posted, Told},
        later::{self, Later, Refused},
        settle,
    },
};
use tokio::time::{sleep, timeout};

use super::{Courier, pause, with_jitter};

/// How long an attempt may talk to Slack.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

/// How long it is tried to write down what was done, before that is left to the next attempt, which
/// would have to repeat it.
const SETTLE_PATIENCE: Duration = Duration::from_secs(8);
const SETTLE_PAUSE: Duration = Duration::from_millis(250);

/// How an attempt ended.
pub(super) enum Attempt {
    /// It is out; a receipt may have had replies.
    Sent(Posted, Nudges),
    /// An earlier try sent it and ended before writing that down.
    Arrived,
    /// Its sender took it back before it was out.
    Withdrawn,
    /// A message that was posted shows how things are, now maybe at another place, or is left.
    Shown(Option<Posted>, Nudges),
    /// It can never go out; with Slack's code, where there is one.
    Failed {
        reason: FailureReason,
        code: Option<String>,
    },
    /// No receipt can ever be posted; what was told by another way.
    Untellable(Option<Told>),
    /// Something is left to do.
    Later(Later),
}

impl Attempt {
    /// A word for log and metrics.
    const fn code(&self) -> &'static str {
        match self {
            Self::Sent(..) => "sent",
            Self::Arrived => "arrived_before",
            Self::Withdrawn => "withdrawn",
            Self::Shown(..) => "updated",
            Self::Failed { reason, .. } => reason.code(),
            Self::Untellable(_) => "untellable",
            Self::Later(later) => match later.refusal {
                Refused::With { held: true, .. } => "held",
                _ => "again",
            },
        }
    }
}

impl Courier {
    /// Reads a delivery that was claimed, and attends to it.
    pub(super) async fn take(&self, claimed: Claimed) {
        match claimed.job(&self.context.database).await {
            Ok(job) => self.attend_to(&job).await,
            Err(ClaimError::PassedOver(row)) => self.passed_over(&row),
            // It is claimed again when its lease ends.
            Err(ClaimError::Store(error)) => {
                tracing::error!(%error, "a delivery step failed");
            }
        }
    }

    /// Does what a delivery needs now, and writes down how it went.
    async fn attend_to(&self, job: &Job) {
        let started = Instant::now();
        let attempt = timeout(ATTEMPT_TIMEOUT, self.attempt(job))
            .await
            .unwrap_or_else(|_| took_too_long(job));
        if let Err(error) = self.settle(job, &attempt).await {
            tracing::error!(delivery.id = %job.id, %error, "a delivery step failed");
            return;
        }
        self.context
            .metrics
            .delivery(job.kind.code(), attempt.code());
        tracing::info!(
            secret.id = %job.secret,
            delivery.id = %job.id,
            kind = job.kind.code(),
            attempt = job.attempt,
            duration_ms = millis_since(started),
            outcome = attempt.code(),
            "delivery"
        );
    }

    async fn attempt(&self, job: &Job) -> Attempt {
        match (job.settled, job.kind, &job.posted) {
            (true, _, Some(posted)) => self.try_update(job, posted).await,
            (true, _, None) => Attempt::Shown(None, Nudges::default()),
            (false, DeliveryKind::RecipientMessage, _) => self.try_message(job).await,
            (false, DeliveryKind::SenderReceipt, _) => self.try_receipt(job).await,
        }
    }

    /// Writes down how it went. What happened in Slack can't be undone: when the database does not
    /// take it, it is told again, as long as this attempt has the lease.
    async fn settle(&self, job: &Job, attempt: &Attempt) -> Result<(), StoreError> {
        let started = Instant::now();
        let mut may_be_done = false;
        loop {
            let error = match self.settle_once(job, attempt).await {
                Ok(()) => return Ok(()),
                // An earlier try of this loop did it, and its answer got lost.
                Err(StoreError::Stale) if may_be_done => return Ok(()),
                Err(error) => error,
            };
            may_be_done |= error == StoreError::CommitUnknown;
            if !error.is_passing() && error != StoreError::Stale {
                // What it did must not be done time and again.
                claim::put_off(&self.context.database, job.id, true).await?;
                self.passed_over(&BadRow {
                    table: "deliveries",
                    id: job.id.as_uuid(),
                    error,
                });
                return Ok(());
            }
            if !error.is_passing() || started.elapsed() >= SETTLE_PATIENCE {
                return Err(error);
            }
            tracing::warn!(delivery.id = %job.id, %error, "a delivery could not be written down yet");
            sleep(SETTLE_PAUSE).await;
        }
    }

    async fn settle_once(&self, job: &Job, attempt: &Attempt) -> Result<(), StoreError> {
        let database = &self.context.database;
        match attempt {
            Attempt::Sent(posted, nudges) => settle::sent(database, job, posted, *nudges).await,
            Attempt::Arrived => settle::arrived(database, job).await,
            Attempt::Withdrawn => settle::withdrawn(database, job).await,
            Attempt::Shown(posted, nudges) => {
                settle::shown(database, job, posted.as_ref(), *nudges).await
            }
            Attempt::Failed { reason, code } => {
                settle::failed(database, job, *reason, code.as_deref()).await
            }
            Attempt::Untellable(told) => settle::untellable(database, job, *told).await,
            Attempt::Later(later) => later::give_back(database, job, later).await,
        }
    }
}

/// A try that was given up; what it did is not known.
fn took_too_long(job: &Job) -> Attempt {
    Attempt::Later(Later {
        after: Some(with_jitter(pause(job.attempt))),
        refusal: Refused::No,
        doubtful: true,
        untold: (job.kind == DeliveryKind::SenderReceipt && job.told.is_none()).then_some(true),
        ..Later::default()
    })
}
