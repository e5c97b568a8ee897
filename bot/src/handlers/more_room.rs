//! The dialog's button for another field: a key or certificate can be longer than one takes.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::Value;
use shared::{
    ids::{TeamId, UserId},
    lifetime::Lifetime,
    text::{Locale, Message, text},
};
use tokio::time::timeout;

use super::{
    Desk,
    bounded::Refusal,
    once::Known,
    submitted::{Fields, Group, NotASubmission, SealedAnswer},
};
use crate::{
    command_text::Prefill,
    modal::{self, Layout, Notices},
    slack::{Method, SlackError, Verdict},
};

/// How long Slack may take for the first try and for the second. A change needs no trigger, but what is said
/// of its failure does: for that a second is left of the three.
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
    pub(super) fn parse(payload: &str) -> Result<Self, NotASubmission> {
        #[derive(Deserialize)]
        struct Payload {
            view: View,
            #[serde(default)]
            user: User,
            #[serde(default)]
            trigger_id: Option<String>,
            #[serde(default)]
            team: Option<Group>,
            #[serde(default)]
            enterprise: Option<Group>,
        }
        #[derive(Default, Deserialize)]
        struct User {
            #[serde(default)]
            id: String,
        }
        #[derive(Deserialize)]
        struct View {
            id: String,
            hash: String,
            #[serde(default)]
            team_id: Option<String>,
            #[serde(default)]
            app_installed_team_id: Option<String>,
            #[serde(default)]
            private_metadata: String,
            #[serde(default)]
            state: Fields,
            #[serde(default)]
            blocks: Vec<Value>,
        }
        let payload: Payload = serde_json::from_str(payload).map_err(|_| NotASubmission)?;
        let view = payload.view;
        let layout = Layout::parse(&view.private_metadata);
        let teams = [
            payload.team.and_then(|team| team.id),
            view.app_installed_team_id,
            view.team_id,
            payload.enterprise.and_then(|enterprise| enterprise.id),
        ];
        let teams = teams.iter().flatten();
        let teams = teams.filter_map(|team| TeamId::parse(team).ok()).collect();
        let sealed = layout.answer.clone();
        let mut fields = view.state;
        Ok(Self {
            excuse: Excuse {
                user: UserId::parse(&payload.user.id).ok(),
                layout: layout.clone(),
                trigger_id: payload.trigger_id,
                answer: sealed.map(|sealed| SealedAnswer { sealed, teams }),
                known: Known::default(),
            },
            view_id: view.id,
            hash: view.hash,
            layout,
            recipient: fields.recipient()?,
            lifetime: fields.lifetime(),
            notices: notices(&view.blocks),
        })
    }
}

/// What stood above the form stays there.
fn notices(blocks: &[Value]) -> Notices {
    let is_notice = |block: &&Value| block["block_id"].as_str().is_some_and(modal::is_notice);
    let text = |block: &Value| block["text"]["text"].as_str().map(str::to_owned);
    blocks.iter().filter(is_notice).filter_map(text).collect()
}

/// Adds a field. A second press of the same button finds the dialog changed and does nothing.
pub(super) async fn handle(desk: Arc<Desk>, pressed: Pressed) -> &'static str {
    let Some(layout) = pressed.layout.with_more_room() else {
        return "full";
    };
    let mut prefill = Prefill {
        recipient: pressed.recipient.clone(),
        lifetime: pressed.lifetime,
        unused: layout.unused.clone(),
    };
    let first = update(&desk, &pressed, &prefill, &layout, PATIENCE[0]).await;
    let error = match first {
        // It may be there, and then the second try finds the dialog changed.
        Err(error) if error.verdict() == Verdict::Retry || error.is_refused_view() => {
            if error.is_refused_view() {
                prefill.recipient = None;
            }
            match update(&desk, &pressed, &prefill, &layout, PATIENCE[1]).await {
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
    pressed.excuse.tell(&desk).await;
    "failed"
}

async fn update(
    desk: &Desk,
    pressed: &Pressed,
    prefill: &Prefill,
    layout: &Layout,
    patience: Duration,
) -> Result<(), SlackError> {
    let locale = pressed.excuse.locale(desk);
    let notices = &pressed.notices;
    let dialog = modal::dialog(locale, prefill, layout, notices, desk.privacy.as_ref());
    let updated = desk
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
    fn locale(&self, desk: &Desk) -> Locale {
        desk.reader_of(&self.layout, self.user.as_ref()).locale
    }

    /// Says it over the dialog, which keeps what was typed; where Slack does not take that either, as the
    /// answer to the command, for presses in dialogs have none of their own. Where that fails too there is
    /// no way left: Slack is not there.
    pub(super) async fn tell(&self, desk: &Desk) {
        if !self.known.now() {
            return;
        }
        let locale = self.locale(desk);
        let pushed = match &self.trigger_id {
            Some(trigger_id) => {
                let view = modal::no_more_room(locale);
                desk.slack.push_view(trigger_id, &view).await.err()
            }
            None => Some(SlackError::unreadable(Method::PushView)),
        };
        let Some(error) = pushed else { return };
        if !self.answer(desk, locale).await {
            tracing::error!(%error, "nor could whoever wanted more room be told");
        }
    }

    /// Answers the command, if the way to do so came back and still is one.
    async fn answer(&self, desk: &Desk, locale: Locale) -> bool {
        let answer = self.user.as_ref().zip(self.answer.as_ref());
        let Some(answer) = answer.and_then(|(user, answer)| answer.open(desk, user)) else {
            return false;
        };
        let words = text(locale, Message::MoreRoomFailed);
        desk.slack.respond(answer.expose(), &words).await.is_ok()
    }

    /// For a press that was refused. What goes on though its time is up tells by itself.
    pub(super) async fn refused(&self, desk: &Desk, refusal: Refusal) {
        if refusal != Refusal::TimeUp {
            self.tell(desk).await;
        }
    }
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
        let pressed = Pressed::parse(payload).unwrap();
        assert_eq!(pressed.recipient.unwrap().as_str(), "U2");
        assert_eq!(pressed.lifetime, Some(Lifetime::Hours4));
        assert_eq!(pressed.layout.fields, 2);
        assert_eq!(pressed.notices, ["Not yet."]);
        assert!(Pressed::parse(r#"{"type":"block_actions"}"#).is_err());
    }
}
