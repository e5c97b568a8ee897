//! Reminding recipients of what nobody opened yet, in the thread of its message, by day.

use std::time::Duration;

use shared::{
    operate::logging::millis_since,
    store::{
        StoreError,
        remind::{self, Due},
    },
    text,
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Courier, FIRST_PAUSE, compose, with_jitter};
use crate::slack::{SlackError, Verdict};

/// How often to look.
const EVERY: Duration = Duration::from_secs(10);

/// From which hour, and until which, people are reminded where they are.
const DAY: std::ops::Range<i8> = 7..20;

/// The outcome of what is tried again.
const AGAIN: &str = "again";

impl Courier {
    /// Reminds so long before the end of secrets, until told to stop.
    pub(super) async fn remind(self, before: Duration, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.remind_all(before, &stop).await {
                tracing::warn!(%error, "whom to remind of a secret could not be looked for");
            }
            stop.run_until_cancelled(sleep(with_jitter(EVERY))).await;
        }
    }

    async fn remind_all(
        &self,
        before: Duration,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        if self.context.outage.rests().is_some() {
            return Ok(());
        }
        for due in remind::due(&self.context.database, before).await? {
            if stop.is_cancelled() {
                break;
            }
            self.context.precedence.give_way().await;
            if !self.remind_of(&due).await? {
                // What keeps this one keeps the others, too: the next look tries again.
                break;
            }
        }
        Ok(())
    }

    /// Says whether that is done with.
    async fn remind_of(&self, due: &Due) -> Result<bool, StoreError> {
        let started = std::time::Instant::now();
        let database = &self.context.database;
        let asked = timeout(FIRST_PAUSE, self.context.directory.person(&due.recipient)).await;
        let asked = asked.ok().and_then(Result::ok);
        let person = asked.or_else(|| self.context.directory.last_known(&due.recipient));
        let person = person.as_ref();
        let tz = person.and_then(|person| person.tz()).or(due.tz.as_deref());
        let locale = person
            .and_then(|person| person.locale())
            .or(due.locale.as_deref());
        if !remind::take(database, due.delivery).await? {
            return Ok(true);
        }
        let outcome = if !is_day(due, tz) {
            "left_out"
        } else if remind::lives(database, due.secret).await? {
            let message =
                compose::reminder(self.language_of(locale), &due.recipient, due.expires_at, tz);
            let thread = Some(&due.posted.message);
            let slack = &self.context.slack;
            match slack
                .post_message(&due.posted.channel, thread, &message)
                .await
            {
                Ok(_) => "sent",
                Err(error) => self.not_reminded(due, error).await?,
            }
        } else {
            "ended"
        };
        tracing::info!(
            secret.id = %due.secret,
            delivery.id = %due.delivery,
            duration_ms = millis_since(started),
            outcome,
            "reminder"
        );
        Ok(outcome != AGAIN)
    }

    /// What is known not to be out, and may go out a moment later, is tried again.
    async fn not_reminded(&self, due: &Due, error: SlackError) -> Result<&'static str, StoreError> {
        let passes = match error.verdict() {
            Verdict::Wait(_) | Verdict::Stop | Verdict::Held => true,
            Verdict::Retry => !error.may_have_happened(),
            Verdict::GiveUp(_) | Verdict::Undecided => false,
        };
        tracing::warn!(
            secret.id = %due.secret,
            delivery.id = %due.delivery,
            %error,
            "a reminder could not be posted"
        );
        if error.is_fatal() {
            self.context.alarm.ring(error);
        }
        if !passes {
            return Ok("left_out");
        }
        remind::put_back(&self.context.database, due.delivery).await?;
        Ok(AGAIN)
    }
}

/// Whether it is day where the recipient is; not where that is not known.
fn is_day(due: &Due, tz: Option<&str>) -> bool {
    let hour = tz.and_then(|tz| text::hour(due.now, tz));
    hour.is_some_and(|hour| DAY.contains(&hour))
}
