//! The recipient's message: checked, composed, posted.

use std::time::Duration;

use shared::{
    crypto::{Half, OpenError, ShareError, Way},
    domain::ids::UserId,
    store::{
        Ending, FailureReason,
        deliveries::{Job, Nudges, Posted},
        later::Later,
    },
};
use zeroize::Zeroizing;

use super::{
    Attempt, Courier, LONGEST_PAUSE,
    compose::{self, Button},
};
use crate::{
    link::link_of,
    slack::{Ineligible, OutgoingMessage, Person, SlackError, Verdict},
};

/// The pause while the database's clock is not to be trusted.
const UNSOUND_PAUSE: Duration = Duration::from_secs(5);

/// Why somebody can't get a message.
enum Unreached {
    Ineligible(Ineligible),
    Slack(SlackError),
}

impl Courier {
    pub(super) async fn try_message(&self, job: &Job) -> Attempt {
        if matches!(job.facts.ending, Some(Ending::Viewed { .. })) {
            return Attempt::Arrived;
        }
        let is_revoked = matches!(job.facts.ending, Some(Ending::Revoked));
        if is_revoked && job.facts.revoked_by.is_none() {
            return Attempt::Withdrawn;
        }
        if job.facts.ending.is_none()
            && !job.facts.is_live()
            && !self.context.database.trusts(job.facts.now)
        {
            // Its link must not be erased by a clock that was set ahead for a moment.
            return Attempt::Later(Later {
                after: Some(UNSOUND_PAUSE),
                ..Later::default()
            });
        }
        if !job.facts.is_live() {
            return Attempt::Failed {
                reason: FailureReason::Expired,
                code: job.refusal.as_ref().map(|refusal| refusal.code.clone()),
            };
        }
        let parcel = match job.open(&self.context.delivery_keys) {
            Ok(parcel) => parcel,
            Err(OpenError::UnknownKey) => {
                tracing::error!(
                    delivery.id = %job.id,
                    "DELIVERY_KEYS lacks the key under which a link waits: put it back behind the others"
                );
                return Attempt::Later(Later {
                    after: Some(LONGEST_PAUSE),
                    ..Later::default()
                });
            }
            Err(_) => return failed(FailureReason::Unsealable),
        };
        if let Some(code) = self.context.outage.rests() {
            return Self::rest(job, code);
        }
        match self.check(job).await {
            Ok(()) => {}
            Err(Unreached::Ineligible(reason)) => return failed(failure_of(reason)),
            Err(Unreached::Slack(error)) => return self.failed_attempt(job, error).await,
        }
        let held = match self.held_by_button(job, &parcel.half) {
            Ok(held) => held,
            Err(error) => {
                tracing::error!(delivery.id = %job.id, %error, "the button of a message could not be made yet");
                return Attempt::Later(Later::default());
            }
        };
        let facts = self.facts_for_recipient(job).await;
        let message = compose::message(
            self.language_of(facts.recipient_locale.as_deref()),
            &facts,
            job.doubtful,
            parcel.note.as_ref(),
            match parcel.half.way() {
                Way::Link => Button::Leads(&held),
                Way::Share => Button::Asks(job.secret, &held),
            },
        );
        match self.deliver(job, &message).await {
            Ok(posted) => Attempt::Sent(posted, Nudges::default()),
            Err(error) => self.failed_attempt(job, error).await,
        }
    }

    /// What the button of the message holds: the link, or the share, sealed.
    fn held_by_button(&self, job: &Job, half: &Half) -> Result<Zeroizing<String>, ShareError> {
        match half {
            Half::Token(token) => Ok(link_of(&self.context.public_base_url, token)),
            Half::Share(share) => {
                let key_id = job.sealed_under().ok_or(ShareError::UnknownKey)?;
                let keys = &self.context.delivery_keys;
                let sealed = keys.seal_share_for_button(key_id, job.secret, share)?;
                Ok(Zeroizing::new(sealed))
            }
        }
    }

    /// Whether the recipient may get it. What would be final and rests on what Slack said minutes
    /// ago is asked afresh.
    async fn check(&self, job: &Job) -> Result<(), Unreached> {
        let was_remembered = self.context.directory.remembered(&job.addressee).is_some();
        match self.check_once(job).await {
            Err(Unreached::Ineligible(_)) if was_remembered => {
                self.context.directory.forget(&job.addressee);
                self.context.directory.forget(&job.facts.sender);
                self.check_once(job).await
            }
            checked => checked,
        }
    }

    async fn check_once(&self, job: &Job) -> Result<(), Unreached> {
        let person = self.context.directory.person(&job.addressee).await;
        let person = person.map_err(Unreached::Slack)?;
        self.check_oneself(job, &person).await?;
        person
            .check(&job.facts.home, self.context.policy)
            .map_err(Unreached::Ineligible)
    }

    /// Whether the recipient is somebody else than the sender, under whatever id.
    async fn check_oneself(&self, job: &Job, recipient: &Person) -> Result<(), Unreached> {
        if self.context.policy.allow_self {
            return Ok(());
        }
        let id = &job.facts.sender;
        let may_have_twins =
            recipient.is_in_organization() || job.facts.home.organization().is_some();
        let sender = if may_have_twins {
            self.sender(id).await?
        } else {
            None
        };
        if recipient.is(id, sender.as_ref()) {
            return Err(Unreached::Ineligible(Ineligible::Oneself));
        }
        Ok(())
    }

    /// The sender; `None` where Slack won't ever say who that is: the recipient is not to suffer
    /// from it.
    async fn sender(&self, id: &UserId) -> Result<Option<Person>, Unreached> {
        match self.context.directory.person(id).await {
            Ok(person) => Ok(Some(person)),
            Err(error) => match error.verdict() {
                Verdict::GiveUp(_) | Verdict::Undecided => Ok(None),
                _ => Err(Unreached::Slack(error)),
            },
        }
    }

    /// Posts a message to its addressee. A final refusal that may come from a conversation which
    /// was remembered and is there no more is asked afresh.
    pub(super) async fn deliver(
        &self,
        job: &Job,
        message: &OutgoingMessage,
    ) -> Result<Posted, SlackError> {
        let was_remembered = self
            .context
            .directory
            .remembers_conversation(&job.addressee);
        let posted = match self.deliver_once(job, message).await {
            Err(error) if was_remembered && matches!(error.verdict(), Verdict::GiveUp(_)) => {
                self.context.directory.forget(&job.addressee);
                self.deliver_once(job, message).await
            }
            posted => posted,
        }?;
        self.messages_are_taken().await;
        Ok(posted)
    }

    async fn deliver_once(
        &self,
        job: &Job,
        message: &OutgoingMessage,
    ) -> Result<Posted, SlackError> {
        let channel = self.context.directory.conversation(&job.addressee).await?;
        let message = self
            .context
            .slack
            .post_message(&channel, None, message)
            .await?;
        Ok(Posted { channel, message })
    }
}

const fn failed(reason: FailureReason) -> Attempt {
    Attempt::Failed { reason, code: None }
}

const fn failure_of(reason: Ineligible) -> FailureReason {
    match reason {
        Ineligible::Slackbot | Ineligible::Bot => FailureReason::CannotDmBot,
        Ineligible::Deactivated => FailureReason::UserDisabled,
        Ineligible::External => FailureReason::External,
        Ineligible::Guest => FailureReason::Guest,
        Ineligible::Oneself => FailureReason::Oneself,
    }
}
