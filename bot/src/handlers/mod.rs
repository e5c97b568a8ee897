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
mod press;
mod slash_command;
mod standing;
mod submission;
mod submitted;
mod unreadable;

use std::{sync::Arc, time::Duration};

use serde_json::json;
use shared::{
    operate::logging::millis_since,
    text::{Message, text},
};
use tokio_util::task::TaskTracker;

use crate::{
    context::Context,
    envelope::{Acknowledgement, Envelope},
    lenient::{Object, Unreadable},
};
use bounded::Bounds;
use event::{COMMAND, Event, INTERACTION, MORE_ROOM, UnreadableEvent};
use foreign_submission::ForeignSubmission;
use more_room::Pressed;
use once::Triggers;
use press::{Followed, Press};
use slash_command::SlashCommand;
use submitted::Submitted;
use unreadable::UnreadableSubmission;

pub(crate) use submission::STORED_AT_A_TIME;

/// Dialogs opened or changed at a time.
const DIALOGS_AT_A_TIME: usize = 256;

/// A dialog is opened within the three seconds of its trigger, or not at all.
const DIALOG_PATIENCE: Duration = Duration::from_secs(3);

/// Presses of buttons in messages taken at a time.
const PRESSES_AT_A_TIME: usize = 256;

/// Submissions taken at a time: a burst waits for its turn to be stored rather than being sent
/// back.
const SUBMISSIONS_AT_A_TIME: usize = 1024;

/// Slack waits three seconds for the acknowledgement; this leaves room for the way there and back.
const SUBMISSION_PATIENCE: Duration = Duration::from_secs(2);

/// The word for submissions of our dialog, in log and metrics.
const SUBMISSION: &str = "submission";
/// The word for submissions of another program's dialog.
const FOREIGN: &str = "foreign_submission";

/// Takes envelopes to their handlers, each within its bounds.
pub(crate) struct Handlers {
    context: Arc<Context>,
    tasks: TaskTracker,
    triggers: Triggers,
    commands: Bounds,
    more_room: Bounds,
    presses: Bounds,
    submissions: Bounds,
}

impl Handlers {
    /// `tasks` is where work goes on, for whoever stops the program to wait for.
    pub(crate) fn new(context: Arc<Context>, tasks: TaskTracker) -> Self {
        let dialogs = || Bounds::new(&tasks, DIALOGS_AT_A_TIME, DIALOG_PATIENCE);
        Self {
            context,
            triggers: Triggers::default(),
            commands: dialogs(),
            more_room: dialogs(),
            presses: Bounds::new(&tasks, PRESSES_AT_A_TIME, press::PATIENCE),
            submissions: Bounds::new(&tasks, SUBMISSIONS_AT_A_TIME, SUBMISSION_PATIENCE),
            tasks,
        }
    }

