//! The dialogs that people have open.

use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    block_kit,
    people::{APP, TEAM},
};

/// A dialog that somebody has open.
#[derive(Clone, Serialize)]
pub(crate) struct OpenView {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) title: String,
    pub(crate) view: Value,
    /// What stands in its fields, as far as it was told: by block, then by action.
    pub(crate) typed: Map<String, Value>,
    /// The first view of its stack, which may be itself.
    pub(crate) root: String,
    /// The view below it.
    previous: Option<String>,
    /// Changes with every update, and with it the view's hash.
    version: u64,
    /// When it was opened, in milliseconds since the Unix epoch.
    opened_at_ms: f64,
}

/// Most views in a stack. Source: <https://docs.slack.dev/reference/methods/views.push>.
pub(crate) const MOST_IN_A_STACK: usize = 3;

impl OpenView {
    /// Shows a view over another one.
    pub(crate) fn over(below: &Self, id: String, view: &Value) -> Self {
        let mut open = Self::new(id, &below.user, view);
        open.root.clone_from(&below.root);
        open.previous = Some(below.id.clone());
        open.update(view);
        open
    }

    pub(crate) fn new(id: String, user: &str, view: &Value) -> Self {
        let mut open = Self {
            root: id.clone(),
            previous: None,
            id,
            user: user.to_owned(),
            title: String::new(),
            view: Value::Null,
            typed: Map::new(),
            version: 0,
            opened_at_ms: now_ms(),
        };
        open.update(view);
        open
    }

    /// Shows another view in its place. What was typed stays in fields of the same block and
    /// action. Source: <https://docs.slack.dev/surfaces/modals#updating_views>.
    pub(crate) fn update(&mut self, view: &Value) {
        self.version += 1;
        self.view = echoed(view, &self.id, self.version);
        self.view["root_view_id"] = self.root.as_str().into();
        self.view["previous_view_id"] = json!(self.previous);
        let title = view["title"]["text"].as_str().unwrap_or_default();
        title.clone_into(&mut self.title);
        let blocks = self.view["blocks"].as_array().into_iter().flatten();
        let fields: Vec<_> = blocks
            .map(|block| (&block["block_id"], &block["element"]["action_id"]))
            .collect();
        self.typed.retain(|block_id, actions| {
            fields.iter().any(|(block, action)| {
                **block == block_id.as_str()
                    && action
                        .as_str()
                        .is_some_and(|action| !actions[action].is_null())
            })
        });
    }

    /// Takes note of what somebody typed.
    pub(crate) fn type_in(&mut self, values: &Map<String, Value>) {
        for (block, actions) in values {
            self.typed.insert(block.clone(), actions.clone());
        }
    }

    /// The view as payloads have it, with the state of its fields.
    pub(crate) fn with_state(&self) -> Value {
        let mut view = self.view.clone();
        view["state"] = json!({ "values": filled_in(&self.view, &self.typed) });
        view
    }

    /// Its button with this action, and the block's id.
    pub(crate) fn button(&self, action_id: &str) -> Option<(&Value, &Value)> {
        button(&self.view["blocks"], action_id)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever measures has the same clock"
)]
fn now_ms() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64() * 1000.0
}

/// A view as Slack gives it back: with an id, and the app's.
fn echoed(view: &Value, id: &str, version: u64) -> Value {
    let mut view = view.clone();
    view["blocks"] = block_kit::echo(&view["blocks"]);
    for name in ["title", "submit", "close"] {
        block_kit::fill_in_texts(&mut view[name]);
    }
    for (name, value) in [
        ("id", json!(id)),
        ("team_id", json!(TEAM)),
        ("app_id", json!(APP)),
        ("app_installed_team_id", json!(TEAM)),
        ("bot_id", json!("B0SECRET")),
        ("external_id", json!("")),
        ("hash", json!(format!("{version}.{id}"))),
        ("state", json!({ "values": {} })),
    ] {
        view[name] = value;
    }
    for (name, value) in [
        ("private_metadata", json!("")),
        ("callback_id", json!("")),
        ("clear_on_close", json!(false)),
        ("notify_on_close", json!(false)),
    ] {
        if view[name].is_null() {
            view[name] = value;
        }
    }
    view
}

