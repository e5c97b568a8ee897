//! `/sendsecret`: opens the dialog, or says how it goes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret as _, SecretString};
use shared::{
    crypto::{DeliveryKeys, ResponseUrl},
    domain::ids::{TeamId, UserId},
    operate::logging::millis_since,
    text::{Locale, Message, text},
};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{
    Context,
    bounded::Refusal,
    language::Reader,
    once::Known,
    opening::{self, Opened},
    standing::Standing,
};
use crate::{
    command_text::{self, Prefill, Wish},
    lenient::{Given, Object, Said, Unreadable, secret_text},
    modal::Layout,
};

/// Longest wait until the help is taken; after that there is still time to open the dialog instead.
const HELP_PATIENCE: Duration = Duration::from_millis(1200);

/// The command, where Slack does not tell under which name it was typed.
const NAME: &str = "/sendsecret";

/// The command as Slack sends it. `text` can hold a secret typed by mistake: it is not printed.
pub(super) struct SlashCommand {
    pub(super) trigger_id: String,
    text: Zeroizing<String>,
    /// The name under which it was typed.
    name: Option<String>,
    /// Who typed it.
    pub(super) user_id: Option<UserId>,
    pub(super) response_url: Option<SecretString>,
    /// The team that the dialog's submission will name.
    team: Option<TeamId>,
    /// The envelope in which it came, for the log.
    envelope_id: String,
    /// Whether whoever typed it sees the dialog, or was told.
    pub(super) known: Known,
}

/// Stands for a text after the command that can't be read: a word of which nothing is understood,
/// as a secret may have stood there.
const UNKNOWN_TEXT: &str = "\u{fffd}";

impl SlashCommand {
    /// Without its trigger nothing can be opened. All else has a default: the dialog opens in the
    /// default language, with nothing filled in, and has one way less to answer.
    pub(super) fn read(payload: &Object<'_>) -> Result<Self, Unreadable> {
        let trigger_id = payload.text("trigger_id").filter(|id| !id.is_empty());
        let user_id = payload.text("user_id");
        let response_url = payload.text("response_url");
        let unknown = || Zeroizing::new(UNKNOWN_TEXT.to_owned());
        let text = match payload.given("text") {
            Given::Nothing => Zeroizing::default(),
            Given::Value(text) if matches!(text.get(), "[]" | "{}") => Zeroizing::default(),
            Given::Value(text) => secret_text(text).unwrap_or_else(unknown),
            Given::Contradictory => unknown(),
        };
        // Dialogs of an app that is installed for an organization have no team.
        let is_for_all = payload.flag("is_enterprise_install") == Said::Yes;
        let enterprise = payload.text("enterprise_id").filter(|_| is_for_all);
        let team = enterprise.or_else(|| payload.text("team_id"));
        Ok(Self {
            trigger_id: trigger_id.ok_or(Unreadable("trigger_id"))?.into_owned(),
            text,
            user_id: user_id.and_then(|id| UserId::parse(&id).ok()),
            response_url: response_url.map(|url| SecretString::from(url.into_owned())),
            team: team.and_then(|team| TeamId::parse(&team).ok()),
            name: payload.text("command").map(String::from),
            envelope_id: String::new(),
            known: Known::default(),
        })
    }

    /// Remembers the envelope in which it came.
    pub(super) fn from(self, envelope_id: &str) -> Self {
        Self {
            envelope_id: envelope_id.to_owned(),
            ..self
        }
    }

    /// The name under which it was typed, as it may stand in our own words.
    fn name(&self) -> &str {
        let plain = |sign: char| sign.is_alphanumeric() || "-_".contains(sign);
        let is_name = |name: &&str| {
            let rest = name.strip_prefix('/').unwrap_or_default();
            (1..=32).contains(&rest.chars().count()) && rest.chars().all(plain)
        };
        self.name.as_deref().filter(is_name).unwrap_or(NAME)
    }

