//! What an envelope holds, read from its payload.
//!
//! An acknowledgement without content closes a dialog as if it had been sent. So whatever may be a
//! submission is one until it is known to be something else: errors that answer anything else do no
//! harm, as Slack takes them from submissions only. Source:
//! <https://docs.slack.dev/surfaces/modals#displaying_errors>.

use secrecy::SecretString;
use shared::{domain::ids::UserId, store::presses::Action, text::Message};

use super::{
    foreign_submission::ForeignSubmission,
    more_room::Pressed,
    press::{Followed, Press},
    slash_command::SlashCommand,
    submitted::Submitted,
    unreadable::UnreadableSubmission,
};
use crate::{
    envelope::EnvelopeKind,
    lenient::{Object, Unreadable, text},
    modal,
};

/// What somebody did. Can hold a secret: not printed.
pub(super) enum Event {
    /// Typed the command.
    Command(SlashCommand),
    /// Submitted the dialog.
    Submission(Submitted),
    /// Submitted the dialog, or may have; what was typed can't be read.
    UnreadableSubmission(UnreadableSubmission),
    /// Submitted a dialog that another program with the same app had opened.
    ForeignSubmission(ForeignSubmission),
    /// Pressed the dialog's button for another field.
    MoreRoom(Pressed),
    /// Pressed a button of a message.
    Press(Press),
    /// Followed a link that was made for them.
    Followed(Followed),
    /// Something of which nothing can follow, as it can't be read.
    Unreadable(UnreadableEvent),
    /// Something of which nothing follows, such as following the link in a message; by a word for
    /// the metrics.
    Nothing(&'static str),
}

/// A command or a press that can't be read, as far as it can.
pub(super) struct UnreadableEvent {
    pub(super) kind: &'static str,
    pub(super) what: Unreadable,
    pub(super) user: Option<UserId>,
    pub(super) response_url: Option<SecretString>,
}

/// The word for commands, in log and metrics.
pub(super) const COMMAND: &str = "slash_command";
/// The word for presses of the dialog's button.
pub(super) const MORE_ROOM: &str = "more_room";
/// The word for what is none of ours.
pub(super) const INTERACTION: &str = "interaction";

/// The types of interactions of which nothing is expected here.
/// Source: <https://docs.slack.dev/reference/interaction-payloads>.
const OTHER_INTERACTIONS: [&str; 10] = [
    "view_closed",
    "block_suggestion",
    "shortcut",
    "message_action",
    "interactive_message",
    "dialog_submission",
    "dialog_cancellation",
    "dialog_suggestion",
    "workflow_step_edit",
    "function_executed",
];

impl Event {
    /// Reads an envelope's payload. What the payload says of itself counts before the envelope's
    /// kind.
    pub(super) fn read(kind: EnvelopeKind, payload: &str) -> Self {
        let Some(payload) = Object::parse(payload) else {
            return Self::without_payload(kind);
        };
        let types: Vec<_> = payload.each("type").filter_map(text).collect();
        if types.iter().any(|kind| kind == "view_submission") {
            return submission(&payload);
        }
        match payload.text("type").as_deref() {
            Some("block_actions") => pressed(&payload),
            Some(known) if OTHER_INTERACTIONS.contains(&known) => Self::Nothing(INTERACTION),
            named => match kind {
                EnvelopeKind::SlashCommands => command(&payload),
                EnvelopeKind::Other | EnvelopeKind::Unreadable if payload.has("command") => {
                    command(&payload)
                }
                EnvelopeKind::Other => Self::Nothing("other"),
                EnvelopeKind::Interactive | EnvelopeKind::Unreadable => {
                    let is_new = named.is_some_and(|named| !named.is_empty());
                    if is_new && !payload.has("view") {
                        return Self::Nothing(INTERACTION);
                    }
                    // Submissions have none. Source:
                    // <https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload>.
                    if payload.has("response_url") {
                        let what = Unreadable("type");
                        let event = UnreadableEvent::new(INTERACTION, what, &payload);
                        return Self::Unreadable(event);
                    }
                    unreadable_submission(&payload, Unreadable("type"))
                }
            },
        }
    }