/// The state of a dialog's inputs: what was given, else the initial value, else nothing.
fn filled_in(view: &Value, given: &Map<String, Value>) -> Value {
    let mut values = Map::new();
    let inputs = view["blocks"].as_array().into_iter().flatten();
    for block in inputs.filter(|block| block["type"] == "input") {
        let element = &block["element"];
        let block_id = block["block_id"].as_str().unwrap_or_default();
        let action_id = element["action_id"].as_str().unwrap_or_default();
        let given = given
            .get(block_id)
            .map_or(&Value::Null, |actions| &actions[action_id]);
        let mut input = json!({ "type": element["type"] });
        match element["type"].as_str().unwrap_or_default() {
            "users_select" => {
                let chosen = given
                    .get("selected_user")
                    .unwrap_or(&element["initial_user"]);
                input["selected_user"] = chosen.clone();
            }
            "static_select" => {
                let chosen = given.get("selected_option").and_then(Value::as_str);
                let options = element["options"].as_array().into_iter().flatten();
                let option = match chosen {
                    Some(value) => options
                        .clone()
                        .find(|option| option["value"] == value)
                        .cloned()
                        .unwrap_or_default(),
                    None => element["initial_option"].clone(),
                };
                input["selected_option"] = option;
            }
            _ => {
                let typed = given.get("value").unwrap_or(&element["initial_value"]);
                // What is empty comes as null.
                let empty = typed.as_str().is_some_and(str::is_empty);
                input["value"] = if empty { Value::Null } else { typed.clone() };
            }
        }
        values.insert(block_id.to_owned(), json!({ action_id: input }));
    }
    Value::Object(values)
}

/// Errors are keyed by the blocks of inputs; anything else makes Slack show its own trouble.
pub(crate) fn names_inputs(errors: &Value, view: &Value) -> bool {
    let blocks = view["blocks"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    errors.as_object().is_some_and(|errors| {
        !errors.is_empty()
            && errors.iter().all(|(id, error)| {
                let names = |block: &Value| block["type"] == "input" && block["block_id"] == **id;
                error.is_string() && blocks.iter().any(names)
            })
    })
}

/// The button with this action, and the id of the block in which it stands.
pub(crate) fn button<'a>(blocks: &'a Value, action_id: &str) -> Option<(&'a Value, &'a Value)> {
    let blocks = blocks.as_array().into_iter().flatten();
    let mut all = blocks.flat_map(|block| {
        let elements = block["elements"].as_array().into_iter().flatten();
        let elements = elements.chain([&block["accessory"]]);
        elements.map(move |element| (element, &block["block_id"]))
    });
    all.find(|(element, _)| element["type"] == "button" && element["action_id"] == action_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_left_alone_keep_their_initial_value() {
        let hour = json!({"text": {"type": "plain_text", "text": "1 hour"}, "value": "1h"});
        let view = json!({"blocks": [
            {"type": "section"},
            {"type": "input", "block_id": "who", "element":
                {"type": "users_select", "action_id": "a", "initial_user": "U0BOB"}},
            {"type": "input", "block_id": "what", "element":
                {"type": "plain_text_input", "action_id": "a"}},
            {"type": "input", "block_id": "how", "element": {"type": "static_select",
                "action_id": "a", "options": [hour.clone()], "initial_option": hour.clone()}},
        ]});
        let given = json!({"what": {"a": {"value": ""}}});
        let values = filled_in(&view, given.as_object().unwrap());
        assert_eq!(values["who"]["a"]["selected_user"], "U0BOB");
        assert!(values["what"]["a"]["value"].is_null());
        assert_eq!(values["how"]["a"]["selected_option"], hour);
    }

    #[test]
    fn what_was_typed_stays_in_fields_of_the_same_name() {
        let input = |block: &str| {
            json!({"type": "input", "block_id": block, "element":
                {"type": "plain_text_input", "action_id": "a"}})
        };
        let mut open = OpenView::new(
            "V1".to_owned(),
            "U1",
            &json!({"blocks": [input("x"), input("y")]}),
        );
        let hash = open.view["hash"].clone();
        let typed = json!({"x": {"a": {"value": "kept"}}, "y": {"a": {"value": "gone"}}});
        open.type_in(typed.as_object().unwrap());
        open.update(&json!({"blocks": [input("x"), input("z")]}));
        let state = open.with_state();
        assert_eq!(state["state"]["values"]["x"]["a"]["value"], "kept");
        assert!(state["state"]["values"]["z"]["a"]["value"].is_null());
        assert!(!open.typed.contains_key("y"));
        assert_ne!(open.view["hash"], hash);
    }
}
