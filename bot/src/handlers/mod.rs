//! What the bot does when somebody does something: one file an event.

mod slash_command;
mod submission;
mod submitted;

use std::{borrow::Cow, sync::Arc};

use serde::Deserialize;
use shared::{
    crypto::{DeliveryKeys, MasterKeys},
    store::Database,
    text::Locale,
};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use crate::{
    modal,
    settings::Policy,
    slack::{Directory, Slack},
    socket::envelope::{Acknowledgement, Envelope, Kind},
};
use slash_command::SlashCommand;
use submitted::Submitted;

/// The language in which the bot speaks, until people choose theirs.
const LOCALE: Locale = Locale::En;

/// Everything that handlers use.
pub(crate) struct Handlers {
    pub(crate) database: Database,
    pub(crate) slack: Arc<Slack>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) master_keys: MasterKeys,
    pub(crate) delivery_keys: Arc<DeliveryKeys>,
    pub(crate) policy: Policy,
    /// Wakes the courier.
    pub(crate) work_waits: Arc<Notify>,
    /// What is under way, for whoever stops the program to wait for.
    pub(crate) tasks: TaskTracker,
}

impl Handlers {
    /// Takes an envelope. Returns at once: what takes time runs in a task of its own, where a panic
    /// costs this envelope and nothing else.
    pub(crate) fn handle(self: &Arc<Self>, envelope: Envelope<'_>, acknowledge: Acknowledgement) {
        let envelope_id = envelope.id;
        tracing::debug!(envelope.id = envelope_id, kind = ?envelope.kind, "envelope");
        match envelope.kind {
            Kind::SlashCommands => {
                acknowledge.bare();
                match serde_json::from_str::<SlashCommand>(envelope.payload.get()) {
                    Ok(command) => {
                        let handle = slash_command::handle(Arc::clone(self), command, envelope_id);
                        self.tasks.spawn(handle);
                    }
                    Err(_) => not_understood(&envelope_id),
                }
            }
            Kind::Interactive => self.interact(&envelope_id, envelope.payload.get(), acknowledge),
            Kind::Other => acknowledge.bare(),
        }
    }

    fn interact(self: &Arc<Self>, envelope_id: &str, payload: &str, acknowledge: Acknowledgement) {
        if !is_dialog_submission(payload) {
            acknowledge.bare();
            return;
        }
        if let Ok(submitted) = Submitted::parse(payload) {
            let handle = submission::handle(Arc::clone(self), submitted, acknowledge);
            self.tasks.spawn(handle);
        } else {
            not_understood(envelope_id);
            submission::refuse_unreadable(acknowledge);
        }
    }
}

/// The payload itself can hold a secret and is not logged.
fn not_understood(envelope_id: &str) {
    tracing::error!(
        envelope.id = envelope_id,
        "a payload of Slack's could not be understood"
    );
}

/// A submission that does not tell its dialog counts too: taken for something else it would be
/// acknowledged, and the dialog would close as if its secret had been sent.
fn is_dialog_submission(payload: &str) -> bool {
    #[derive(Deserialize)]
    struct Interaction<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
        #[serde(borrow, default)]
        view: Option<View<'a>>,
    }
    #[derive(Deserialize)]
    struct View<'a> {
        #[serde(borrow, default)]
        callback_id: Option<Cow<'a, str>>,
    }
    serde_json::from_str::<Interaction<'_>>(payload).is_ok_and(|interaction| {
        let callback_id = interaction.view.and_then(|view| view.callback_id);
        interaction.kind == "view_submission"
            && callback_id.is_none_or(|callback_id| callback_id == modal::CALLBACK_ID)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_is_never_taken_for_something_else() {
        for submission in [
            r#"{"type":"view_submission","view":{"callback_id":"send_secret"}}"#,
            r#"{"type":"view_submission","view":{"callback_id":"send\u005fsecret"}}"#,
            r#"{"type":"view_submission","view":{"callback_id":null}}"#,
            r#"{"type":"view_submission","view":null}"#,
            r#"{"type":"view_submission"}"#,
        ] {
            assert!(is_dialog_submission(submission), "{submission}");
        }
        for other in [
            r#"{"type":"view_submission","view":{"callback_id":"another"}}"#,
            r#"{"type":"view_closed","view":{"callback_id":"send_secret"}}"#,
            r#"{"type":"block_actions","actions":[]}"#,
            "null",
            "[]",
        ] {
            assert!(!is_dialog_submission(other), "{other}");
        }
    }
}
