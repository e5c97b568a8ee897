//! The dialog's button for another field: a key or certificate can be longer than one takes.

use std::{sync::Arc, time::Duration};

use shared::{
    domain::{ids::UserId, lifetime::Lifetime},
    text::{Locale, Message, text},
};
use tokio::time::timeout;

use super::{
    Context,
    bounded::Refusal,
    once::Known,
    submitted::{Fields, SealedAnswer, secret_fields, teams},
};
use crate::{
    command_text::Prefill,
    lenient::{Object, Unreadable},
    modal::{self, Layout, Notices, field},
    slack::{Method, SlackError, Verdict},
};

/// How long Slack may take for the first try and for the second. A change needs no trigger, but
/// what is said of its failure does: for that a second is left of the three.
const PATIENCE: [Duration; 2] = [Duration::from_millis(1400), Duration::from_millis(600)];

/// The dialog in which the button was pressed. What is in the secret's fields stays with Slack: by
/// changing a dialog nobody's typing is lost as long as each field keeps its name.
/// Source: <https://docs.slack.dev/surfaces/modals#updating_views>.
pub(super) struct Pressed {
    pub(super) excuse: Excuse,
    view_id: String,
    hash: String,
    layout: Layout,
    recipient: Option<UserId>,
    lifetime: Option<Lifetime>,
    notices: Notices,
}

impl Pressed {
    /// Nothing stands in for the dialog and the state that it was in (`hash`): a late press would
    /// take away a field that an earlier one added, and what was typed there. What was chosen stays
    /// in its fields, whatever is preset.
    pub(super) fn read(payload: &Object<'_>) -> Result<Self, Unreadable> {
        let view = payload.object("view");
        let fields = Fields::of(&view);
        let recipient = fields.as_ref().and_then(|fields| fields.recipient().ok());
        let lifetime = fields.as_ref().and_then(|fields| fields.lifetime().ok());
        let user = payload.object("user").text("id");
        let layout = Layout::parse(&view.text("private_metadata").unwrap_or_default());
        // Whatever is known of the fields: with fewer of them, what was typed would be lost.
        let known = layout.fields.max(secret_fields(&view));
        let layout = Layout {
            fields: known.min(field::SECRET.len()),
            ..layout
        };
        let sealed = layout.answer.clone();
        Ok(Self {
            excuse: Excuse {
                user: user.and_then(|id| UserId::parse(&id).ok()),
                layout: layout.clone(),
                trigger_id: text_of(payload, "trigger_id"),
                answer: sealed.map(|sealed| SealedAnswer {
                    sealed,
                    teams: teams(payload),
                }),
                known: Known::default(),
            },
            view_id: text_of(&view, "id").ok_or(Unreadable("view.id"))?,
            hash: text_of(&view, "hash").ok_or(Unreadable("view.hash"))?,
            layout,
            recipient: recipient.flatten(),
            lifetime: lifetime.flatten(),
            notices: notices(&view),
        })
    }
}

#[cfg(test)]
impl Pressed {
    /// Whether the dialog has at least so many fields for the secret.
    pub(super) const fn has_fields(&self, number: usize) -> bool {
        self.layout.fields >= number
    }
}

fn text_of(view: &Object<'_>, name: &str) -> Option<String> {
    let text = view.text(name).filter(|text| !text.is_empty());
    text.map(String::from)
}

/// What stood above the form stays there.
fn notices(view: &Object<'_>) -> Notices {
    let is_notice = |block: &Object<'_>| {
        let id = block.text("block_id");
        id.as_deref().is_some_and(modal::is_notice)
    };
    let text = |block: Object<'_>| block.object("text").text("text").map(String::from);
    let blocks = view.objects("blocks");
    blocks.filter(is_notice).filter_map(text).collect()
}

/// Adds a field. A second press of the same button finds the dialog changed and does nothing.
pub(super) async fn handle(context: Arc<Context>, pressed: Pressed) -> &'static str {
    if pressed.layout.is_of_another(&context.installation) {
        return refuse(&context, pressed).await;
    }
    let Some(layout) = pressed.layout.with_more_room() else {
        return "full";
    };
    let mut prefill = Prefill {
        recipient: pressed.recipient.clone(),
        lifetime: pressed.lifetime,
        unused: layout.unused.clone(),
    };
    let first = update(&context, &pressed, &prefill, &layout, PATIENCE[0]).await;
    let error = match first {
        // It may be there, and then the second try finds the dialog changed.
        Err(error) if error.verdict() == Verdict::Retry || error.is_refused_view() => {
            if error.is_refused_view() {
                prefill.recipient = None;
            }
            match update(&context, &pressed, &prefill, &layout, PATIENCE[1]).await {
                Err(again) if again.is_outdated_view() => return "updated",
                Err(_) => error,
                Ok(()) => return "updated",
            }
        }
        Err(error) if error.is_outdated_view() => return "outdated",
        Err(error) => error,
        Ok(()) => return "updated",
    };
    tracing::error!(%error, "a dialog got no more room");
    pressed.excuse.tell(&context).await;
    "failed"
}

async fn update(
    context: &Context,
    pressed: &Pressed,
    prefill: &Prefill,
    layout: &Layout,
    patience: Duration,
) -> Result<(), SlackError> {
    let locale = pressed.excuse.locale(context);
    let notices = &pressed.notices;
    let dialog = modal::dialog(locale, prefill, layout, notices, context.privacy.as_ref());
    let updated = context
        .slack
        .update_view(&pressed.view_id, &pressed.hash, &dialog);
    let late = |_| Err(SlackError::timed_out(Method::UpdateView, patience));
    timeout(patience, updated).await.unwrap_or_else(late)
}

