//! The limits of Block Kit that Slack refuses to go over, and what it makes of the rest.
//!
//! Sources: Slack's references of views, blocks and block elements; the models of Slack's Python
//! SDK.

mod check;
mod echo;
mod fields;

use serde_json::Value;

use crate::answers::Refusal;
use check::Check;
pub(crate) use echo::{echo, fill_in_texts};

/// What is wrong, in the words of `response_metadata.messages`.
pub(crate) type Faults = Vec<String>;

/// Checks a view.
pub(crate) fn check_view(view: &Value) -> Faults {
    let mut check = Check::default();
    check.fields(view, fields::MODAL, "/view");
    if view["type"] != "modal" {
        check.fault("unsupported type", "/view/type");
    }
    check.plain(&view["title"], 24, "/view/title");
    for name in ["submit", "close"] {
        if !view[name].is_null() {
            check.plain(&view[name], 24, &format!("/view/{name}"));
        }
    }
    let blocks = view["blocks"].as_array().cloned().unwrap_or_default();
    if blocks.is_empty() || blocks.len() > 100 {
        check.fault("must have 1 to 100 items", "/view/blocks");
    }
    if view["submit"].is_null() && blocks.iter().any(|block| block["type"] == "input") {
        check.fault("missing required field: submit", "/view");
    }
    for (name, limit) in [
        ("private_metadata", 3000),
        ("callback_id", 255),
        ("external_id", 255),
    ] {
        check.length(&view[name], limit, &format!("/view/{name}"));
    }
    check.blocks(&blocks, "/view/blocks", true);
    check.faults
}

/// Whom a view presets of those whom none may.
pub(crate) fn unshown(view: &Value, people: &[String]) -> Faults {
    let mut check = Check::default();
    let blocks = view["blocks"].as_array().into_iter().flatten();
    for (index, block) in blocks.enumerate() {
        let preset = block["element"]["initial_user"].as_str();
        if preset.is_some_and(|preset| people.iter().any(|unshown| unshown == preset)) {
            let pointer = format!("/view/blocks/{index}/element/initial_user");
            check.fault("invalid user", &pointer);
        }
    }
    check.faults
}

/// The blocks of a message as they are kept; none if they are missing.
pub(crate) fn message_blocks(blocks: Option<Value>) -> Result<Value, Refusal> {
    let blocks = blocks.unwrap_or_else(|| Value::Array(Vec::new()));
    let Some(list) = blocks.as_array() else {
        return Err("invalid_blocks_format".into());
    };
    let messages = check_message(list);
    if !messages.is_empty() {
        return Err(Refusal::with_messages("invalid_blocks", messages));
    }
    Ok(echo(&blocks))
}

