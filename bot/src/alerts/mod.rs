//! What operators are told in the channel of `ALERT_CHANNEL`, and in the log: that somebody may
//! have read what wasn't meant for them, and that something is stuck. Ids, numbers and what to do,
//! and nothing of what people typed.
//!
//! Every bot looks for the same; the database gives each alert to one of them.

mod message;
mod refusal;

use std::{sync::Arc, time::Duration};

use rand::RngExt as _;
use shared::{
    domain::ids::ChannelId,
    store::{
        StoreError,
        alerts::{self, Alert, Cause, Happened, Lately, Raised, STUCK_AFTER, Subject},
        deliveries::Posted,
    },
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

pub(crate) use self::{message::specimens, refusal::advice};
use crate::{context::Context, slack::SlackError};

/// How often to look.
const EVERY: Duration = Duration::from_secs(5);

/// How far back: more than any commit takes.
const LATELY: Duration = Duration::from_mins(15);

/// How far back to look at the start and now and then, for what happened while no bot ran.
const LONG_AGO: Duration = Duration::from_hours(24);
const LONG_LOOK_EVERY: u32 = 300;

/// When an alert may be taken by another bot: more than posting it takes.
const LEASE: Duration = Duration::from_mins(1);

/// How long the database is asked to take down where a message is: less than is left of the lease.
const SETTLE_PATIENCE: Duration = Duration::from_secs(20);
const SETTLE_PAUSE: Duration = Duration::from_millis(250);

/// The first pause after a failed try, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// How long an alert is tried. What says that alerts come here is tried for ever.
const GIVE_UP_AFTER: Duration = Duration::from_hours(6);

/// An expired secret is overdue after so many sweeps that should have destroyed it.
const SWEEPS: u32 = 3;

/// Tells operators.
#[derive(Clone)]
pub(crate) struct Alerts {
    context: Arc<Context>,
    channel: ChannelId,
    overdue_after: Duration,
}

impl Alerts {
    /// For a channel, where expired secrets are destroyed so often.
    pub(crate) fn new(context: Arc<Context>, channel: ChannelId, sweep_every: Duration) -> Self {
        Self {
            context,
            channel,
            overdue_after: sweep_every.saturating_mul(SWEEPS).max(STUCK_AFTER),
        }
    }

    /// Looks and tells until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut looks = 0_u32;
        while !stop.is_cancelled() {
            let is_long = looks.is_multiple_of(LONG_LOOK_EVERY);
            match self.look(is_long).await {
                Ok(()) => looks = looks.wrapping_add(1),
                Err(error) => {
                    tracing::warn!(%error, "what is to be alerted of could not be looked for");
                }
            }
            if let Err(error) = self.post_due(&stop).await {
                tracing::warn!(%error, "an alert could not be taken or written down");
            }
            let pause = EVERY.mul_f64(rand::rng().random_range(0.5..1.5));
            stop.run_until_cancelled(sleep(pause)).await;
        }
    }

    async fn look(&self, is_long: bool) -> Result<(), StoreError> {
        let database = &self.context.database;
        if is_long {
            alerts::forget_old(database).await?;
            alerts::begin(database, &self.channel).await?;
        }
        let lately = Lately {
            within: if is_long { LONG_AGO } else { LATELY },
            overdue_after: self.overdue_after,
        };
        for happened in alerts::look(database, lately).await? {
            if alerts::raise(database, &happened).await? == Raised::Told {
                log(&happened);
            }
        }
        Ok(())
    }

    async fn post_due(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        while !stop.is_cancelled() {
            let Some(alert) = alerts::claim(&self.context.database, LEASE).await? else {
                break;
            };
            match self.post(&alert).await {
                Ok(posted) => self.settle(&alert, &posted).await?,
                Err(error) => self.refused(&alert, &error).await?,
            }
        }
        Ok(())
    }

    /// Posts it, or changes the message that tells of less.
    async fn post(&self, alert: &Alert) -> Result<Posted, SlackError> {
        let slack = &self.context.slack;
        let message = message::compose(
            self.context.default_language,
            alert.subject,
            alert.count,
            &alert.secrets,
        );
        let Some(posted) = &alert.posted else {
            let channel = self.channel.clone();
            let message = slack.post_message(&channel, None, &message).await?;
            return Ok(Posted { channel, message });
        };
        let changed = slack
            .update_message(&posted.channel, &posted.message, &message)
            .await;
        match changed {
            // It was there, and somebody took it away: one message a cause and hour.
            Err(error) if error.is_gone_message() || error.is_fixed_message() => Ok(posted.clone()),
            changed => changed.map(|()| posted.clone()),
        }
    }

    /// Writes down where it is; a database that stumbles is asked again, as the message is out.
    async fn settle(&self, alert: &Alert, posted: &Posted) -> Result<(), StoreError> {
        let started = Instant::now();
        let mut may_be_done = false;
        loop {
            match alerts::posted(&self.context.database, alert, posted).await {
                Err(error) if error.is_passing() && started.elapsed() < SETTLE_PATIENCE => {
                    may_be_done = true;
                    sleep(SETTLE_PAUSE).await;
                }
                Err(StoreError::Stale) if may_be_done => return Ok(()),
                settled => return settled,
            }
        }
    }

    async fn refused(&self, alert: &Alert, error: &SlackError) -> Result<(), StoreError> {
        if error.is_fatal() {
            self.context.alarm.ring(error.clone());
        }
        let is_over =
            alert.subject != Subject::Begun && alert.made_at.until(alert.now) >= GIVE_UP_AFTER;
        refusal::tell(&self.channel, alert, error, is_over);
        let wait = pause(alert.attempt).max(error.retry_after().unwrap_or_default());
        let wait = (!is_over).then_some(wait);
        let database = &self.context.database;
        alerts::refused(database, alert, &self.channel, error.code(), wait).await
    }
}

/// Doubles with each try.
fn pause(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(10);
    FIRST_PAUSE
        .saturating_mul(1 << doublings)
        .min(LONGEST_PAUSE)
}

/// The line in the log: whoever reads no channel reads this.
fn log(happened: &Happened) {
    let ids: Vec<_> = happened.secrets.iter().map(ToString::to_string).collect();
    let (count, secrets) = (happened.count, ids.join(" "));
    match happened.cause {
        Cause::Reused => {
            tracing::warn!(
                count,
                secrets,
                "alert: links were visited after their secrets had been opened"
            );
        }
        Cause::Disputed => {
            tracing::warn!(
                count,
                secrets,
                "alert: recipients say that it wasn't them who opened their secrets"
            );
        }
        Cause::DecryptFailed => {
            tracing::warn!(count, secrets, "alert: secrets could not be decrypted");
        }
        Cause::Denied => {
            tracing::warn!(
                count,
                secrets,
                "alert: more openings and presses were refused within an hour than happen by mistake"
            );
        }
        Cause::DeliveriesStuck => {
            tracing::warn!(
                count,
                secrets,
                "alert: messages have waited for their delivery for more than ten minutes"
            );
        }
        Cause::ExpiryStuck => {
            tracing::warn!(count, secrets, "alert: expired secrets are not destroyed");
        }
    }
}
