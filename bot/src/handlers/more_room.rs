//! The dialog's button for another field: a key or certificate can be longer than one takes.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use shared::{ids::UserId, lifetime::Lifetime};

use super::{
    Desk,
    submitted::{Fields, NotASubmission},
};
use crate::{
    command_text::Prefill,
    modal::{self, Layout, Notices},
};

/// The dialog in which the button was pressed. What is in the secret's fields stays with Slack: by
/// changing a dialog nobody's typing is lost as long as each field keeps its name.
/// Source: <https://docs.slack.dev/surfaces/modals#updating_views>.
pub(super) struct Pressed {
    user: Option<UserId>,
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
            private_metadata: String,
            #[serde(default)]
            state: Fields,
            #[serde(default)]
            blocks: Vec<Value>,
        }
        let Payload { view, user } = serde_json::from_str(payload).map_err(|_| NotASubmission)?;
        let mut fields = view.state;
        Ok(Self {
            user: UserId::parse(&user.id).ok(),
            view_id: view.id,
            hash: view.hash,
            layout: Layout::parse(&view.private_metadata),
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
    let prefill = Prefill {
        recipient: pressed.recipient,
        lifetime: pressed.lifetime,
        has_unused_words: layout.has_unused_words,
    };
    let locale = desk.language_of(pressed.user.as_ref()).await;
    let dialog = modal::dialog_with(
        locale,
        &prefill,
        &layout,
        &pressed.notices,
        desk.privacy.as_ref(),
    );
    let updated = desk
        .slack
        .update_view(&pressed.view_id, &pressed.hash, &dialog);
    match updated.await {
        Ok(()) => "updated",
        Err(error) if error.is_outdated_view() => "outdated",
        Err(error) => {
            tracing::error!(%error, "a dialog got no more room");
            "failed"
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
