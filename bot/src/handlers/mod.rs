//! What the bot does when somebody does something: one file an event.

mod bounded;
mod foreign_submission;
mod interaction;
mod language;
mod more_room;
mod once;
mod opening;
mod slash_command;
mod standing;
mod submission;
mod submitted;

use std::{sync::Arc, time::Duration};

use shared::{
    crypto::{DeliveryKeys, MasterKeys},
    logging::millis_since,
    settings::PrivacyUrl,
    store::Database,
    text::Locale,
};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use crate::{
    envelope::{Acknowledgement, Envelope, Kind},
    metrics::Metrics,
    settings::Policy,
    slack::{Directory, Slack},
};
use bounded::{Bounded, ask, bounded};
use foreign_submission::ForeignSubmission;
use interaction::Interaction;
use more_room::Pressed;
use once::Triggers;
use slash_command::SlashCommand;
use submission::Answer;
use submitted::Submitted;

/// Dialogs opened or changed at a time.
const ERRANDS_AT_A_TIME: usize = 256;

/// A dialog is opened within the three seconds of its trigger, or not at all.
const ERRAND_PATIENCE: Duration = Duration::from_secs(3);

/// Submissions checked and stored at a time. More than the database's pool has connections: a burst
/// waits for one of these rather than being sent back.
const SUBMISSIONS_AT_A_TIME: usize = 1024;

/// Slack waits three seconds for the acknowledgement; this leaves room for the way there and back.
const SUBMISSION_PATIENCE: Duration = Duration::from_secs(2);

/// What handlers work with.
pub(crate) struct Desk {
    pub(crate) database: Database,
    pub(crate) slack: Arc<Slack>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) master_keys: MasterKeys,
    pub(crate) delivery_keys: Arc<DeliveryKeys>,
    pub(crate) policy: Policy,
    /// For people whose language is not known, or has no catalogue.
    pub(crate) default_language: Locale,
    /// What the dialog leads to where it says what is written down.
    pub(crate) privacy: Option<PrivacyUrl>,
    /// Wakes the courier.
    pub(crate) work_waits: Arc<Notify>,
    pub(crate) metrics: Arc<Metrics>,
}

/// Takes envelopes to their handlers, each within its bounds.
pub(crate) struct Handlers {
    desk: Arc<Desk>,
    tasks: TaskTracker,
    commands: Bounded<SlashCommand, &'static str>,
    triggers: Triggers,
    more_room: Bounded<Pressed, &'static str>,
    submissions: Bounded<Submitted, Answer>,
}

impl Handlers {
    /// `tasks` is where work goes on, for whoever stops the program to wait for.
    pub(crate) fn new(desk: Desk, tasks: TaskTracker) -> Self {
        let desk = Arc::new(desk);
        let (at_desk, tracker) = (Arc::clone(&desk), &tasks);
        let commands = bounded(
            tracker,
            ERRANDS_AT_A_TIME,
            ERRAND_PATIENCE,
            move |command| slash_command::handle(Arc::clone(&at_desk), command),
        );
        let at_desk = Arc::clone(&desk);
        let more_room = bounded(
            tracker,
            ERRANDS_AT_A_TIME,
            ERRAND_PATIENCE,
            move |pressed| more_room::handle(Arc::clone(&at_desk), pressed),
        );
        let at_desk = Arc::clone(&desk);
        let submissions = bounded(
            tracker,
            SUBMISSIONS_AT_A_TIME,
            SUBMISSION_PATIENCE,
            move |submitted| submission::check_and_store(Arc::clone(&at_desk), submitted),
        );
        Self {
            desk,
            tasks,
            commands,
            triggers: Triggers::default(),
            more_room,
            submissions,
        }
    }

    /// Takes an envelope. Returns at once: what takes time runs in a task of its own.
    pub(crate) fn handle(&self, envelope: &Envelope<'_>, acknowledge: Acknowledgement) {
        let payload = envelope.payload.get();
        tracing::debug!(envelope.id = envelope.id, kind = ?envelope.kind, "envelope");
        match envelope.kind {
            Kind::SlashCommands => self.run_command(payload, acknowledge),
            Kind::Interactive => match interaction::recognize(payload) {
                Interaction::Submission => self.submit(payload, acknowledge),
                Interaction::ForeignSubmission => self.refuse_foreign(payload, acknowledge),
                Interaction::MoreRoom => self.give_room(payload, acknowledge),
                Interaction::Other => self.ignore("interaction", acknowledge),
            },
            Kind::Other => self.ignore("other", acknowledge),
        }
    }

