//! `/sendsecret`: opens the dialog.

use std::{sync::Arc, time::Instant};

use serde::{Deserialize, Deserializer};
use shared::{
    ids::UserId,
    logging::millis_since,
    text::{Locale, Message, text},
};
use zeroize::Zeroizing;

use super::{Desk, bounded::Refusal};
use crate::{command_text, modal};

/// The command as Slack sends it. `text` can hold a secret typed by mistake: it is not printed.
#[derive(Deserialize)]
pub(super) struct SlashCommand {
    trigger_id: String,
    #[serde(default)]
    text: Zeroizing<String>,
    /// Who typed it.
    #[serde(default, deserialize_with = "user_id")]
    pub(super) user_id: Option<UserId>,
    #[serde(default)]
    pub(super) response_url: Option<String>,
    /// The envelope in which it came, for the log.
    #[serde(skip)]
    envelope_id: String,
}

impl SlashCommand {
    /// Remembers the envelope in which it came.
    pub(super) fn from(self, envelope_id: &str) -> Self {
        Self {
            envelope_id: envelope_id.to_owned(),
            ..self
        }
    }
}

fn user_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UserId>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|id| UserId::parse(&id).ok()))
}

/// Opens the dialog while the trigger is good, which is for three seconds. Says how it went.
pub(super) async fn handle(desk: Arc<Desk>, command: SlashCommand) -> &'static str {
    let started = Instant::now();
    let envelope_id = command.envelope_id;
    let prefill = command_text::parse(&command.text);
    let locale = desk.language_of(command.user_id.as_ref()).await;
    let dialog = modal::dialog(locale, &prefill, desk.privacy.as_ref());
    let Err(error) = desk.slack.open_view(&command.trigger_id, &dialog).await else {
        tracing::info!(
            envelope.id = envelope_id,
            duration_ms = millis_since(started),
            "a dialog was opened"
        );
        return "opened";
    };
    if error.is_used_trigger() {
        tracing::info!(
            envelope.id = envelope_id,
            "a command came again, its dialog is open"
        );
        return "opened_before";
    }
    tracing::error!(envelope.id = envelope_id, %error, "a dialog could not be opened");
    let response_url = command.response_url.as_deref();
    tell(&desk, locale, response_url, Message::CommandFailed).await;
    "failed"
}

/// Tells whoever typed a command that nothing comes of it.
pub(super) async fn excuse(
    desk: &Desk,
    locale: Locale,
    response_url: Option<&str>,
    refusal: Refusal,
) -> &'static str {
    let (message, outcome) = match refusal {
        Refusal::Busy => (Message::CommandBusy, "busy"),
        Refusal::TimeUp => (Message::CommandFailed, "timed_out"),
        Refusal::Panicked => (Message::CommandFailed, "panicked"),
    };
    tell(desk, locale, response_url, message).await;
    outcome
}

async fn tell(desk: &Desk, locale: Locale, response_url: Option<&str>, message: Message<'_>) {
    let Some(response_url) = response_url else {
        return;
    };
    if let Err(error) = desk
        .slack
        .respond(response_url, &text(locale, message))
        .await
    {
        tracing::error!(%error, "nor could whoever typed it be told");
    }
}
