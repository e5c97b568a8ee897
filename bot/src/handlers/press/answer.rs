//! Telling whoever pressed a button what came of it: in a modal while the press lets one be opened,
//! else as an answer where the button is, which only they see.

use secrecy::ExposeSecret as _;

use super::Press;
use crate::{
    context::Context,
    handlers::language::Reader,
    press_answer::PressAnswer,
    slack::{Method, SlackError},
};

pub(super) async fn tell(context: &Context, press: Press, reader: &Reader, answer: &PressAnswer) {
    let shown = match &press.trigger_id {
        Some(trigger_id) => {
            let view = answer.view(reader.locale, reader.tz.as_deref());
            context.slack.open_view(trigger_id, &view).await
        }
        None => Err(SlackError::unreadable(Method::OpenView)),
    };
    let Err(error) = shown else { return };
    if error.is_used_trigger() {
        // Slack delivered the press twice, and the other one is told; or the answer was lost.
        tracing::info!(secret.id = %press.secret, "a press was told of before");
        return;
    }
    tracing::warn!(secret.id = %press.secret, %error, "a modal could not be opened, the press is answered in words");
    tell_in_words(context, &press, reader, answer).await;
}

/// Where the button is, for when a modal is out of reach: one was tried, and may have used the
/// trigger up.
pub(super) async fn tell_in_words(
    context: &Context,
    press: &Press,
    reader: &Reader,
    answer: &PressAnswer,
) {
    let Some(response_url) = &press.response_url else {
        tracing::error!(secret.id = %press.secret, "nor could whoever pressed be told");
        return;
    };
    let words = answer.words(reader.locale, reader.tz.as_deref());
    let answered = context
        .slack
        .respond(response_url.expose_secret(), &words)
        .await;
    if let Err(error) = answered {
        tracing::error!(secret.id = %press.secret, %error, "nor could whoever pressed be told");
    }
}
