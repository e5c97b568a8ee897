//! What the bot does when somebody does something: one file an event.

mod slash_command;
mod submission;
mod submitted;

use std::sync::Arc;

use serde::Deserialize;
use shared::{
    crypto::{DeliveryKeys, MasterKeys},
    store::Database,
    text::Locale,
};
use tokio::sync::Notify;

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
                        tokio::spawn(slash_command::handle(Arc::clone(self), command));
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
            tokio::spawn(submission::handle(Arc::clone(self), submitted, acknowledge));
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

fn is_dialog_submission(payload: &str) -> bool {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
        view: Option<View<'a>>,
    }
    #[derive(Deserialize)]
    struct View<'a> {
        callback_id: &'a str,
    }
    serde_json::from_str::<Kind<'_>>(payload).is_ok_and(|payload| {
        let callback_id = payload.view.map(|view| view.callback_id);
        payload.kind == "view_submission" && callback_id == Some(modal::CALLBACK_ID)
    })
}
