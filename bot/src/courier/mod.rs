//! The courier: brings messages to people, and tells senders how it went.
//!
//! A step claims one delivery that is due, acts, and writes down how it went. Any number of workers
//! in any number of bots do so at once; the database gives each delivery to one of them.

mod compose;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::RngExt as _;
use shared::{
    crypto::DeliveryKeys,
    ids::{ChannelId, MessageTs},
    settings::PublicBaseUrl,
    store::{
        Database, Ending, FailureReason, StoreError,
        deliveries::{self, Job, Kind},
        settle,
    },
};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    settings::Policy,
    slack::{Directory, Ineligible, Person, Slack, SlackError, Verdict},
    worker::millis_since,
};

/// Deliveries of this process at a time.
const WORKERS: usize = 4;

/// How long a worker may take before another one tries; more than all its calls' timeouts together.
const LEASE: Duration = Duration::from_mins(1);

/// How often a worker looks for work that other processes left.
const POLL: Duration = Duration::from_secs(5);

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
    /// Told by whoever stores something that is due at once.
    pub(crate) work_waits: Arc<Notify>,
}

/// What a step did.
enum Step {
    Worked,
    Idle,
}

/// How a try ended.
enum Try {
    Sent(ChannelId, MessageTs),
    /// An earlier try sent it and ended before writing that down.
    Arrived,
    Failed(FailureReason),
    Again(Duration),
}

impl Courier {
    /// Starts the workers; each stops after its step once told to.
    pub(crate) fn spawn_workers(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        for _ in 0..WORKERS {
            tasks.spawn(self.clone().work(stop.clone()));
        }
    }

    async fn work(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            // Listening before looking: no wake-up is lost in between.
            let mut woken = std::pin::pin!(self.work_waits.notified());
            woken.as_mut().enable();
            match self.step().await {
                Ok(Step::Worked) => continue,
                Ok(Step::Idle) => {}
                Err(error) => tracing::error!(%error, "a delivery step failed"),
            }
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(with_jitter(POLL)) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn step(&self) -> Result<Step, StoreError> {
        let Some(job) = deliveries::claim(&self.database, LEASE).await? else {
            return Ok(Step::Idle);
        };
        let started = Instant::now();
        let tried = match job.kind {
            Kind::RecipientMessage => self.try_message(&job).await,
            Kind::SenderReceipt => self.try_receipt(&job).await,
        };
        self.settle(&job, tried, started).await?;
        Ok(Step::Worked)
    }

    async fn settle(&self, job: &Job, tried: Try, started: Instant) -> Result<(), StoreError> {
        let log = |outcome: &str| {
            tracing::info!(
                secret.id = %job.secret,
                delivery.id = %job.id,
                kind = job.kind.code(),
                attempt = job.attempt,
                duration_ms = millis_since(started),
                outcome,
                "delivery"
            );
        };
        match tried {
            Try::Sent(channel, message) => {
                settle::sent(&self.database, job, &channel, &message).await?;
                log("sent");
            }
            Try::Arrived => {
                settle::arrived(&self.database, job).await?;
                log("arrived before");
            }
            Try::Failed(reason) => {
                settle::failed(&self.database, job, reason).await?;
                log(reason.code());
            }
            Try::Again(pause) => {
                settle::retry_after(&self.database, job, pause).await?;
                log("again");
                return Ok(());
            }
        }
        // A settled message makes the receipt due.
        self.work_waits.notify_one();
        Ok(())
    }

    async fn try_message(&self, job: &Job) -> Try {
        if matches!(job.facts.ending, Some(Ending::Viewed { .. })) {
            return Try::Arrived;
        }
        if !job.facts.is_live() {
            return Try::Failed(FailureReason::Expired);
        }
        let Ok(parcel) = job.open(&self.delivery_keys) else {
            return Try::Failed(FailureReason::Unsealable);
        };
        match self.directory.person(&job.addressee).await {
            Ok(person) => {
                if let Err(reason) = person.check(&job.facts.team, self.policy) {
                    return Try::Failed(failure_of(reason));
                }
            }
            Err(error) => return again_or_never(job, &error),
        }
        let link = self
            .public_base_url
            .join(&format!("/s/{}", parcel.token.encode().as_str()));
        let message = compose::message(&job.facts, parcel.note.as_ref(), &link);
        self.post(job, &message).await
    }

    async fn try_receipt(&self, job: &Job) -> Try {
        // The zone only makes the time nicer to read: without an answer it is UTC.
        let sender = self.directory.person(&job.addressee).await.ok();
        let tz = sender.as_ref().and_then(Person::tz);
        self.post(job, &compose::receipt(&job.facts, job.outcome, tz))
            .await
    }

    async fn post(&self, job: &Job, message: &crate::slack::OutgoingMessage) -> Try {
        let channel = match self.slack.open_conversation(&job.addressee).await {
            Ok(channel) => channel,
            Err(error) => return again_or_never(job, &error),
        };
        match self.slack.post_message(&channel, message).await {
            Ok(message) => Try::Sent(channel, message),
            Err(error) => again_or_never(job, &error),
        }
    }
}

fn again_or_never(job: &Job, error: &SlackError) -> Try {
    tracing::warn!(
        secret.id = %job.secret,
        delivery.id = %job.id,
        attempt = job.attempt,
        %error,
        "a message could not be sent"
    );
    match error.verdict() {
        Verdict::GiveUp(reason) => Try::Failed(reason),
        Verdict::Wait(at_least) => Try::Again(at_least + with_jitter(pause(job.attempt))),
        Verdict::Retry => Try::Again(with_jitter(pause(job.attempt))),
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