    /// Takes an envelope. Returns at once: what takes time runs in a task of its own.
    pub(crate) fn handle(&self, envelope: &Envelope<'_>, acknowledge: Acknowledgement) {
        let payload = envelope.payload.get();
        tracing::debug!(envelope.id = envelope.id, kind = ?envelope.kind, "envelope");
        let here = &self.context.installation;
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
            Event::Press(press) => self.press(press, acknowledge),
            Event::Followed(followed) => self.follow(followed, acknowledge),
            Event::Unreadable(unreadable) => {
                let envelope_id = acknowledge.envelope_id().to_owned();
                match unreadable.response() {
                    Some(message) => {
                        let words = text(self.context.default_language, message);
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
        self.context.metrics.envelope(kind, "ignored");
    }

    fn run_command(&self, command: SlashCommand, acknowledge: Acknowledgement) {
        let envelope_id = acknowledge.envelope_id().to_owned();
        acknowledge.bare(COMMAND);
        if !self.triggers.is_new(&command.trigger_id) {
            tracing::info!(envelope.id = envelope_id, "a command came again");
            self.context.metrics.envelope(COMMAND, "came_again");
            return;
        }
        let (context, commands) = (Arc::clone(&self.context), self.commands.clone());
        self.tasks.spawn(async move {
            let (user, response_url) = (command.user_id.clone(), command.response_url.clone());
            let known = command.known.clone();
            let handled = slash_command::handle(Arc::clone(&context), command.from(&envelope_id));
            let handled = Box::pin(handled);
            let outcome = match commands.run(handled).await {
                Ok(outcome) => outcome,
                Err(refusal) => {
                    tracing::error!(envelope.id = envelope_id, ?refusal, "a command was refused");
                    let locale = user.map_or(context.default_language, |user| {
                        context.language_at_once(&user)
                    });
                    slash_command::excuse(&context, locale, response_url.as_ref(), &known, refusal)
                        .await
                }
            };
            context.metrics.envelope(COMMAND, outcome);
        });
    }

    fn give_room(&self, pressed: Pressed, acknowledge: Acknowledgement) {
        let envelope_id = acknowledge.envelope_id().to_owned();
        acknowledge.bare(MORE_ROOM);
        let (context, bounds) = (Arc::clone(&self.context), self.more_room.clone());
        self.tasks.spawn(async move {
            let excuse = pressed.excuse.clone();
            let handled = Box::pin(more_room::handle(Arc::clone(&context), pressed));
            let outcome = match bounds.run(handled).await {
                Ok(outcome) => outcome,
                Err(refusal) => {
                    tracing::error!(
                        envelope.id = envelope_id,
                        ?refusal,
                        "a dialog got no more room"
                    );
                    excuse.refused(&context, refusal).await;
                    "refused"
                }
            };
            context.metrics.envelope(MORE_ROOM, outcome);
        });
    }

    fn press(&self, press: Press, acknowledge: Acknowledgement) {
        let envelope_id = acknowledge.envelope_id().to_owned();
        let kind = press.action.code();
        acknowledge.bare(kind);
        let is_new = press.trigger_id().is_none_or(|id| self.triggers.is_new(id));
        if !is_new {
            tracing::info!(envelope.id = envelope_id, kind, "a press came again");
            self.context.metrics.envelope(kind, "came_again");
            return;
        }
        let (context, presses) = (Arc::clone(&self.context), self.presses.clone());
        self.tasks.spawn(async move {
            let outcome = press::handle(Arc::clone(&context), press, presses).await;
            context.metrics.envelope(kind, outcome);
        });
    }

    fn follow(&self, followed: Followed, acknowledge: Acknowledgement) {
        acknowledge.bare(Followed::ACTION);
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            let outcome = followed.handle(Arc::clone(&context)).await;
            context.metrics.envelope(Followed::ACTION, outcome);
        });
    }

    fn submit(&self, submitted: Submitted, acknowledge: Acknowledgement) {
        let (context, submissions) = (Arc::clone(&self.context), self.submissions.clone());
        let waiting = context.precedence.begin();
        self.tasks.spawn(async move {
            let (key, sender) = (submitted.view.clone(), submitted.sender.clone());
            let layout = submitted.layout.clone();
            let stored = Box::pin(submission::check_and_store(Arc::clone(&context), submitted));
            let answer = submissions.run(stored).await.unwrap_or_else(|refusal| {
                let reader = context.reader_of(&layout, Some(&sender));
                submission::refused(reader.locale, refusal)
            });
            tracing::info!(
                envelope.id = acknowledge.envelope_id(),
                submission.key = %key,
                duration_ms = millis_since(acknowledge.received()),
                outcome = answer.outcome,
                "a submission is answered"
            );
            context.metrics.envelope(SUBMISSION, answer.outcome);
            answer.send(SUBMISSION, acknowledge);
            drop(waiting);
        });
    }

    fn refuse(&self, unreadable: UnreadableSubmission, acknowledge: Acknowledgement) {
        self.not_understood(SUBMISSION, acknowledge.envelope_id(), unreadable.what);
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            let locale = context
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
        self.context.metrics.envelope(FOREIGN, "refused");
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            let locale = context.reader(foreign.user.as_ref()).await.locale;
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
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            let locale = context.reader(user.as_ref()).await.locale;
            slash_command::tell(&context, locale, Some(&response_url), message).await;
        });
    }

    /// The payload itself can hold a secret and is not logged, nor is what the parser says of it:
    /// its words quote what they are about.
    fn not_understood(&self, kind: &'static str, envelope_id: &str, what: Unreadable) {
        tracing::error!(
            envelope.id = envelope_id,
            kind,
            what = what.0,
            "a payload of Slack's could not be understood"
        );
        self.context.metrics.envelope(kind, "unreadable");
    }
}
