//! What the bot does when somebody does something: one file an event.

mod bounded;
mod event;
mod foreign_submission;
mod language;
mod more_room;
#[cfg(test)]
mod odd_events;
mod once;
mod opening;
mod slash_command;
mod standing;
mod submission;
mod submitted;
mod unreadable;

use std::{sync::Arc, time::Duration};

use serde_json::json;
use shared::{
    crypto::{DeliveryKeys, MasterKeys},
    operate::{logging::millis_since, settings::PrivacyUrl},
    store::{Database, installation::Installation},
    text::{Locale, Message, text},
};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use crate::{
    envelope::{Acknowledgement, Envelope},
    lenient::{Object, Unreadable},
    metrics::Metrics,
    settings::Policy,
    slack::{Directory, Slack},
};
use bounded::{Bounded, ask, bounded};
use event::{COMMAND, Event, INTERACTION, MORE_ROOM, UnreadableEvent};
use foreign_submission::ForeignSubmission;
use more_room::Pressed;
use once::Triggers;
use slash_command::SlashCommand;
use submission::Answer;
use submitted::Submitted;
use unreadable::UnreadableSubmission;

/// Dialogs opened or changed at a time.
const ERRANDS_AT_A_TIME: usize = 256;

/// A dialog is opened within the three seconds of its trigger, or not at all.
const ERRAND_PATIENCE: Duration = Duration::from_secs(3);

/// Submissions checked and stored at a time. More than the database's pool has connections: a burst
/// waits for one of these rather than being sent back.
const SUBMISSIONS_AT_A_TIME: usize = 1024;

/// Slack waits three seconds for the acknowledgement; this leaves room for the way there and back.
const SUBMISSION_PATIENCE: Duration = Duration::from_secs(2);

/// The word for submissions of our dialog, in log and metrics.
const SUBMISSION: &str = "submission";
/// The word for submissions of another program's dialog.
const FOREIGN: &str = "foreign_submission";

/// What handlers work with.
pub(crate) struct Desk {
    pub(crate) database: Database,
    pub(crate) slack: Arc<Slack>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) master_keys: MasterKeys,
    pub(crate) delivery_keys: Arc<DeliveryKeys>,
    pub(crate) policy: Policy,
    /// Which dialogs are ours.
    pub(crate) installation: Installation,
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
        let here = &self.desk.installation;
        match Event::read(envelope.kind, payload) {
            Event::Command(command) => self.run_command(command, acknowledge),
            // A dialog just like ours, opened by a bot with another database.
            Event::Submission(submitted) if submitted.layout.is_of_another(here) => {
                let foreign = ForeignSubmission::of_our_form(payload, Some(submitted.sender));
                self.refuse_foreign(foreign, acknowledge);
            }
            Event::UnreadableSubmission(unreadable) if unreadable.layout.is_of_another(here) => {
                let foreign = ForeignSubmission::of_our_form(payload, unreadable.user);
                self.refuse_foreign(foreign, acknowledge);
            }
            Event::Submission(submitted) => self.submit(submitted, acknowledge),
            Event::UnreadableSubmission(unreadable) => self.refuse(unreadable, acknowledge),
            Event::ForeignSubmission(foreign) => self.refuse_foreign(foreign, acknowledge),
            Event::MoreRoom(pressed) => self.give_room(pressed, acknowledge),
            Event::Unreadable(unreadable) => {
                let envelope_id = acknowledge.envelope_id().to_owned();
                match unreadable.response() {
                    Some(message) => {
                        let words = text(self.desk.default_language, message);
                        let payload = json!({ "response_type": "ephemeral", "text": words });
                        acknowledge.with(unreadable.kind, &payload);
                    }
                    None => acknowledge.bare(unreadable.kind),
                }
                self.excuse(unreadable, &envelope_id);
            }
            Event::Nothing(kind) => self.ignore(kind, acknowledge),
        }
    }

    /// For an envelope that can't be acknowledged: nothing is done, and who can be told is told.
    pub(crate) fn refuse_anonymous(&self, payload: &str) {
        let what = Unreadable("envelope_id");
        let payload = Object::parse(payload).unwrap_or_default();
        let kind = if payload.has("command") {
            COMMAND
        } else {
            INTERACTION
        };
        self.excuse(UnreadableEvent::new(kind, what, &payload), "");
    }

    fn ignore(&self, kind: &'static str, acknowledge: Acknowledgement) {
        acknowledge.bare(kind);
        self.desk.metrics.envelope(kind, "ignored");
    }

    fn run_command(&self, command: SlashCommand, acknowledge: Acknowledgement) {
        let envelope_id = acknowledge.envelope_id().to_owned();
        acknowledge.bare(COMMAND);
        if !self.triggers.is_new(&command.trigger_id) {
            tracing::info!(envelope.id = envelope_id, "a command came again");
            self.desk.metrics.envelope(COMMAND, "came_again");
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
            desk.metrics.envelope(COMMAND, outcome);
        });
    }

    fn give_room(&self, pressed: Pressed, acknowledge: Acknowledgement) {
        let envelope_id = acknowledge.envelope_id().to_owned();
        acknowledge.bare(MORE_ROOM);
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
            desk.metrics.envelope(MORE_ROOM, outcome);
        });
    }

    fn submit(&self, submitted: Submitted, acknowledge: Acknowledgement) {
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
            desk.metrics.envelope(SUBMISSION, answer.outcome);
            answer.send(SUBMISSION, acknowledge);
        });
    }

    fn refuse(&self, unreadable: UnreadableSubmission, acknowledge: Acknowledgement) {
        self.not_understood(SUBMISSION, acknowledge.envelope_id(), unreadable.what);
        let desk = Arc::clone(&self.desk);
        self.tasks.spawn(async move {
            let locale = desk
                .reader_asking(&unreadable.layout, unreadable.user.as_ref())
                .await
                .locale;
            acknowledge.with(SUBMISSION, &unreadable.answer(locale));
        });
    }

    fn refuse_foreign(&self, foreign: ForeignSubmission, acknowledge: Acknowledgement) {
        tracing::warn!(
            envelope.id = acknowledge.envelope_id(),
            "a dialog of another program was submitted, and refused: is one with this Slack app still \
             running?"
        );
        self.desk.metrics.envelope(FOREIGN, "refused");
        let desk = Arc::clone(&self.desk);
        self.tasks.spawn(async move {
            let locale = desk.reader(foreign.user.as_ref()).await.locale;
            acknowledge.with(FOREIGN, &foreign.answer(locale));
        });
    }

    /// Says where it can be said that nothing comes of something.
    fn excuse(&self, unreadable: UnreadableEvent, envelope_id: &str) {
        let UnreadableEvent {
            kind,
            what,
            user,
            response_url,
        } = unreadable;
        self.not_understood(kind, envelope_id, what);
        let Some(response_url) = response_url else {
            return;
        };
        let message = match kind {
            COMMAND => Message::CommandUnreadable,
            _ => Message::PressUnreadable,
        };
        let desk = Arc::clone(&self.desk);
        self.tasks.spawn(async move {
            let locale = desk.reader(user.as_ref()).await.locale;
            slash_command::tell(&desk, locale, Some(&response_url), message).await;
        });
    }

    /// The payload itself can hold a secret and is not logged, nor is what the parser says of it: its
    /// words quote what they are about.
    fn not_understood(&self, kind: &'static str, envelope_id: &str, what: Unreadable) {
        tracing::error!(
            envelope.id = envelope_id,
            kind,
            what = what.0,
            "a payload of Slack's could not be understood"
        );
        self.desk.metrics.envelope(kind, "unreadable");
    }
}
