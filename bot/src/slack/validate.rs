//! `blocks.validate`: what Slack has against a view or a message, without showing it to anybody.
//! Source: <https://docs.slack.dev/reference/methods/blocks.validate>.
//!
//! The library's own call wants its own models of blocks, and a known form of answer: what is asked
//! here is just what the bot sends elsewhere, and an answer of another form is an answer too.

use std::fmt;

use serde_json::{Value, json};

use super::{Method, SlackError, answer};

/// The codes by which Slack says that it refuses what it was shown.
const REFUSALS: [&str; 4] = [
    "invalid_blocks",
    "invalid_message",
    "invalid_view",
    "invalid_arguments",
];

/// Most characters kept of what Slack says of a place.
const MOST_CHARS: usize = 200;

/// What is shown to Slack. Nothing in it may come from people: Slack's answer is printed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Validated {
    /// A dialog, as `views.open` takes it.
    View(Value),
    /// A message's `text` and `blocks`, as `chat.postMessage` takes them.
    Message(Value),
}

/// What Slack has against it, in Slack's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Objection {
    /// Where, such as `/blocks/0/text`.
    pub(crate) pointer: String,
    /// What.
    pub(crate) message: String,
}

impl Validated {
    /// The arguments: JSON as text, which is how Slack wants it.
    pub(super) fn request(&self) -> Value {
        match self {
            Self::View(view) => json!({ "view": view.to_string() }),
            Self::Message(message) => json!({ "message": message.to_string() }),
        }
    }
}

/// Reads an answer, of which a refusal of what was shown is one.
pub(super) fn objections(method: Method, answer: &str) -> Result<Vec<Objection>, SlackError> {
    let error = match answer::read(method, answer, None, |_| Ok(())) {
        Ok(()) => return Ok(Vec::new()),
        Err(error) => error,
    };
    let Some(code) = error.code().filter(|code| REFUSALS.contains(code)) else {
        return Err(error);
    };
    let objections = read(answer);
    // That the arguments are wrong, without more, is about the call.
    if objections.is_empty() && code == "invalid_arguments" {
        return Err(error);
    }
    Ok(if objections.is_empty() {
        vec![Objection::unsaid()]
    } else {
        objections
    })
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.message)
    }
}

impl Objection {
    fn unsaid() -> Self {
        Self {
            pointer: "/".to_owned(),
            message: "Slack does not say what is wrong".to_owned(),
        }
    }
}

/// The objections of an answer: in `errors`, or where other methods have them.
fn read(body: &str) -> Vec<Objection> {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let errors = body["errors"].as_array().into_iter().flatten();
    let text = |value: &Value| plain(value.as_str().unwrap_or("?"));
    let errors = errors.map(|error| Objection {
        pointer: text(&error["pointer"]),
        message: text(&error["message"]),
    });
    let messages = body["response_metadata"]["messages"].as_array();
    let messages = messages.into_iter().flatten().filter_map(Value::as_str);
    let messages = messages.map(|message| {
        let (message, place) = message
            .split_once("[json-pointer:")
            .unwrap_or((message, "?"));
        Objection {
            pointer: plain(place.trim_end_matches(']')),
            message: plain(message.trim()),
        }
    });
    errors.chain(messages).collect()
}

/// On one line, of which nothing steers a terminal.
fn plain(text: &str) -> String {
    let short: String = text.chars().take(MOST_CHARS).collect();
    short.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objections_of(code: &str, mut body: Value) -> Result<Vec<Objection>, SlackError> {
        body["ok"] = false.into();
        body["error"] = code.into();
        objections(Method::ValidateBlocks, &body.to_string())
    }

    fn objection(pointer: &str, message: &str) -> Objection {
        Objection {
            pointer: pointer.to_owned(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_refusal_is_an_answer_in_whatever_form_it_comes() {
        let errors = json!({"errors": [{"pointer": "/blocks/0/type", "code": "failed_constraint",
            "message": "unsupported type: markdown"}]});
        let messages = json!({"response_metadata": {"messages": [
            "[ERROR] must be shorter [json-pointer:/view/title/text]"]}});
        for (code, body, expected) in [
            (
                "invalid_message",
                errors,
                objection("/blocks/0/type", "unsupported type: markdown"),
            ),
            (
                "invalid_arguments",
                messages,
                objection("/view/title/text", "[ERROR] must be shorter"),
            ),
            ("invalid_view", json!({}), Objection::unsaid()),
            (
                "invalid_blocks",
                json!({"errors": "\u{1b}[2J"}),
                Objection::unsaid(),
            ),
            (
                "invalid_blocks",
                json!({"errors": [{"pointer": null, "message": "\u{1b}[2J"}]}),
                objection("?", "\\u{1b}[2J"),
            ),
        ] {
            assert_eq!(objections_of(code, body).unwrap(), [expected], "{code}");
        }
    }

    #[test]
    fn what_is_about_the_call_is_an_error() {
        for code in [
            "invalid_arguments",
            "unknown_method",
            "missing_scope",
            "not_allowed_token_type",
        ] {
            assert!(objections_of(code, json!({})).is_err(), "{code}");
        }
        let taken = objections(Method::ValidateBlocks, r#"{"ok":true}"#).unwrap();
        assert!(taken.is_empty());
    }

    #[test]
    fn what_is_shown_goes_as_text() {
        let view = json!({"type": "modal"});
        let request = Validated::View(view.clone()).request();
        assert_eq!(request["view"], view.to_string());
        assert_eq!(request.as_object().map(serde_json::Map::len), Some(1));
    }
}