/// Whom to tell that nothing came of a press, and by which ways.
#[derive(Clone)]
pub(super) struct Excuse {
    user: Option<UserId>,
    layout: Layout,
    trigger_id: Option<String>,
    /// The sealed way to answer the command that opened the dialog.
    answer: Option<SealedAnswer>,
    known: Known,
}

impl Excuse {
    fn locale(&self, context: &Context) -> Locale {
        context.reader_of(&self.layout, self.user.as_ref()).locale
    }

    /// Says it over the dialog, which keeps what was typed; where Slack does not take that either,
    /// as the answer to the command, for presses in dialogs have none of their own. Where that
    /// fails too there is no way left: Slack is not there.
    pub(super) async fn tell(&self, context: &Context) {
        if !self.known.now() {
            return;
        }
        let locale = self.locale(context);
        let pushed = match &self.trigger_id {
            Some(trigger_id) => {
                let view = modal::no_more_room(locale);
                context.slack.push_view(trigger_id, &view).await.err()
            }
            None => Some(SlackError::unreadable(Method::PushView)),
        };
        let Some(error) = pushed else { return };
        if !self.answer(context, locale).await {
            tracing::error!(%error, "nor could whoever wanted more room be told");
        }
    }

    /// Answers the command, if the way to do so came back and still is one.
    async fn answer(&self, context: &Context, locale: Locale) -> bool {
        let answer = self.user.as_ref().zip(self.answer.as_ref());
        let Some(answer) = answer.and_then(|(user, answer)| answer.open(context, user)) else {
            return false;
        };
        let words = text(locale, Message::MoreRoomFailed);
        context.slack.respond(answer.expose(), &words).await.is_ok()
    }

    /// For a press that was refused. What goes on though its time is up tells by itself.
    pub(super) async fn refused(&self, context: &Context, refusal: Refusal) {
        if refusal != Refusal::TimeUp {
            self.tell(context).await;
        }
    }
}

/// Says in the dialog of another installation that it reaches the wrong one. It stays that one's,
/// with all that was typed.
async fn refuse(context: &Context, pressed: Pressed) -> &'static str {
    tracing::warn!(
        "a button in a dialog of another installation was pressed, and the dialog told so: two share this \
         Slack app"
    );
    let locale = pressed.excuse.locale(context);
    let mut notices = pressed.notices.clone();
    let foreign = text(locale, Message::SubmissionForeign);
    if !notices.contains(&foreign) {
        notices.push(foreign);
    }
    let prefill = Prefill {
        recipient: pressed.recipient,
        lifetime: pressed.lifetime,
        unused: pressed.layout.unused.clone(),
    };
    let privacy = context.privacy.as_ref();
    let dialog = modal::dialog(locale, &prefill, &pressed.layout, &notices, privacy);
    let updated = context
        .slack
        .update_view(&pressed.view_id, &pressed.hash, &dialog);
    if let Err(error) = updated.await {
        tracing::warn!(%error, "nor could a dialog of another installation be told so");
    }
    "foreign"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_kept_and_what_was_typed_is_not_taken() {
        let payload = r#"{"type":"block_actions","view":{"id":"V1","hash":"1.a",
            "private_metadata":"{\"fields\":2}","blocks":[
                {"type":"section","block_id":"notice_0","text":{"type":"mrkdwn","text":"Not yet."}},
                {"type":"section","block_id":"x","text":{"type":"mrkdwn","text":"Other."}}],"state":{"values":{
                "recipient":{"value":{"type":"users_select","selected_user":"U2"}},
                "lifetime":{"value":{"selected_option":{"value":"4h"}}},
                "secret":{"value":{"value":"canary"}}}}}}"#;
        let read = |payload| Pressed::read(&Object::parse(payload).unwrap());
        let pressed = read(payload).unwrap();
        assert_eq!(pressed.recipient.unwrap().as_str(), "U2");
        assert_eq!(pressed.lifetime, Some(Lifetime::Hours4));
        assert_eq!(pressed.layout.fields, 2);
        assert_eq!(pressed.notices, ["Not yet."]);
        for (payload, what) in [
            (r#"{"type":"block_actions"}"#, "view.id"),
            (r#"{"view":{"id":"V1","hash":null}}"#, "view.hash"),
            (r#"{"view":{"id":"","hash":"1.a"}}"#, "view.id"),
        ] {
            assert_eq!(read(payload).err(), Some(Unreadable(what)), "{payload}");
        }
    }

    #[test]
    fn no_field_is_lost_that_anything_tells_of() {
        for (told, fields) in [
            (r#""private_metadata":"{\"fields\":3}","blocks":null"#, 3),
            (
                r#""private_metadata":[],"blocks":[{"block_id":"secret"},{"block_id":"secret_2"},7]"#,
                2,
            ),
            (r#""state":[]"#, 1),
        ] {
            let payload = format!(r#"{{"view":{{"id":"V1","hash":"1.a",{told}}}}}"#);
            let pressed = Pressed::read(&Object::parse(&payload).unwrap()).unwrap();
            assert_eq!(pressed.layout.fields, fields, "{told}");
        }
    }
}
