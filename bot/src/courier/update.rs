//! Changing what was posted, so that it shows how things are. That is decoration: it is tried for a
//! while, and then left.

use std::time::Duration;

use shared::{
    store::{
        FailureReason,
        deliveries::{DeliveryKind, Job, Nudges, Posted},
        later::Later,
    },
    text::Locale,
};

use super::{Attempt, Courier, FIRST_PAUSE, compose, failed_attempt, pause, with_jitter};
use crate::slack::{OutgoingMessage, SlackError, Verdict};

/// Tries to change a message of which Slack says by a code that it won't.
const REFUSED_TRIES: u32 = 5;

/// How long after the last thing that happened to a secret its messages are tried to change,
/// whatever keeps them.
const TRIED_FOR: Duration = Duration::from_hours(24);

impl Courier {
    pub(super) async fn try_update(&self, job: &Job, posted: &Posted) -> Attempt {
        let message = match job.kind {
            DeliveryKind::RecipientMessage => {
                let facts = self.facts_for_recipient(job).await;
                let locale = self.language_of(facts.recipient_locale.as_deref());
                match compose::ended_message(locale, job.secret, &facts) {
                    Some(message) => message,
                    // It lives after all: there is nothing to show.
                    None => return Attempt::Shown(None, Nudges::default()),
                }
            }
            DeliveryKind::SenderReceipt => self.receipt(job).await.message(),
        };
        let place = (&posted.channel, &posted.message);
        match self
            .context
            .slack
            .update_message(place.0, place.1, &message)
            .await
        {
            Ok(()) => match self.nudge(job, posted).await {
                Ok(nudges) => Attempt::Shown(None, nudges),
                Err(error) => self.update_again(job, error),
            },
            // Somebody removed it: nothing lingers. But what asks its reader to act is said.
            Err(error) if error.is_gone_message() => {
                if job.nudges.has(compose::asks(job)) {
                    tracing::warn!(delivery.id = %job.id, %error, "a message stays as it was posted");
                    return Attempt::Shown(None, Nudges::default());
                }
                self.post_anew(job, &message, None).await
            }
            Err(error) if error.is_fixed_message() => {
                self.post_anew(job, &message, Some(posted)).await
            }
            Err(error) => self.update_again(job, error),
        }
    }

    /// Says in a new message what the old one can't be changed to say, and then removes the old
    /// one: it may hold a note, or a button that leads nowhere.
    async fn post_anew(
        &self,
        job: &Job,
        message: &OutgoingMessage,
        old: Option<&Posted>,
    ) -> Attempt {
        let posted = match self.deliver(job, message).await {
            Ok(posted) => Some(posted),
            // There is nobody to tell it, but the old one goes.
            Err(error) if matches!(error.verdict(), Verdict::GiveUp(_)) => None,
            Err(error) => return self.update_again(job, error),
        };
        if let Some(old) = old {
            self.delete(job, old).await;
        }
        Attempt::Shown(posted, compose::asks(job))
    }

    pub(super) async fn delete(&self, job: &Job, posted: &Posted) {
        let deleted = self
            .context
            .slack
            .delete_message(&posted.channel, &posted.message)
            .await;
        match deleted {
            Ok(()) => {}
            Err(error) if error.is_gone_message() => {}
            Err(error) => {
                tracing::warn!(delivery.id = %job.id, %error, "a message that can't be changed could not be deleted either");
            }
        }
    }

    /// Replies below a receipt that was changed to say what asks its reader to act: changes make no
    /// sound. Once a cause; returns those that were told of.
    pub(super) async fn nudge(&self, job: &Job, posted: &Posted) -> Result<Nudges, SlackError> {
        let asked = compose::asks(job);
        let sender = self.context.directory.last_known(&job.facts.sender);
        let locale = sender.and_then(|sender| sender.language());
        let locale = locale.unwrap_or_else(|| self.language_of(job.facts.sender_locale.as_deref()));
        for cause in Nudges::ALL {
            if asked.has(cause) && !job.nudges.has(cause) {
                self.reply(locale, job, posted, cause).await?;
            }
        }
        Ok(asked)
    }

    async fn reply(
        &self,
        locale: Locale,
        job: &Job,
        posted: &Posted,
        cause: Nudges,
    ) -> Result<(), SlackError> {
        let message = compose::nudge(locale, &job.facts, cause);
        let thread = Some(&posted.message);
        self.context
            .slack
            .post_message(&posted.channel, thread, &message)
            .await?;
        Ok(())
    }

    fn update_again(&self, job: &Job, error: SlackError) -> Attempt {
        let is_over = job.facts.changed_at().until(job.facts.now) >= TRIED_FOR;
        let after = match error.verdict() {
            Verdict::Stop => {
                self.context.alarm.ring(error);
                return failed_attempt::again(job, FIRST_PAUSE);
            }
            Verdict::Wait(at_least) => Some(at_least),
            Verdict::Retry => Some(Duration::ZERO),
            Verdict::GiveUp(FailureReason::UserNotFound) if job.update_tries == 0 => {
                // The conversation may have been another one.
                Some(Duration::ZERO)
            }
            Verdict::GiveUp(_) => None,
            Verdict::Held | Verdict::Undecided => {
                (job.update_tries + 1 < REFUSED_TRIES).then_some(Duration::ZERO)
            }
        };
        let Some(at_least) = after.filter(|_| !is_over) else {
            tracing::warn!(delivery.id = %job.id, %error, "a message stays as it was posted");
            return Attempt::Shown(None, Nudges::default());
        };
        failed_attempt::log(job, &error);
        Attempt::Later(Later {
            after: Some(at_least + with_jitter(pause(job.update_tries + 1))),
            ..Later::default()
        })
    }
}
