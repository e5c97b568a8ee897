//! The limits of Block Kit that Slack refuses to go over.
//!
//! Sources: Slack's references of views, blocks and block elements; the models of Slack's Python
//! SDK.

use std::collections::HashSet;

use serde_json::Value;

use crate::answers::Refusal;

/// What is wrong, in the words of `response_metadata.messages`.
pub(crate) type Faults = Vec<String>;

/// Checks a view.
pub(crate) fn check_view(view: &Value) -> Faults {
    let mut check = Check::default();
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
    for (name, limit) in [("private_metadata", 3000), ("callback_id", 255)] {
        check.length(
            view[name].as_str().unwrap_or_default(),
            limit,
            &format!("/view/{name}"),
        );
    }
    check.blocks(&blocks, "/view/blocks", true);
    check.faults
}

/// The blocks of a message as they are kept; none if they are missing.
pub(crate) fn message_blocks(blocks: Option<Value>) -> Result<Value, Refusal> {
    let blocks = blocks.unwrap_or_else(|| Value::Array(Vec::new()));
    if !blocks.is_array() {
        return Err("invalid_blocks_format".into());
    }
    let messages = check_message(&blocks);
    if !messages.is_empty() {
        return Err(Refusal::with_messages("invalid_blocks", messages));
    }
    Ok(blocks)
}

/// Checks the blocks of a message.
fn check_message(blocks: &Value) -> Faults {
    let mut check = Check::default();
    let blocks = blocks.as_array().cloned().unwrap_or_default();
    if blocks.len() > 50 {
        check.fault("no more than 50 items allowed", "/blocks");
    }
    check.blocks(&blocks, "/blocks", false);
    check.faults
}

#[derive(Default)]
struct Check {
    faults: Faults,
    ids: HashSet<String>,
}

impl Check {
    fn fault(&mut self, what: &str, pointer: &str) {
        self.faults
            .push(format!("[ERROR] {what} [json-pointer:{pointer}]"));
    }

    fn length(&mut self, text: &str, limit: usize, pointer: &str) {
        if text.chars().count() > limit {
            self.fault(
                &format!("must be less than {} characters", limit + 1),
                pointer,
            );
        }
    }

    fn plain(&mut self, text: &Value, limit: usize, pointer: &str) {
        if text["type"] != "plain_text" {
            self.fault("must be plain_text", pointer);
        }
        self.text(text, limit, pointer);
    }

    fn text(&mut self, text: &Value, limit: usize, pointer: &str) {
        let content = text["text"].as_str().unwrap_or_default();
        if content.is_empty() {
            self.fault("must be more than 0 characters", &format!("{pointer}/text"));
        }
        self.length(content, limit, &format!("{pointer}/text"));
    }

    fn blocks(&mut self, blocks: &[Value], pointer: &str, in_view: bool) {
        for (index, block) in blocks.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            if let Some(id) = block["block_id"].as_str() {
                self.length(id, 255, &format!("{pointer}/block_id"));
                if !self.ids.insert(id.to_owned()) {
                    self.fault("block_id already exists", &format!("{pointer}/block_id"));
                }
            }
            self.block(block, &pointer, in_view);
        }
    }

    fn block(&mut self, block: &Value, pointer: &str, in_view: bool) {
        let elements = block["elements"].as_array().cloned().unwrap_or_default();
        match block["type"].as_str().unwrap_or_default() {
            "section" => self.text(&block["text"], 3000, &format!("{pointer}/text")),
            "header" => self.plain(&block["text"], 150, &format!("{pointer}/text")),
            "divider" => {}
            "context" => {
                if elements.is_empty() || elements.len() > 10 {
                    self.fault("must have 1 to 10 items", &format!("{pointer}/elements"));
                }
                for element in &elements {
                    self.text(element, 3000, &format!("{pointer}/elements"));
                }
            }
            "actions" => {
                if elements.is_empty() || elements.len() > 25 {
                    self.fault("must have 1 to 25 items", &format!("{pointer}/elements"));
                }
                for element in &elements {
                    self.element(element, &format!("{pointer}/elements"));
                }
            }
            "input" if in_view => {
                self.plain(&block["label"], 2000, &format!("{pointer}/label"));
                if !block["hint"].is_null() {
                    self.plain(&block["hint"], 2000, &format!("{pointer}/hint"));
                }
                self.element(&block["element"], &format!("{pointer}/element"));
            }
            _ => self.fault("unsupported block type", &format!("{pointer}/type")),
        }
    }

    fn element(&mut self, element: &Value, pointer: &str) {
        let action_id = element["action_id"].as_str().unwrap_or_default();
        self.length(action_id, 255, &format!("{pointer}/action_id"));
        if !element["placeholder"].is_null() {
            self.plain(
                &element["placeholder"],
                150,
                &format!("{pointer}/placeholder"),
            );
        }
        match element["type"].as_str().unwrap_or_default() {
            "button" => {
                self.plain(&element["text"], 75, &format!("{pointer}/text"));
                for (name, limit) in [("value", 2000), ("url", 3000)] {
                    let text = element[name].as_str().unwrap_or_default();
                    self.length(text, limit, &format!("{pointer}/{name}"));
                }
            }
            "plain_text_input" => {
                if let Some(limit) = element["max_length"].as_u64()
                    && !(1..=3000).contains(&limit)
                {
                    self.fault(
                        "must be between 1 and 3000",
                        &format!("{pointer}/max_length"),
                    );
                }
            }
            "static_select" => {
                let options = element["options"].as_array().cloned().unwrap_or_default();
                if options.is_empty() || options.len() > 100 {
                    self.fault("must have 1 to 100 items", &format!("{pointer}/options"));
                }
                for option in &options {
                    self.plain(&option["text"], 75, &format!("{pointer}/options"));
                }
                let initial = &element["initial_option"];
                if !initial.is_null() && !options.contains(initial) {
                    self.fault(
                        "must be one of the options",
                        &format!("{pointer}/initial_option"),
                    );
                }
            }
            "users_select" => {}
            _ => self.fault("unsupported element type", &format!("{pointer}/type")),
        }
    }
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
        let changes: [(&str, Value); 7] = [
            ("/title/text", "t".repeat(25).into()),
            ("/title/type", "mrkdwn".into()),
            ("/submit", Value::Null),
            ("/blocks", json!([])),
            ("/blocks/0/element/max_length", 3001.into()),
            ("/blocks/0/element/type", "password_input".into()),
            ("/blocks/0/label/text", "".into()),
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
        let button = |url: &str| {
            json!([{"type": "actions", "elements": [{
                "type": "button",
                "action_id": "a",
                "text": {"type": "plain_text", "text": "Open"},
                "url": url,
            }]}])
        };
        assert!(check_message(&button("https://example.org")).is_empty());
        assert!(!check_message(&button(&"x".repeat(3001))).is_empty());
        assert!(!check_message(&json!([{"type": "input"}])).is_empty());
        assert!(!check_message(&json!(vec![json!({"type": "divider"}); 51])).is_empty());
    }
}
