//! The courier: brings messages to people, and tells senders how it went.
//!
//! A step claims one delivery that is due, acts, and writes down how it went. Any number of workers
//! in any number of bots do so at once; the database gives each delivery to one of them.

mod compose;
mod pace;
mod watch;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::RngExt as _;
use shared::{
    crypto::{DeliveryKeys, OpenError},
    logging::millis_since,
    settings::PublicBaseUrl,
    store::{
        Database, Ending, FailureReason, StoreError,
        deliveries::{self, Job, Kind, Posted},
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
use crate::{
    alarm::Alarm,
    metrics::Metrics,
    settings::Policy,
    slack::{Directory, Ineligible, OutgoingMessage, Person, Slack, SlackError, Verdict},
};

/// Deliveries of this process at a time.
const WORKERS: usize = 8;

/// How long a worker may talk to Slack about one delivery.
const TRY_TIMEOUT: Duration = Duration::from_secs(15);

/// When another worker tries; more than one has for talking to Slack and then to the database.
const LEASE: Duration = Duration::from_secs(25);

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
}

/// What a step did.
enum Step {
    Worked,
    Idle,
}

/// How a try ended.
enum Try {
    Sent(Posted),
    /// An earlier try sent it and ended before writing that down.
    Arrived,
    /// A message that was posted shows how things are, or is gone.
    Shown,
    Failed(FailureReason),
    Again(Duration),
}

impl Try {
    /// A word for log and metrics.
    const fn code(&self) -> &'static str {
        match self {
            Self::Sent(_) => "sent",
            Self::Arrived => "arrived_before",
            Self::Shown => "updated",
            Self::Failed(reason) => reason.code(),
            Self::Again(_) => "again",
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
        let Some(job) = deliveries::claim(&self.database, LEASE, &busy).await? else {
            return Ok(Step::Idle);
        };
        let _turn = counter.pace.begin(&job.addressee);
        drop(claiming);
        // Where one was due there may be more: the next worker looks.
        self.work_waits.notify_one();
        let started = Instant::now();
        let tried = timeout(TRY_TIMEOUT, self.attempt(&job))
            .await
            .unwrap_or_else(|_| Try::Again(with_jitter(pause(job.attempt))));
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
            if !error.is_passing() || started.elapsed() >= SETTLE_PATIENCE {
                return Err(error);
            }
            tracing::warn!(delivery.id = %job.id, %error, "a delivery could not be written down yet");
            sleep(SETTLE_PAUSE).await;
        }
        if !matches!(tried, Try::Again(_)) {
            // A settled message makes the receipt due.
            self.work_waits.notify_one();
        }
        Ok(())
    }

    async fn settle_once(&self, job: &Job, tried: &Try) -> Result<(), StoreError> {
        match tried {
            Try::Sent(posted) => settle::sent(&self.database, job, posted).await,
            Try::Arrived => settle::arrived(&self.database, job).await,
            Try::Shown => settle::shown(&self.database, job).await,
            Try::Failed(reason) => settle::failed(&self.database, job, *reason).await,
            Try::Again(pause) => settle::retry_after(&self.database, job, *pause).await,
        }
    }

    async fn attempt(&self, job: &Job) -> Try {
        match (&job.posted, job.kind) {
            (Some(posted), _) => self.try_update(job, posted).await,
            (None, Kind::RecipientMessage) => self.try_message(job).await,
            (None, Kind::SenderReceipt) => {
                let receipt = self.receipt(job).await;
                self.post(job, &receipt).await
            }
        }
    }

    async fn try_message(&self, job: &Job) -> Try {
        if matches!(job.facts.ending, Some(Ending::Viewed { .. })) {
            return Try::Arrived;
        }
        if !job.facts.is_live() {
            return Try::Failed(FailureReason::Expired);
        }
        let parcel = match job.open(&self.delivery_keys) {
            Ok(parcel) => parcel,
            Err(OpenError::UnknownKey) => {
                tracing::error!(
                    delivery.id = %job.id,
                    "DELIVERY_KEYS lacks the key under which a link waits: put it back behind the others"
                );
                return Try::Again(LONGEST_PAUSE);
            }
            Err(_) => return Try::Failed(FailureReason::Unsealable),
        };
        match self.directory.person(&job.addressee).await {
            Ok(person) => {
                if let Err(reason) = person.check(&job.facts.team, self.policy) {
                    return Try::Failed(failure_of(reason));
                }
            }
            Err(error) => return self.again_or_never(job, error),
        }
        let link = self
            .public_base_url
            .join(&format!("/s/{}", parcel.token.encode().as_str()));
        let message = compose::message(
            self.language_of_recipient(job),
            &job.facts,
            parcel.note.as_ref(),
            &link,
        );
        self.post(job, &message).await
    }

    fn language_of_recipient(&self, job: &Job) -> Locale {
        let tag = job.facts.recipient_locale.as_deref();
        tag.and_then(Locale::from_tag)
            .unwrap_or(self.default_language)
    }

    async fn receipt(&self, job: &Job) -> OutgoingMessage {
        // Zone and language only make it nicer to read: it doesn't wait for them.
        let sender = self.directory.person(&job.facts.sender).await.ok();
        let tz = sender.as_ref().and_then(Person::tz);
        let language = sender.as_ref().and_then(Person::language);
        let locale = language.unwrap_or(self.default_language);
        compose::receipt(locale, &job.facts, job.outcome, tz)
    }

    async fn post(&self, job: &Job, message: &OutgoingMessage) -> Try {
        let channel = match self.directory.conversation(&job.addressee).await {
            Ok(channel) => channel,
            Err(error) => return self.again_or_never(job, error),
        };
        match self.slack.post_message(&channel, message).await {
            Ok(message) => Try::Sent(Posted { channel, message }),
            Err(error) => self.again_or_never(job, error),
        }
    }

    /// Changes what was posted. A message that can't be changed any more is left as it is.
    async fn try_update(&self, job: &Job, posted: &Posted) -> Try {
        let message = match job.kind {
            Kind::RecipientMessage => {
                let locale = self.language_of_recipient(job);
                match compose::ended_message(locale, &job.facts) {
                    Some(message) => message,
                    // It lives after all: there is nothing to show.
                    None => return Try::Shown,
                }
            }
            Kind::SenderReceipt => self.receipt(job).await,
        };
        let updated = self
            .slack
            .update_message(&posted.channel, &posted.message, &message);
        match updated.await {
            Ok(()) => Try::Shown,
            Err(error)
                if matches!(error.verdict(), Verdict::GiveUp(_))
                    || error.is_gone_message()
                    || error.is_fixed_message() =>
            {
                tracing::warn!(delivery.id = %job.id, %error, "a message stays as it was posted");
                Try::Shown
            }
            Err(error) => self.again_or_never(job, error),
        }
    }

    fn again_or_never(&self, job: &Job, error: SlackError) -> Try {
        tracing::warn!(
            secret.id = %job.secret,
            delivery.id = %job.id,
            attempt = job.attempt,
            %error,
            "a message could not be sent"
        );
        match error.verdict() {
            Verdict::GiveUp(reason) => {
                self.directory.forget(&job.addressee);
                Try::Failed(reason)
            }
            Verdict::Wait(at_least) => Try::Again(at_least + with_jitter(pause(job.attempt))),
            Verdict::Retry | Verdict::Undecided | Verdict::Held => {
                Try::Again(with_jitter(pause(job.attempt)))
            }
            Verdict::Stop => {
                self.alarm.ring(error);
                Try::Again(FIRST_PAUSE)
            }
        }
    }
}

const fn failure_of(reason: Ineligible) -> FailureReason {
    match reason {
        Ineligible::Slackbot | Ineligible::Bot => FailureReason::CannotDmBot,
        Ineligible::Deactivated => FailureReason::UserDisabled,
        Ineligible::External => FailureReason::External,
    }
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
