//! What people press: buttons in messages and in dialogs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    actions::Way,
    people::{self, APP, TEAM},
    sim::Sim,
    views::button,
};

/// A button in a message, or in a dialog with what was typed there so far.
#[derive(Deserialize)]
pub(crate) struct Press {
    user: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    ts: String,
    #[serde(default)]
    view_id: Option<String>,
    #[serde(default)]
    values: Map<String, Value>,
    action_id: String,
    #[serde(flatten)]
    way: Way,
}

#[derive(Serialize)]
pub(crate) struct PressOutcome {
    acknowledged: bool,
    url: Option<String>,
}

/// A button, the id of its block, and what its payload says of where it is.
struct Place {
    button: Value,
    block_id: Value,
    fields: Vec<(&'static str, Value)>,
}

impl Sim {
    pub(crate) async fn press(&self, press: Press) -> Option<PressOutcome> {
        let place = match &press.view_id {
            Some(view_id) => self.button_in_view(&press, view_id)?,
            None => self.button_in_message(&press)?,
        };
        let (trigger, pressed_at) = {
            let mut state = self.state();
            let trigger = match &press.view_id {
                Some(view_id) => state.new_trigger_in(view_id, &press.user),
                None => state.new_trigger(&press.user),
            };
            (trigger, state.ts())
        };
        let button = place.button;
        let mut action = json!({
            "action_id": button["action_id"],
            "block_id": place.block_id,
            "type": "button",
            "text": button["text"],
            "action_ts": pressed_at,
        });
        for name in ["value", "style", "url", "confirm"] {
            if let Some(value) = button.get(name) {
                action[name] = value.clone();
            }
        }
        let mut payload = json!({
            "type": "block_actions",
            "user": people::in_payload(&press.user),
            "api_app_id": APP,
            "token": "verification-token",
            "trigger_id": trigger,
            "team": { "id": TEAM, "domain": "school" },
            "enterprise": null,
            "is_enterprise_install": false,
            "actions": [action],
        });
        for (name, value) in place.fields {
            payload[name] = value;
        }
        let delivered = self.deliver("interactive", payload, press.way).await;
        Some(PressOutcome {
            acknowledged: delivered.answer.is_some(),
            url: button["url"].as_str().map(str::to_owned),
        })
    }

    fn button_in_message(&self, press: &Press) -> Option<Place> {
        let mut state = self.state();
        let message = state
            .messages
            .iter()
            .find(|message| message.channel == press.channel && message.ts == press.ts)?
            .clone();
        let (button, block_id) = button(&message.blocks, &press.action_id)?;
        let mut container = json!({
            "type": "message",
            "message_ts": press.ts,
            "channel_id": press.channel,
            "is_ephemeral": false,
        });
        if let Some(thread) = &message.thread_ts {
            container["thread_ts"] = thread.as_str().into();
        }
        let response = state.responses.give(&press.user);
        Some(Place {
            button: button.clone(),
            block_id: block_id.clone(),
            fields: vec![
                ("container", container),
                (
                    "channel",
                    json!({ "id": press.channel, "name": "directmessage" }),
                ),
                ("message", message.as_slack()),
                ("state", json!({ "values": {} })),
                ("response_url", self.response_url(&response).into()),
            ],
        })
    }

    fn button_in_view(&self, press: &Press, view_id: &str) -> Option<Place> {
        let mut state = self.state();
        let open = state
            .views
            .iter_mut()
            .find(|open| open.id == view_id && open.user == press.user)?;
        open.type_in(&press.values);
        let (button, block_id) = open.button(&press.action_id)?;
        let container = json!({ "type": "view", "view_id": view_id });
        Some(Place {
            button: button.clone(),
            block_id: block_id.clone(),
            fields: vec![("container", container), ("view", open.with_state())],
        })
    }
}
