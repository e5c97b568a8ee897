//! What the sender is told: that it waits, how it went; by a message, else as the answer to the
//! command, else at the next command.

use std::time::Duration;

use shared::store::{
    Ending,
    claim::{ClaimError, Which},
    deliveries::{Job, Nudges, Posted, Told},
    later::{self, Later, Refused},
};
use tokio::time::timeout;

use super::{
    Attempt, Courier, FIRST_PAUSE, LEASE, LONGEST_PAUSE,
    compose::{self, Receipt},
    failed_attempt, pause, with_jitter,
};
use crate::slack::{Method, SlackError, Verdict};

/// From this age on a receipt that can't be posted goes the second way, whatever keeps it.
const SECOND_WAY_AFTER: Duration = Duration::from_secs(45);

/// Longest life of the way to answer a command.
/// Source: <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>.
const ANSWER_LIFE: Duration = Duration::from_mins(30);

/// Longest wait for an answer to be taken; with the wait for a message before it, it has to fit
/// into one try.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// How long after its secret's end a receipt is tried.
const TRIED_FOR: Duration = Duration::from_hours(24);

/// The pause until whoever posts a message has found that it was opened already.
const FOUND_WITHIN: Duration = Duration::from_secs(5);

impl Courier {
    pub(super) async fn try_receipt(&self, job: &Job) -> Attempt {
        if job.outcome.is_none() {
            return self.try_interim(job).await;
        }
        let receipt = self.receipt(job).await;
        let posted = match &job.posted {
            // It rings by itself.
            None => {
                let posted = self.deliver(job, &receipt.message()).await;
                posted.map(|posted| (posted, compose::asks(job)))
            }
            Some(posted) => self.replace_interim(job, posted, &receipt).await,
        };
        match posted {
            Ok((posted, nudges)) => Attempt::Sent(posted, nudges),
            Err(error) => self.second_way(job, &receipt, error).await,
        }
    }

    /// The message is late: says so, once.
    async fn try_interim(&self, job: &Job) -> Attempt {
        if matches!(job.facts.ending, Some(Ending::Viewed { .. })) {
            // It did arrive, which whoever posts it is about to find.
            return failed_attempt::again(job, FOUND_WITHIN);
        }
        if job.posted.is_some() || job.told.is_some() {
            return Attempt::Later(said(job));
        }
        let receipt = self.receipt(job).await;
        match self.deliver(job, &receipt.message()).await {
            Ok(posted) => Attempt::Later(Later {
                posted: Some(posted),
                untold: Some(false),
                ..said(job)
            }),
            Err(error) => self.second_way(job, &receipt, error).await,
        }
    }

    /// The receipt said that it waits; now it says how it went, with a reply where that asks to
    /// act.
    async fn replace_interim(
        &self,
        job: &Job,
        posted: &Posted,
        receipt: &Receipt,
    ) -> Result<(Posted, Nudges), SlackError> {
        let message = receipt.message();
        let place = (&posted.channel, &posted.message);
        match self
            .context
            .slack
            .update_message(place.0, place.1, &message)
            .await
        {
            Ok(()) => {
                let nudges = self.nudge(job, posted).await?;
                Ok((posted.clone(), nudges))
            }
            Err(error) if error.is_gone_message() || error.is_fixed_message() => {
                let anew = self.deliver(job, &message).await?;
                if error.is_fixed_message() {
                    self.delete(job, posted).await;
                }
                Ok((anew, compose::asks(job)))
            }
            Err(error) => Err(error),
        }
    }