    fn ignore(&self, kind: &'static str, acknowledge: Acknowledgement) {
        acknowledge.bare(kind);
        self.desk.metrics.envelope(kind, "ignored");
    }

    fn run_command(&self, payload: &str, acknowledge: Acknowledgement) {
        const KIND: &str = "slash_command";
        let envelope_id = acknowledge.envelope_id().to_owned();
        acknowledge.bare(KIND);
        let Ok(command) = serde_json::from_str::<SlashCommand>(payload) else {
            self.not_understood(KIND, &envelope_id);
            return;
        };
        if !self.triggers.is_new(&command.trigger_id) {
            tracing::info!(envelope.id = envelope_id, "a command came again");
            self.desk.metrics.envelope(KIND, "came_again");
            return;
        }
        let (desk, commands) = (Arc::clone(&self.desk), self.commands.clone());
        self.tasks.spawn(async move {
            let (user, response_url) = (command.user_id.clone(), command.response_url.clone());
            let known = command.known.clone();
            let outcome = ask(&commands, command.from(&envelope_id)).await;
            let outcome = match outcome {
                Ok(outcome) => outcome,
                Err(refusal) => {
                    tracing::error!(envelope.id = envelope_id, ?refusal, "a command was refused");
                    let locale =
                        user.map_or(desk.default_language, |user| desk.language_at_once(&user));
                    slash_command::excuse(&desk, locale, response_url.as_ref(), &known, refusal)
                        .await
                }
            };
            desk.metrics.envelope(KIND, outcome);
        });
    }

    fn give_room(&self, payload: &str, acknowledge: Acknowledgement) {
        const KIND: &str = "more_room";
        let envelope_id = acknowledge.envelope_id().to_owned();
        acknowledge.bare(KIND);
        let Ok(pressed) = Pressed::parse(payload) else {
            self.not_understood(KIND, &envelope_id);
            return;
        };
        let (desk, more_room) = (Arc::clone(&self.desk), self.more_room.clone());
        self.tasks.spawn(async move {
            let excuse = pressed.excuse.clone();
            let outcome = match ask(&more_room, pressed).await {
                Ok(outcome) => outcome,
                Err(refusal) => {
                    tracing::error!(
                        envelope.id = envelope_id,
                        ?refusal,
                        "a dialog got no more room"
                    );
                    excuse.refused(&desk, refusal).await;
                    "refused"
                }
            };
            desk.metrics.envelope(KIND, outcome);
        });
    }

    fn submit(&self, payload: &str, acknowledge: Acknowledgement) {
        const KIND: &str = "submission";
        let Ok(submitted) = Submitted::parse(payload) else {
            self.not_understood(KIND, acknowledge.envelope_id());
            submission::unreadable(self.desk.default_language).send(KIND, acknowledge);
            return;
        };
        let (desk, submissions) = (Arc::clone(&self.desk), self.submissions.clone());
        self.tasks.spawn(async move {
            let (key, sender) = (submitted.view.clone(), submitted.sender.clone());
            let layout = submitted.layout.clone();
            let answer = ask(&submissions, submitted)
                .await
                .unwrap_or_else(|refusal| {
                    let reader = desk.reader_of(&layout, Some(&sender));
                    submission::refused(reader.locale, refusal)
                });
            tracing::info!(
                envelope.id = acknowledge.envelope_id(),
                submission.key = %key,
                duration_ms = millis_since(acknowledge.received()),
                outcome = answer.outcome,
                "a submission is answered"
            );
            desk.metrics.envelope(KIND, answer.outcome);
            answer.send(KIND, acknowledge);
        });
    }

    fn refuse_foreign(&self, payload: &str, acknowledge: Acknowledgement) {
        const KIND: &str = "foreign_submission";
        let Some(foreign) = ForeignSubmission::parse(payload) else {
            self.ignore(KIND, acknowledge);
            return;
        };
        tracing::warn!(
            envelope.id = acknowledge.envelope_id(),
            "a dialog of another program was submitted, and refused: is one with this Slack app still \
             running?"
        );
        let default = self.desk.default_language;
        let user = foreign.user.as_ref();
        let locale = user.map_or(default, |user| self.desk.language_at_once(user));
        acknowledge.with(KIND, &foreign.answer(locale));
        self.desk.metrics.envelope(KIND, "refused");
    }

    /// The payload itself can hold a secret and is not logged.
    fn not_understood(&self, kind: &'static str, envelope_id: &str) {
        tracing::error!(
            envelope.id = envelope_id,
            kind,
            "a payload of Slack's could not be understood"
        );
        self.desk.metrics.envelope(kind, "unreadable");
    }
}
