//! `/sendsecret`: opens the dialog.

use std::{sync::Arc, time::Instant};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use shared::{
    crypto::{DeliveryKeys, ResponseUrl},
    ids::{TeamId, UserId},
    logging::millis_since,
    text::{Locale, Message, text},
};
use zeroize::Zeroizing;

use super::{Desk, bounded::Refusal, standing::Standing};
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
    #[serde(default, deserialize_with = "response_url")]
    pub(super) response_url: Option<SecretString>,
    #[serde(default)]
    team_id: Option<String>,
    /// The organization, and whether the app is installed for all of it: dialogs then have no team.
    #[serde(default)]
    enterprise_id: Option<String>,
    #[serde(default)]
    is_enterprise_install: Option<String>,
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

    /// The team that the dialog's submission will name.
    fn team(&self) -> Option<TeamId> {
        let is_for_all = self.is_enterprise_install.as_deref() == Some("true");
        let enterprise = self.enterprise_id.as_deref().filter(|_| is_for_all);
        TeamId::parse(enterprise.or(self.team_id.as_deref())?).ok()
    }

    /// The way to answer, as the dialog takes it along; it is missing where it can't be sealed.
    fn sealed_answer(&self, keys: &DeliveryKeys) -> Option<String> {
        let answer = ResponseUrl::new(self.response_url.clone()?)?;
        keys.seal_response_url_for_dialog(&self.team()?, self.user_id.as_ref()?, &answer)
            .ok()
    }
}

fn user_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UserId>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|id| UserId::parse(&id).ok()))
}

fn response_url<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretString>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(SecretString::from))
}

/// Opens the dialog while the trigger is good, which is for three seconds. Says how it went.
pub(super) async fn handle(desk: Arc<Desk>, command: SlashCommand) -> &'static str {
    let started = Instant::now();
    let envelope_id = &command.envelope_id;
    let prefill = command_text::parse(&command.text);
    let (locale, standing) = tokio::join!(
        desk.language_of(command.user_id.as_ref()),
        Standing::read(&desk, command.user_id.as_ref()),
    );
    let answer = command.sealed_answer(&desk.delivery_keys);
    let notices = standing.notices(&desk, locale, command.user_id.as_ref());
    let dialog = modal::dialog(locale, &prefill, answer, &notices, desk.privacy.as_ref());
    let Err(error) = desk.slack.open_view(&command.trigger_id, &dialog).await else {
        tracing::info!(
            envelope.id = envelope_id,
            duration_ms = millis_since(started),
            "a dialog was opened"
        );
        standing.was_told(&desk).await;
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
    let response_url = command.response_url.as_ref();
    tell(&desk, locale, response_url, Message::CommandFailed).await;
    "failed"
}

/// Tells whoever typed a command that nothing comes of it.
pub(super) async fn excuse(
    desk: &Desk,
    locale: Locale,
    response_url: Option<&SecretString>,
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

async fn tell(
    desk: &Desk,
    locale: Locale,
    response_url: Option<&SecretString>,
    message: Message<'_>,
) {
    let Some(response_url) = response_url else {
        return;
    };
    if let Err(error) = desk
        .slack
        .respond(response_url.expose_secret(), &text(locale, message))
        .await
    {
        tracing::error!(%error, "nor could whoever typed it be told");
    }
}
