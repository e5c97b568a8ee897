//! What becomes of a delivery whose try failed.

use std::time::Duration;

use shared::store::{
    FailureReason,
    deliveries::{DeliveryKind, Job},
    held,
    later::{Later, Refused},
};

use super::{Attempt, Courier, FIRST_PAUSE, pause, with_jitter};
use crate::slack::{Method, SlackError, Verdict};

/// How long one refusal goes on before it may be meant for the addressee alone.
const ADDRESSEE_AFTER: Duration = Duration::from_mins(10);

/// The pause between tries of what the app as a whole is refused.
const HELD_PAUSE: Duration = Duration::from_secs(30);

impl Courier {
    /// Judges a failed try to reach the recipient.
    pub(super) async fn failed_attempt(&self, job: &Job, error: SlackError) -> Attempt {
        log(job, &error);
        let code = error.code().map(str::to_owned);
        match (error.verdict(), code) {
            (Verdict::GiveUp(reason), code) => {
                self.context.directory.forget(&job.addressee);
                Attempt::Failed { reason, code }
            }
            (Verdict::Wait(at_least), _) => again(job, at_least + with_jitter(pause(job.attempt))),
            (Verdict::Held, Some(code)) => {
                self.context.outage.refused(&code, &job.addressee);
                self.refused(job, code, true).await
            }
            (Verdict::Undecided, Some(code)) => self.refused(job, code, false).await,
            (Verdict::Stop, _) => {
                self.context.alarm.ring(error);
                again(job, FIRST_PAUSE)
            }
            (Verdict::Retry | Verdict::Held | Verdict::Undecided, _) => Attempt::Later(Later {
                after: Some(capped(job, with_jitter(pause(job.attempt)))),
                refusal: Refused::No,
                doubtful: error.method == Method::PostMessage.as_str() && error.may_have_happened(),
                ..Later::default()
            }),
        }
    }

    /// A refusal by a code. It is final once it has gone on for long while others were reached;
    /// where nobody can be reached it is the app that is refused.
    async fn refused(&self, job: &Job, code: String, is_apps: bool) -> Attempt {
        let same = job.refusal.as_ref().filter(|refusal| refusal.code == code);
        let lasts_for = same.map(|refusal| refusal.since.until(job.facts.now));
        let mut held = is_apps || same.is_some_and(|refusal| refusal.held_since.is_some());
        if lasts_for >= Some(ADDRESSEE_AFTER)
            && let Some(refusal) = same
            && self.context.database.trusts(job.facts.now)
        {
            match held::others_were_reached(&self.context.database, &job.addressee, refusal.since)
                .await
            {
                Ok(true) => {
                    let reason = FailureReason::Refused;
                    let code = Some(code);
                    return Attempt::Failed { reason, code };
                }
                Ok(false) => {
                    held = true;
                    self.context.outage.refused(&code, &job.addressee);
                }
                Err(error) => {
                    tracing::warn!(%error, "whether others are reached is not known");
                }
            }
        }
        let usual = if held { HELD_PAUSE } else { pause(job.attempt) };
        Attempt::Later(Later {
            after: Some(capped(job, with_jitter(usual))),
            refusal: Refused::With { code, held },
            ..Later::default()
        })
    }

    /// The app was refused a moment ago: not even tried. What this one was refused with itself
    /// stays.
    pub(super) fn rest(job: &Job, code: String) -> Attempt {
        let refusal = match &job.refusal {
            Some(_) => Refused::Unsaid,
            None => Refused::With { code, held: true },
        };
        Attempt::Later(Later {
            after: Some(capped(job, with_jitter(HELD_PAUSE))),
            refusal,
            ..Later::default()
        })
    }

    /// A message was taken: what waited because none were goes out.
    pub(super) async fn messages_are_taken(&self) {
        if !self.context.outage.is_over() {
            return;
        }
        match held::release(&self.context.database).await {
            Ok(_) => self.context.work_waits.notify_one(),
            // They are due by themselves soon.
            Err(error) => tracing::debug!(%error, "what waited is not due at once"),
        }
    }
}

/// Tells operators of a failed try.
pub(super) fn log(job: &Job, error: &SlackError) {
    tracing::warn!(
        secret.id = %job.secret,
        delivery.id = %job.id,
        attempt = job.attempt,
        %error,
        "a message could not be sent"
    );
}

/// Once more, of which nothing else is known.
pub(super) fn again(job: &Job, after: Duration) -> Attempt {
    Attempt::Later(Later {
        after: Some(capped(job, after)),
        ..Later::default()
    })
}

/// No pause outlasts the secret: its end is told when it comes.
fn capped(job: &Job, pause: Duration) -> Duration {
    if job.kind != DeliveryKind::RecipientMessage || job.settled {
        return pause;
    }
    pause.min(job.facts.now.until(job.facts.expires_at))
}
