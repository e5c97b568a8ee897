//! Blocks as Slack gives them back: with ids, and with the defaults of what was left out.

use std::collections::HashSet;

use serde_json::{Value, json};
use uuid::Uuid;

/// Blocks that were checked, as they are kept, answered and sent.
pub(crate) fn echo(blocks: &Value) -> Value {
    let mut blocks = blocks.clone();
    let mut taken = HashSet::new();
    for block in blocks.as_array_mut().into_iter().flatten() {
        give_id(block, "block_id", &mut taken);
        fill_in_block(block);
        let mut actions = HashSet::new();
        for name in ["element", "accessory"] {
            if block[name].is_object() {
                fill_in_element(&mut block[name], &mut actions);
            }
        }
        if block["type"] == "actions" {
            let elements = block["elements"].as_array_mut();
            for element in elements.into_iter().flatten() {
                fill_in_element(element, &mut actions);
            }
        }
        fill_in_texts(block);
    }
    blocks
}

fn fill_in_block(block: &mut Value) {
    if block["type"] == "input" {
        for name in ["optional", "dispatch_action"] {
            default(block, name, json!(false));
        }
    }
}

fn fill_in_element(element: &mut Value, taken: &mut HashSet<String>) {
    give_id(element, "action_id", taken);
    if element["type"] == "plain_text_input" {
        let on_enter = json!({ "trigger_actions_on": ["on_enter_pressed"] });
        default(element, "dispatch_action_config", on_enter);
    }
}

/// Every text object within, however deep.
pub(crate) fn fill_in_texts(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(fill_in_texts),
        Value::Object(_) if value["text"].is_string() => {
            if value["type"] == "plain_text" {
                default(value, "emoji", json!(true));
            } else if value["type"] == "mrkdwn" {
                default(value, "verbatim", json!(false));
            }
        }
        Value::Object(members) => members.values_mut().for_each(fill_in_texts),
        _ => {}
    }
}

fn default(of: &mut Value, name: &str, value: Value) {
    if of.get(name).is_none_or(Value::is_null) {
        of[name] = value;
    }
}

/// A short random id, as Slack makes them up, unless there is one.
fn give_id(to: &mut Value, name: &str, taken: &mut HashSet<String>) {
    while to.get(name).is_none_or(|id| id == "" || id.is_null()) {
        let id: String = Uuid::new_v4()
            .simple()
            .to_string()
            .chars()
            .take(5)
            .collect();
        if !taken.contains(&id) {
            to[name] = id.into();
        }
    }
    taken.extend(to[name].as_str().map(str::to_owned));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_filled_in() {
        let plain = json!({"type": "plain_text", "text": "x"});
        let blocks = echo(&json!([
            {"type": "section", "text": {"type": "mrkdwn", "text": "x"}},
            {"type": "actions", "elements": [
                {"type": "button", "text": plain}, {"type": "button", "text": plain}]},
            {"type": "input", "label": plain, "element": {"type": "plain_text_input"}},
            {"type": "divider"},
        ]));
        assert_eq!(blocks[0]["text"]["verbatim"], false);
        let first = &blocks[1]["elements"][0];
        assert_eq!(first["text"]["emoji"], true);
        assert_ne!(first["action_id"], blocks[1]["elements"][1]["action_id"]);
        let input = &blocks[2];
        assert_eq!(
            (&input["optional"], &input["dispatch_action"]),
            (&json!(false), &json!(false))
        );
        assert_eq!(
            input["element"]["dispatch_action_config"]["trigger_actions_on"][0],
            "on_enter_pressed"
        );
        assert!(input["element"]["action_id"].is_string());
        let ids: HashSet<_> = blocks
            .as_array()
            .unwrap()
            .iter()
            .map(|block| block["block_id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), 4);
    }

    #[test]
    fn what_was_given_stays() {
        let given = json!([
            {"type": "input", "block_id": "b", "optional": true, "dispatch_action": true,
             "label": {"type": "plain_text", "text": "x", "emoji": false},
             "element": {"type": "plain_text_input", "action_id": "a", "dispatch_action_config":
                {"trigger_actions_on": ["on_character_entered"]}}},
        ]);
        assert_eq!(echo(&given), given);
    }
}