    /// The receipt could not be posted or changed.
    async fn second_way(&self, job: &Job, receipt: &Receipt, error: SlackError) -> Attempt {
        failed_attempt::log(job, &error);
        let verdict = error.verdict();
        let again = with_jitter(pause(job.attempt));
        let age = job.facts.created_at.until(job.facts.now);
        let after = match verdict {
            Verdict::Stop => {
                self.context.alarm.ring(error);
                return failed_attempt::again(job, FIRST_PAUSE);
            }
            Verdict::Wait(at_least) if age < SECOND_WAY_AFTER && at_least < SECOND_WAY_AFTER => {
                return failed_attempt::again(job, at_least + again);
            }
            Verdict::Retry if age < SECOND_WAY_AFTER => return failed_attempt::again(job, again),
            Verdict::Wait(at_least) => at_least + again,
            Verdict::Held => with_jitter(LONGEST_PAUSE),
            _ => again,
        };
        let says = says(job);
        let told = if job.told >= Some(says) {
            job.told
        } else {
            self.answer(job, receipt).await
        };
        let is_over = job.facts.expires_at.until(job.facts.now) >= TRIED_FOR;
        let is_final = matches!(verdict, Verdict::GiveUp(_)) || is_over;
        if is_final && says == Told::Outcome {
            return Attempt::Untellable(told);
        }
        if is_final || (told.is_some() && says == Told::Waiting) {
            // How it went makes it due.
            return Attempt::Later(Later {
                told,
                untold: Some(told.is_none()),
                ..said(job)
            });
        }
        let code = error.code().map(str::to_owned);
        let held = verdict == Verdict::Held;
        if held && let Some(code) = &code {
            self.context.outage.refused(code, &job.addressee);
        }
        Attempt::Later(Later {
            after: Some(after),
            refusal: code.map_or(Refused::Unsaid, |code| Refused::With { code, held }),
            told,
            untold: Some(told.is_none()),
            forgets_answer: told == Some(Told::Outcome),
            ..Later::default()
        })
    }

    /// Answers the command that opened the dialog, where that is still possible: it needs no token,
    /// and goes where the sender is. Says what was told.
    async fn answer(&self, job: &Job, receipt: &Receipt) -> Option<Told> {
        answer_left(job)?;
        let answer = job.answer(&self.context.delivery_keys)?;
        let receipt = receipt.answer();
        let answered = self.context.slack.respond(answer.expose(), &receipt);
        let late = |_| Err(SlackError::timed_out(Method::Respond, ANSWER_PATIENCE));
        match timeout(ANSWER_PATIENCE, answered)
            .await
            .unwrap_or_else(late)
        {
            Ok(()) => {
                tracing::info!(delivery.id = %job.id, "the sender was told as the answer to the command");
                Some(says(job))
            }
            Err(error) => {
                tracing::warn!(delivery.id = %job.id, %error, "nor could the sender be told as the answer to the command");
                None
            }
        }
    }

    /// Tells the senders of what waits that it does, as far as commands can be answered: no token
    /// is good any more, and the program is about to end.
    pub(crate) async fn tell_before_stopping(&self, error: &SlackError) {
        let code = error.code().unwrap_or_default();
        loop {
            let claimed = self.context.database.claim(LEASE, Which::Answerable).await;
            let job = match claimed {
                Ok(Some(job)) => job,
                Ok(None) => return,
                Err(ClaimError::PassedOver(row)) => {
                    self.passed_over(&row);
                    continue;
                }
                Err(ClaimError::Store(error)) => {
                    tracing::warn!(%error, "senders could not be told before the end");
                    return;
                }
            };
            let receipt = self.receipt(&job).await;
            let receipt = if job.outcome.is_none() {
                receipt.held(code)
            } else {
                receipt
            };
            // Who could not be told keeps the lease, so as not to be asked for again.
            let Some(told) = self.answer(&job, &receipt).await else {
                continue;
            };
            let left = Later {
                after: Some(Duration::ZERO),
                told: Some(told),
                forgets_answer: told == Told::Outcome,
                ..Later::default()
            };
            if let Err(error) = later::give_back(&self.context.database, &job, &left).await {
                tracing::warn!(delivery.id = %job.id, %error, "a delivery could not be written down yet");
            }
        }
    }

    /// The receipt as things are, in its reader's language.
    pub(super) async fn receipt(&self, job: &Job) -> Receipt {
        let facts = self.facts_for_sender(job).await;
        let locale = self.language_of(facts.sender_locale.as_deref());
        let (refusal, tz) = (job.refusal.as_ref(), facts.sender_tz.as_deref());
        compose::receipt(locale, job.secret, &facts, job.outcome, refusal, tz)
    }
}

/// What the receipt says now.
const fn says(job: &Job) -> Told {
    match job.outcome {
        None => Told::Waiting,
        Some(_) => Told::Outcome,
    }
}

/// It was said that the message waits: nothing is to do until it doesn't, but for forgetting the
/// way to answer in its time.
fn said(job: &Job) -> Later {
    let left = answer_left(job);
    Later {
        after: left.filter(|_| job.has_sealed()),
        forgets_answer: left.is_none() && job.has_sealed(),
        ..Later::default()
    }
}

/// For how long the command can be answered yet, at most.
fn answer_left(job: &Job) -> Option<Duration> {
    let age = job.facts.created_at.until(job.facts.now);
    ANSWER_LIFE.checked_sub(age).filter(|left| !left.is_zero())
}