    fn without_payload(kind: EnvelopeKind) -> Self {
        let nobody = Object::default();
        let what = Unreadable("payload");
        match kind {
            EnvelopeKind::SlashCommands => {
                Self::Unreadable(UnreadableEvent::new(COMMAND, what, &nobody))
            }
            EnvelopeKind::Interactive | EnvelopeKind::Unreadable => {
                unreadable_submission(&nobody, what)
            }
            EnvelopeKind::Other => Self::Nothing("other"),
        }
    }
}

impl UnreadableEvent {
    pub(super) fn new(kind: &'static str, what: Unreadable, payload: &Object<'_>) -> Self {
        let in_command = payload.text("user_id");
        let user = in_command.or_else(|| payload.object("user").text("id"));
        let response_url = payload.text("response_url");
        Self {
            kind,
            what,
            user: user.and_then(|user| UserId::parse(&user).ok()),
            response_url: response_url.map(|url| SecretString::from(url.into_owned())),
        }
    }

    /// What the acknowledgement says where there is no other way: Slack shows a command's.
    pub(super) fn response(&self) -> Option<Message<'static>> {
        let has_no_other = self.kind == COMMAND && self.response_url.is_none();
        has_no_other.then_some(Message::CommandUnreadable)
    }
}

fn command(payload: &Object<'_>) -> Event {
    match SlashCommand::read(payload) {
        Ok(command) => Event::Command(command),
        Err(what) => Event::Unreadable(UnreadableEvent::new(COMMAND, what, payload)),
    }
}

/// A button, ours or the one with the link in a message. Without its name it could be either.
fn pressed(payload: &Object<'_>) -> Event {
    let unreadable =
        |kind, what| Event::Unreadable(UnreadableEvent::new(kind, Unreadable(what), payload));
    let actions: Vec<_> = payload.objects("actions").collect();
    let names: Vec<_> = actions
        .iter()
        .flat_map(|action| action.each("action_id").filter_map(text))
        .collect();
    if names.is_empty() {
        return unreadable(INTERACTION, "actions");
    }
    if let Some(action) = names.iter().find_map(|name| Action::named(name)) {
        return match Press::read(payload, action) {
            Ok(press) => Event::Press(press),
            Err(Unreadable(what)) => unreadable(action.code(), what),
        };
    }
    if names.iter().any(|name| name == Followed::ACTION) {
        return match Followed::read(payload) {
            Ok(followed) => Event::Followed(followed),
            Err(Unreadable(what)) => unreadable(Followed::ACTION, what),
        };
    }
    if !names.iter().any(|name| name == modal::MORE_ROOM) {
        return Event::Nothing(INTERACTION);
    }
    match Pressed::read(payload) {
        Ok(pressed) => Event::MoreRoom(pressed),
        Err(Unreadable(what)) => unreadable(MORE_ROOM, what),
    }
}

/// One that does not tell its dialog counts as ours, if it can be read as ours: taken for something
/// else it would be acknowledged, and the dialog would close as if its secret had been sent.
fn submission(payload: &Object<'_>) -> Event {
    let callback_id = payload.object("view").text("callback_id");
    match callback_id.as_deref() {
        Some(id) if id != modal::CALLBACK_ID => match ForeignSubmission::read(payload) {
            Some(foreign) => Event::ForeignSubmission(foreign),
            None => Event::Nothing("foreign_submission"),
        },
        _ => match Submitted::read(payload) {
            Ok(submitted) => Event::Submission(submitted),
            Err(what) => unreadable_submission(payload, what),
        },
    }
}