    /// The way to answer, as the dialog takes it along; it is missing where it can't be sealed.
    fn sealed_answer(&self, keys: &DeliveryKeys) -> Option<String> {
        let answer = ResponseUrl::new(self.response_url.clone()?)?;
        keys.seal_response_url_for_dialog(self.team.as_ref()?, self.user_id.as_ref()?, &answer)
            .ok()
    }
}

/// Opens the dialog while the trigger is good, which is for three seconds. Says how it went.
pub(super) async fn handle(context: Arc<Context>, command: SlashCommand) -> &'static str {
    let started = Instant::now();
    let user = command.user_id.as_ref();
    let prefill = match command_text::parse(&command.text) {
        Wish::Dialog(prefill) => prefill,
        Wish::Help if help(&context, &command).await => return "helped",
        // Rather the dialog than nothing.
        Wish::Help => Prefill::default(),
    };
    let (reader, standing) = tokio::join!(context.reader(user), Standing::read(&context, user));
    let layout = Layout {
        answer: command.sealed_answer(&context.delivery_keys),
        language: Some(reader.locale),
        tz: reader.tz,
        installation: Some(context.installation.as_str().to_owned()),
        ..Layout::default()
    };
    let notices = standing.notices(reader.locale, layout.tz.as_deref());
    let opened = opening::open(&context, &command.trigger_id, prefill, layout, &notices).await;
    let envelope_id = &command.envelope_id;
    let name = as_code(command.name());
    let (error, message) = match opened {
        Opened::Now => {
            command.known.now();
            tracing::info!(
                envelope.id = envelope_id,
                duration_ms = millis_since(started),
                "a dialog was opened"
            );
            standing.was_told(&context).await;
            return "opened";
        }
        Opened::Before => {
            command.known.now();
            tracing::info!(
                envelope.id = envelope_id,
                "a command came again, its dialog is open"
            );
            return "opened_before";
        }
        Opened::Unknown(error) => (error, Message::CommandUnconfirmed),
        Opened::NotWithName(error) => (error, Message::CommandWithoutName { command: &name }),
        Opened::No(error) => (error, Message::CommandFailed),
    };
    tracing::error!(envelope.id = envelope_id, %error, "a dialog could not be opened");
    if command.known.now() {
        let response_url = command.response_url.as_ref();
        tell(&context, reader.locale, response_url, message).await;
    }
    "failed"
}

/// Says in a few words how the command goes; whether that was taken.
async fn help(context: &Context, command: &SlashCommand) -> bool {
    let Some(response_url) = &command.response_url else {
        return false;
    };
    let Reader { locale, .. } = context.reader(command.user_id.as_ref()).await;
    let name = command.name();
    let help = Message::CommandHelp {
        command: &as_code(name),
        example: &as_code(&format!("{name} @bob 4h")),
    };
    let help = text(locale, help);
    let answered = context.slack.respond(response_url.expose_secret(), &help);
    let is_taken = matches!(timeout(HELP_PATIENCE, answered).await, Ok(Ok(())));
    if is_taken {
        command.known.now();
    }
    is_taken
}

fn as_code(text: &str) -> String {
    format!("`{text}`")
}

/// Tells whoever typed a command that nothing comes of it, unless they know how it went. What goes
/// on though its time is up tells by itself how it ends.
pub(super) async fn excuse(
    context: &Context,
    locale: Locale,
    response_url: Option<&SecretString>,
    known: &Known,
    refusal: Refusal,
) -> &'static str {
    let (message, outcome) = match refusal {
        Refusal::TimeUp => return "timed_out",
        Refusal::Busy => (Message::CommandBusy, "busy"),
        Refusal::Panicked => (Message::CommandFailed, "panicked"),
    };
    if known.now() {
        tell(context, locale, response_url, message).await;
    }
    outcome
}

pub(super) async fn tell(
    context: &Context,
    locale: Locale,
    response_url: Option<&SecretString>,
    message: Message<'_>,
) {
    let Some(response_url) = response_url else {
        return;
    };
    if let Err(error) = context
        .slack
        .respond(response_url.expose_secret(), &text(locale, message))
        .await
    {
        tracing::error!(%error, "nor could whoever typed it be told");
    }
}
