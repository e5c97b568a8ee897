//! The courier: brings messages to people, and tells senders how it went.
//!
//! A step claims one delivery that is due, acts, and writes down how it went. Any number of workers
//! in any number of bots do so at once; the database gives each delivery to one of them.

mod compose;
mod habits;
mod judge;
mod message;
mod outage;
mod pace;
mod receipt;
mod specimens;
mod update;
mod watch;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::RngExt as _;
use shared::{
    crypto::DeliveryKeys,
    domain::base_url::PublicBaseUrl,
    operate::logging::millis_since,
    store::{
        Database, FailureReason, StoreError,
        bad_rows::BadRow,
        claim::{self, ClaimError, Which},
        deliveries::{Job, Kind, Nudges, Posted, Told},
        later::{self, Later, Refused},
        settle,
    },
    text::Locale,
};
use tokio::{
    sync::{Mutex, Notify},
    time::{sleep, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::pace::Pace;
pub(crate) use self::{
    compose::receipt_lines,
    outage::Outage,
    specimens::{endings, longest_lines, outcomes, specimens},
};
use crate::{
    alarm::Alarm,
    metrics::Metrics,
    settings::Policy,
    slack::{Directory, Slack},
};

/// Deliveries of this process at a time.
const WORKERS: usize = 8;

/// How long a worker may talk to Slack about one delivery.
const TRY_TIMEOUT: Duration = Duration::from_secs(20);

/// When another worker tries; more than one has for talking to Slack and then to the database.
const LEASE: Duration = Duration::from_secs(30);

/// How long a worker tries to write down what it did, before it leaves that to the next one, who
/// would have to repeat it.
const SETTLE_PATIENCE: Duration = Duration::from_secs(8);
const SETTLE_PAUSE: Duration = Duration::from_millis(250);

/// How often a worker looks for work that other processes left.
const POLL: Duration = Duration::from_secs(5);

/// How often, at most, a worker looks whether somebody who may be written to again has something due.
const FREE_POLL: Duration = Duration::from_millis(50);

/// The first pause after a failed try, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Brings messages.
#[derive(Clone)]
pub(crate) struct Courier {
    pub(crate) database: Database,
    pub(crate) slack: Arc<Slack>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) delivery_keys: Arc<DeliveryKeys>,
    pub(crate) public_base_url: PublicBaseUrl,
    pub(crate) policy: Policy,
    /// For people whose language is not known, or has no catalogue.
    pub(crate) default_language: Locale,
    /// Told by whoever stores something that is due at once.
    pub(crate) work_waits: Arc<Notify>,
    pub(crate) metrics: Arc<Metrics>,
    /// Rung when Slack refuses the token for good.
    pub(crate) alarm: Alarm,
    /// Whether Slack takes messages at all.
    pub(crate) outage: Arc<Outage>,
}

/// What a step did.
enum Step {
    Worked,
    Idle,
}

/// How a try ended.
enum Try {
    /// It is out; a receipt may have had replies.
    Sent(Posted, Nudges),
    /// An earlier try sent it and ended before writing that down.
    Arrived,
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

impl Try {
    /// A word for log and metrics.
    const fn code(&self) -> &'static str {
        match self {
            Self::Sent(..) => "sent",
            Self::Arrived => "arrived_before",
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

/// Who of this process's workers claims, and whom none of them may write to now.
#[derive(Default)]
struct Counter {
    pace: Pace,
    /// Held from the look at the pace until the claim is made: no two workers write to one person.
    claiming: Mutex<()>,
    /// Held by the one worker who waits until somebody may be written to again.
    waiting: Mutex<()>,
}

impl Counter {
    /// Waits until somebody may be written to again; for one worker at a time.
    async fn somebody_is_free(&self) {
        let Ok(_waiting) = self.waiting.try_lock() else {
            return std::future::pending().await;
        };
        let free = self.pace.next_free().await;
        sleep_until(free.max(tokio::time::Instant::now() + FREE_POLL)).await;
    }
}

impl Courier {
    /// Starts the workers and the watch; each stops after its step once told to.
    pub(crate) fn spawn_workers(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        let counter = Arc::new(Counter::default());
        for _ in 0..WORKERS {
            tasks.spawn(self.clone().work(Arc::clone(&counter), stop.clone()));
        }
        tasks.spawn(self.clone().watch(stop.clone()));
    }

    async fn work(self, counter: Arc<Counter>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            // Listening before looking: no wake-up is lost in between.
            let mut woken = std::pin::pin!(self.work_waits.notified());
            woken.as_mut().enable();
            match self.step(&counter).await {
                Ok(Step::Worked) => continue,
                Ok(Step::Idle) => {}
                Err(error) => tracing::error!(%error, "a delivery step failed"),
            }
            tokio::select! {
                () = woken => {}
                () = sleep(with_jitter(POLL)) => {}
                () = counter.somebody_is_free() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn step(&self, counter: &Counter) -> Result<Step, StoreError> {
        let claiming = counter.claiming.lock().await;
        let busy = counter.pace.busy();
        let job = match claim::claim(&self.database, LEASE, Which::Due(&busy)).await {
            Ok(Some(job)) => job,
            Ok(None) => return Ok(Step::Idle),
            Err(ClaimError::Store(error)) => return Err(error),
            Err(ClaimError::PassedOver(row)) => {
                self.passed_over(&row);
                return Ok(Step::Worked);
            }
        };
        let _turn = counter.pace.begin(&job.addressee);
        drop(claiming);
        // Where one was due there may be more: the next worker looks.
        self.work_waits.notify_one();
        let started = Instant::now();
        let tried = timeout(TRY_TIMEOUT, self.attempt(&job))
            .await
            .unwrap_or_else(|_| took_too_long(&job));
        self.settle(&job, &tried).await?;
        self.metrics.delivery(job.kind.code(), tried.code());
        tracing::info!(
            secret.id = %job.secret,
            delivery.id = %job.id,
            kind = job.kind.code(),
            attempt = job.attempt,
            duration_ms = millis_since(started),
            outcome = tried.code(),
            "delivery"
        );
        Ok(Step::Worked)
    }

    /// Writes down how it went. What happened in Slack can't be undone: when the database does not
    /// take it, it is told again, as long as this worker has the lease.
    async fn settle(&self, job: &Job, tried: &Try) -> Result<(), StoreError> {
        let started = Instant::now();
        let mut may_be_done = false;
        loop {
            let error = match self.settle_once(job, tried).await {
                Ok(()) => break,
                // An earlier try of this loop did it, and its answer got lost.
                Err(StoreError::Stale) if may_be_done => break,
                Err(error) => error,
            };
            may_be_done |= error == StoreError::CommitUnknown;
            if !error.is_passing() && error != StoreError::Stale {
                // What it did must not be done time and again.
                claim::put_off(&self.database, job.id, true).await?;
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
        // A settled message makes the receipt due, and so does one that is held.
        self.work_waits.notify_one();
        Ok(())
    }

    fn passed_over(&self, row: &BadRow) {
        self.metrics.passed_over("delivery");
        tracing::error!(%row, "a delivery is not as others: it was put off");
    }

    async fn settle_once(&self, job: &Job, tried: &Try) -> Result<(), StoreError> {
        let database = &self.database;
        match tried {
            Try::Sent(posted, nudges) => settle::sent(database, job, posted, *nudges).await,
            Try::Arrived => settle::arrived(database, job).await,
            Try::Shown(posted, nudges) => {
                settle::shown(database, job, posted.as_ref(), *nudges).await
            }
            Try::Failed { reason, code } => {
                settle::failed(database, job, *reason, code.as_deref()).await
            }
            Try::Untellable(told) => settle::untellable(database, job, *told).await,
            Try::Later(later) => later::give_back(database, job, later).await,
        }
    }

    async fn attempt(&self, job: &Job) -> Try {
        match (job.settled, job.kind, &job.posted) {
            (true, _, Some(posted)) => self.try_update(job, posted).await,
            (true, _, None) => Try::Shown(None, Nudges::default()),
            (false, Kind::RecipientMessage, _) => self.try_message(job).await,
            (false, Kind::SenderReceipt, _) => self.try_receipt(job).await,
        }
    }
}

/// A try that was given up; what it did is not known.
fn took_too_long(job: &Job) -> Try {
    Try::Later(Later {
        after: Some(with_jitter(pause(job.attempt))),
        refusal: Refused::No,
        doubtful: true,
        untold: (job.kind == Kind::SenderReceipt && job.told.is_none()).then_some(true),
        ..Later::default()
    })
}

/// Doubles with each attempt.
fn pause(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(10);
    FIRST_PAUSE
        .saturating_mul(1 << doublings)
        .min(LONGEST_PAUSE)
}

/// Between half and one and a half of a pause, so that workers don't move in step.
fn with_jitter(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.5..1.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let seconds: Vec<_> = (1..9).map(|attempt| pause(attempt).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