fn unreadable_submission(payload: &Object<'_>, what: Unreadable) -> Event {
    Event::UnreadableSubmission(UnreadableSubmission::read(payload, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of an interaction, in a word.
    fn interaction(payload: &str) -> &'static str {
        match Event::read(EnvelopeKind::Interactive, payload) {
            Event::Command(_) => "command",
            Event::Submission(_) => "submission",
            Event::UnreadableSubmission(_) => "unreadable submission",
            Event::ForeignSubmission(_) => "foreign",
            Event::MoreRoom(_) => "more room",
            Event::Press(_) => "press",
            Event::Followed(_) => "followed",
            Event::Unreadable(_) => "unreadable",
            Event::Nothing(_) => "nothing",
        }
    }

    #[test]
    fn what_may_be_a_submission_is_never_taken_for_something_else() {
        for submission in [
            r#"{"type":"view_submission","view":{"callback_id":"send_secret"}}"#,
            r#"{"type":"view_submission","view":{"callback_id":"send\u005fsecret"}}"#,
            r#"{"type":"view_submission","view":{"callback_id":null}}"#,
            r#"{"type":"view_submission","view":{"callback_id":7}}"#,
            r#"{"type":"view_submission","view":[]}"#,
            r#"{"type":"view_submission","view":null}"#,
            r#"{"type":"view_submission","actions":7}"#,
            r#"{"type":"view_submission"}"#,
            r#"{"type":"view_submission","type":"view_closed"}"#,
            r#"{"type":"view_closed","type":"view_submission"}"#,
            r#"{"type":"view_closed","type":"shortcut"}"#,
            r#"{"type":7,"view":{}}"#,
            r#"{"type":"","view":{}}"#,
            r#"{"type":"\ud800"}"#,
            r#"{"type":"a_new_one","view":{}}"#,
            "{}",
            "null",
            "[]",
            "\"text\"",
        ] {
            assert_eq!(
                interaction(submission),
                "unreadable submission",
                "{submission}"
            );
        }
        for other in [
            r#"{"type":"view_closed","view":{"callback_id":"send_secret"}}"#,
            r#"{"type":"block_actions","actions":[{"action_id":"open_secret"},{}]}"#,
            r#"{"type":"a_new_one"}"#,
        ] {
            assert_eq!(interaction(other), "nothing", "{other}");
        }
    }

    #[test]
    fn a_button_that_can_not_be_told_is_unreadable() {
        for pressed in [
            r#"{"type":"block_actions","actions":[]}"#,
            r#"{"type":"block_actions","actions":{"action_id":"open_secret"}}"#,
            r#"{"type":"block_actions","actions":[{"action_id":7},null]}"#,
            r#"{"type":"block_actions"}"#,
            r#"{"type":"block_actions","actions":[{"action_id":"more_room"}],"view":null}"#,
            r#"{"type":null,"response_url":"https://hooks.slack.com/actions/x"}"#,
        ] {
            assert_eq!(interaction(pressed), "unreadable", "{pressed}");
        }
    }

    #[test]
    fn a_foreign_dialog_is_told_from_ours() {
        let other = r#"{"type":"view_submission","view":{"callback_id":"another"}}"#;
        assert_eq!(interaction(other), "foreign");
    }

    #[test]
    fn the_payload_says_what_it_is_where_its_envelope_does_not() {
        let command = r#"{"command":"/sendsecret","trigger_id":"1.a"}"#;
        for kind in [
            EnvelopeKind::SlashCommands,
            EnvelopeKind::Other,
            EnvelopeKind::Unreadable,
        ] {
            assert!(matches!(Event::read(kind, command), Event::Command(_)));
        }
        let submission = r#"{"type":"view_submission"}"#;
        for kind in [
            EnvelopeKind::SlashCommands,
            EnvelopeKind::Interactive,
            EnvelopeKind::Other,
            EnvelopeKind::Unreadable,
        ] {
            assert!(matches!(
                Event::read(kind, submission),
                Event::UnreadableSubmission(_)
            ));
        }
        let event = r#"{"type":"event_callback","event":{"type":"message"}}"#;
        assert!(matches!(
            Event::read(EnvelopeKind::Other, event),
            Event::Nothing("other")
        ));
    }
}
