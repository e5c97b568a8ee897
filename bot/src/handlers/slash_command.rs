//! `/sendsecret`: opens the dialog.

use std::sync::Arc;

use serde::Deserialize;
use shared::text::{Message, text};
use zeroize::Zeroizing;

use super::{Handlers, LOCALE};
use crate::{command_text, modal};

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
pub(super) async fn handle(handlers: Arc<Handlers>, command: SlashCommand) {
    let prefill = command_text::parse(&command.text);
    let dialog = modal::dialog(LOCALE, &prefill);
    let Err(error) = handlers.slack.open_view(&command.trigger_id, &dialog).await else {
        return;
    };
    tracing::error!(%error, "a dialog could not be opened");
    if let Some(response_url) = &command.response_url {
        let excuse = text(LOCALE, Message::CommandFailed);
        if let Err(error) = handlers.slack.respond(response_url, &excuse).await {
            tracing::error!(%error, "nor could its sender be told");
        }
    }
}