/// Checks the blocks of a message.
fn check_message(blocks: &[Value]) -> Faults {
    let mut check = Check::default();
    if blocks.len() > 50 {
        check.fault("no more than 50 items allowed", "/blocks");
    }
    check.blocks(blocks, "/blocks", false);
    check.faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn view() -> Value {
        json!({
            "type": "modal",
            "title": {"type": "plain_text", "text": "Title"},
            "submit": {"type": "plain_text", "text": "Send"},
            "blocks": [{
                "type": "input",
                "block_id": "b",
                "label": {"type": "plain_text", "text": "Label"},
                "element": {"type": "plain_text_input", "action_id": "a", "max_length": 3000},
            }],
        })
    }

    #[test]
    fn what_slack_takes_is_taken() {
        assert_eq!(check_view(&view()), Faults::new());
    }

    #[test]
    fn what_slack_refuses_is_refused() {
        let user = |id: &str| json!({"type": "users_select", "initial_user": id});
        let select = |change: (&str, Value)| {
            let option = json!({"text": {"type": "plain_text", "text": "x"}, "value": "v"});
            let mut select = json!({"type": "static_select", "options": [option]});
            select[change.0] = change.1;
            select
        };
        for taken in [
            user("U0BOB"),
            select(("action_id", "a".into())),
            select((
                "initial_option",
                json!({"text": {"type": "plain_text", "text": "x"}, "value": "v"}),
            )),
        ] {
            let mut view = view();
            view["blocks"][0]["element"] = taken;
            assert_eq!(check_view(&view), Faults::new());
        }
        let changes = [
            ("/title/text", "t".repeat(25).into()),
            ("/title/type", "mrkdwn".into()),
            ("/submit", Value::Null),
            ("/blocks", json!([])),
            ("/blocks/0/element/max_length", 3001.into()),
            ("/blocks/0/element/type", "password_input".into()),
            ("/blocks/0/label/text", "".into()),
            ("/blocks/0/label", json!({"type": "mrkdwn", "text": "x"})),
            ("/blocks/0/element", json!({"type": "button"})),
            ("/blocks/0/element", user("U0NOBODY")),
            ("/blocks/0/element", select(("options", json!([])))),
            (
                "/blocks/0/element",
                select(("options", json!([{"value": "v"}]))),
            ),
            (
                "/blocks/0/element",
                select(("initial_option", json!({"value": "w"}))),
            ),
            ("/blocks/0/element", select(("multiline", true.into()))),
            ("/blocks", json!({})),
            ("/type", "home".into()),
        ];
        for (pointer, value) in changes {
            let mut view = view();
            *view.pointer_mut(pointer).unwrap() = value;
            assert!(!check_view(&view).is_empty(), "{pointer}");
        }
        let mut twice = view();
        let block = twice["blocks"][0].clone();
        twice["blocks"].as_array_mut().unwrap().push(block);
        assert_eq!(
            check_view(&twice),
            ["[ERROR] block_id already exists [json-pointer:/view/blocks/1/block_id]"]
        );
    }

    #[test]
    fn messages_have_limits_too() {
        let takes = |blocks: Value| message_blocks(Some(blocks)).map_err(|refused| refused.code);
        assert!(message_blocks(None).is_ok());
        assert!(takes(json!([message_block()])).is_ok());
        for (wrong, code) in [
            (json!([{"type": "input"}]), "invalid_blocks"),
            (json!(["x"]), "invalid_blocks"),
            (
                json!(vec![json!({"type": "divider"}); 51]),
                "invalid_blocks",
            ),
            (json!({}), "invalid_blocks_format"),
            (json!({"blocks": []}), "invalid_blocks_format"),
            (Value::Null, "invalid_blocks_format"),
        ] {
            assert_eq!(takes(wrong.clone()).err().as_deref(), Some(code), "{wrong}");
        }
    }

    /// One of everything that a block may hold.
    fn message_block() -> Value {
        let plain = |text: &str| json!({"type": "plain_text", "text": text, "emoji": true});
        let words = json!({"type": "mrkdwn", "text": "x", "verbatim": true});
        let confirm = json!({"title": plain("Sure?"), "text": words, "confirm": plain("Yes"),
            "deny": plain("No"), "style": "danger"});
        json!({"type": "section", "block_id": "b", "text": words, "fields": [words],
            "accessory": {"type": "button", "action_id": "a", "text": plain("Open"),
                "url": "https://example.org", "value": "v", "style": "primary",
                "accessibility_label": "Open it", "confirm": confirm}})
    }

    #[test]
    fn anything_wrong_in_a_message_is_refused() {
        let long = |length: usize| Value::from("x".repeat(length));
        for (pointer, value) in [
            ("/type", "sektion".into()),
            ("/block_id", long(256)),
            ("/block_id", 1.into()),
            ("/text/type", "markdown".into()),
            ("/text/text", long(3001)),
            ("/text/text", 1.into()),
            ("/text/verbatim", "true".into()),
            ("/text/emoji", true.into()),
            ("/text/colour", "red".into()),
            ("/fields", json!([])),
            ("/fields/0/text", long(2001)),
            ("/elements", json!([])),
            ("/a_new_field", 1.into()),
            ("/accessory/type", "knob".into()),
            ("/accessory/a_new_field", 1.into()),
            ("/accessory/text/verbatim", true.into()),
            ("/accessory/text/type", "mrkdwn".into()),
            ("/accessory/text/text", long(76)),
            ("/accessory/style", "default".into()),
            ("/accessory/style", "".into()),
            ("/accessory/url", "".into()),
            ("/accessory/url", "example.org".into()),
            ("/accessory/url", "/relative".into()),
            ("/accessory/url", "https://".into()),
            ("/accessory/url", "javascript:alert(1)".into()),
            ("/accessory/url", "ftp://example.org".into()),
            (
                "/accessory/url",
                format!("https://example.org/{}", "x".repeat(3000)).into(),
            ),
            ("/accessory/value", long(2001)),
            ("/accessory/action_id", long(256)),
            ("/accessory/accessibility_label", long(76)),
            ("/accessory/confirm/title/text", long(101)),
            ("/accessory/confirm/text/text", long(301)),
            ("/accessory/confirm/confirm/text", long(31)),
            ("/accessory/confirm/deny/text", long(31)),
            ("/accessory/confirm/deny", Value::Null),
            ("/accessory/confirm/style", "loud".into()),
            ("/accessory/confirm/a_new_field", 1.into()),
            ("/accessory/initial_user", "U0BOB".into()),
        ] {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let mut block = message_block();
            block.pointer_mut(parent).unwrap()[name] = value;
            assert!(!check_message(&[block]).is_empty(), "{pointer}");
        }
        for url in ["http://example.org", "mailto:alice@example.org"] {
            let mut block = message_block();
            block["accessory"]["url"] = url.into();
            assert_eq!(check_message(&[block]), Faults::new(), "{url}");
        }
    }

    #[test]
    fn action_ids_are_unique_within_a_block() {
        let button = |id: &str| {
            json!({"type": "button", "action_id": id,
                "text": {"type": "plain_text", "text": "x"}})
        };
        let row = |ids: [&str; 2]| json!({"type": "actions", "elements": ids.map(button)});
        assert_eq!(
            check_message(&[row(["a", "b"]), row(["a", "b"])]),
            Faults::new()
        );
        assert_eq!(
            check_message(&[row(["a", "a"])]),
            ["[ERROR] action_id already exists [json-pointer:/blocks/0/elements/1/action_id]"]
        );
    }
}
