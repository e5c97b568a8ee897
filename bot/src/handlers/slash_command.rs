//! `/sendsecret`: opens the dialog.

use std::{sync::Arc, time::Instant};

use serde::Deserialize;
use shared::text::{Message, text};
use zeroize::Zeroizing;

use super::{Handlers, LOCALE};
use crate::{command_text, modal, worker::millis_since};

/// The command as Slack sends it. `text` can hold a secret typed by mistake: it is not printed.
#[derive(Deserialize)]
pub(super) struct SlashCommand {
    trigger_id: String,
    #[serde(default)]
    text: Zeroizing<String>,
    #[serde(default)]
    response_url: Option<String>,
}

/// Opens the dialog while the trigger is good, which is for three seconds.
pub(super) async fn handle(handlers: Arc<Handlers>, command: SlashCommand, envelope_id: String) {
    let started = Instant::now();
    let prefill = command_text::parse(&command.text);
    let dialog = modal::dialog(LOCALE, &prefill);
    let Err(error) = handlers.slack.open_view(&command.trigger_id, &dialog).await else {
        tracing::info!(
            envelope.id = envelope_id,
            duration_ms = millis_since(started),
            "a dialog was opened"
        );
        return;
    };
    if error.is_used_trigger() {
        tracing::info!(
            envelope.id = envelope_id,
            "a command came again, its dialog is open"
        );
        return;
    }
    tracing::error!(envelope.id = envelope_id, %error, "a dialog could not be opened");
    if let Some(response_url) = &command.response_url {
        let excuse = text(LOCALE, Message::CommandFailed);
        if let Err(error) = handlers.slack.respond(response_url, &excuse).await {
            tracing::error!(envelope.id = envelope_id, %error, "nor could its sender be told");
        }
    }
}
