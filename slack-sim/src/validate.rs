//! `blocks.validate`, and what `views.open` and `chat.postMessage` say of the same: one set of
//! rules. Source: <https://docs.slack.dev/reference/methods/blocks.validate>.

use serde_json::{Value, json};

use crate::{
    answers::{Answer, Refusal},
    arguments::Arguments,
    block_kit,
};

/// Largest view, in bytes.
const LARGEST_VIEW: usize = 250_000;

/// Refuses a view as `views.open` does. It may preset none of the people who are not shown.
pub(crate) fn view(view: &Value, unshown: &[String]) -> Result<(), Refusal> {
    let mut messages = block_kit::check_view(view);
    messages.extend(block_kit::unshown(view, unshown));
    if !messages.is_empty() {
        return Err(Refusal::with_messages("invalid_arguments", messages));
    }
    if view.to_string().len() > LARGEST_VIEW {
        return Err("view_too_large".into());
    }
    Ok(())
}

/// The blocks of a message as they are kept, or what `chat.postMessage` says of it.
pub(crate) fn message(text: &str, blocks: Option<Value>) -> Answer {
    let blocks = block_kit::message_blocks(blocks)?;
    if text.is_empty() && blocks == json!([]) {
        return Err("no_text".into());
    }
    Ok(blocks)
}

/// The answer to `blocks.validate`: of `blocks`, `message` and `view` there is one, as JSON text.
pub(crate) fn answer(arguments: &Arguments, unshown: &[String]) -> Answer {
    let mut given = ["blocks", "message", "view"]
        .into_iter()
        .filter_map(|name| arguments.get(name).map(|value| (name, value)));
    let (Some((name, value)), None) = (given.next(), given.next()) else {
        return Err("invalid_arguments".into());
    };
    let text = value.as_str().ok_or("invalid_arguments")?;
    let shown: Value = serde_json::from_str(text).map_err(|_| "invalid_arguments")?;
    let (judged, root) = match name {
        "view" => (view(&shown, unshown), "/view"),
        "message" => {
            let text = shown["text"].as_str().unwrap_or_default();
            let judged = message(text, shown.get("blocks").cloned());
            (judged.map(drop), "")
        }
        _ => (message("", Some(shown)).map(drop), "/blocks"),
    };
    let Err(refusal) = judged else {
        return Ok(json!({}));
    };
    Err(Refusal::with_errors(
        &format!("invalid_{name}"),
        errors(&refusal, root),
    ))
}

/// The same faults, as this method tells them; places are counted from what was given.
fn errors(refusal: &Refusal, root: &str) -> Vec<Value> {
    let error = |pointer: &str, message: &str| json!({ "code": "failed_constraint", "pointer": pointer, "message": message });
    if refusal.messages.is_empty() {
        return vec![error("", &refusal.code)];
    }
    let told = refusal.messages.iter().map(|told| {
        let told = told.strip_prefix("[ERROR] ").unwrap_or(told);
        let (message, place) = told.split_once(" [json-pointer:").unwrap_or((told, ""));
        let place = place.trim_end_matches(']');
        error(place.strip_prefix(root).unwrap_or(place), message)
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use poem::Request;

    use super::*;

    fn ask(arguments: &Value) -> Answer {
        let request = Request::builder().content_type("application/json").finish();
        let body = arguments.to_string();
        answer(&Arguments::of(&request, body.as_bytes()).unwrap(), &[])
    }

    fn plain(text: &str) -> Value {
        json!({"type": "plain_text", "text": text})
    }

    fn good_view() -> Value {
        json!({"type": "modal", "title": plain("Title"), "submit": plain("Send"),
            "private_metadata": "x", "blocks": [
                {"type": "section", "block_id": "a", "text": plain("x")},
                {"type": "input", "block_id": "b", "label": plain("x"), "element":
                    {"type": "plain_text_input", "action_id": "a", "max_length": 3000}},
                {"type": "actions", "elements": [{"type": "button", "text": plain("x"),
                    "url": "https://example.org"}]}]})
    }

    fn good_message() -> Value {
        json!({"text": "x", "blocks": [
            {"type": "section", "block_id": "a", "text": {"type": "mrkdwn", "text": "x"}},
            {"type": "context", "elements": [plain("x")]},
            {"type": "actions", "elements": [{"type": "button", "text": plain("x"),
                "url": "https://example.org", "style": "primary"}]}]})
    }

    /// Every value of a tree with its pointer.
    fn places(of: &Value, pointer: &str, found: &mut Vec<String>) {
        found.push(pointer.to_owned());
        match of {
            Value::Object(members) => {
                for (name, member) in members {
                    places(member, &format!("{pointer}/{name}"), found);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    places(item, &format!("{pointer}/{index}"), found);
                }
            }
            _ => {}
        }
    }

    /// What becomes of a tree when each of its values in turn is another.
    fn mutations(of: &Value) -> Vec<(String, Value)> {
        let mut pointers = Vec::new();
        places(of, "", &mut pointers);
        let others = [
            Value::Null,
            json!([]),
            json!({}),
            json!(1),
            json!(""),
            json!("x".repeat(3100)),
            json!("home"),
        ];
        let mut mutations = Vec::new();
        for pointer in pointers.iter().skip(1) {
            for other in &others {
                let mut mutated = of.clone();
                *mutated.pointer_mut(pointer).unwrap() = other.clone();
                mutations.push((format!("{pointer}: {other}"), mutated));
            }
        }
        mutations
    }

    #[test]
    fn a_broken_view_fails_here_and_where_it_is_opened() {
        assert!(view(&good_view(), &[]).is_ok());
        let mut refused = 0;
        for (what, mutated) in mutations(&good_view()) {
            let opened = view(&mutated, &[]);
            let answer = ask(&json!({"view": mutated.to_string()}));
            assert_eq!(opened.is_ok(), answer.is_ok(), "{what}");
            if let (Err(opened), Err(answer)) = (opened, answer) {
                refused += 1;
                assert_eq!(answer.code, "invalid_view", "{what}");
                assert_eq!(answer.errors.len(), opened.messages.len().max(1), "{what}");
            }
        }
        assert!(refused > 100, "{refused}");
    }

    #[test]
    fn a_broken_message_fails_here_and_where_it_is_posted() {
        let posted = |shown: &Value| {
            let text = shown["text"].as_str().unwrap_or_default();
            message(text, shown.get("blocks").cloned())
        };
        assert!(posted(&good_message()).is_ok());
        let mut refused = 0;
        for (what, mutated) in mutations(&good_message()) {
            let posted = posted(&mutated);
            let answer = ask(&json!({"message": mutated.to_string()}));
            assert_eq!(posted.is_ok(), answer.is_ok(), "{what}");
            if let Err(answer) = answer {
                refused += 1;
                assert_eq!(answer.code, "invalid_message", "{what}");
                assert!(!answer.errors.is_empty(), "{what}");
            }
        }
        assert!(refused > 50, "{refused}");
    }

    #[test]
    fn places_are_counted_from_what_was_given() {
        let mut view = good_view();
        view["title"]["text"] = "t".repeat(25).into();
        let answer = ask(&json!({"view": view.to_string()})).unwrap_err();
        assert_eq!(answer.errors[0]["pointer"], "/title/text");
        assert_eq!(
            answer.errors[0]["message"],
            "must be less than 25 characters"
        );
        let blocks = json!([{"type": "section", "text": plain("")}]);
        let answer = ask(&json!({"blocks": blocks.to_string()})).unwrap_err();
        assert_eq!(answer.code, "invalid_blocks");
        assert_eq!(answer.errors[0]["pointer"], "/0/text/text");
        let message = json!({"blocks": blocks});
        let answer = ask(&json!({"message": message.to_string()})).unwrap_err();
        assert_eq!(answer.errors[0]["pointer"], "/blocks/0/text/text");
    }

    #[test]
    fn there_is_one_argument_and_it_is_json_as_text() {
        let view = good_view();
        for wrong in [
            json!({}),
            json!({"view": view}),
            json!({"view": "{"}),
            json!({"view": view.to_string(), "blocks": "[]"}),
        ] {
            let refusal = ask(&wrong).unwrap_err();
            assert_eq!(refusal.code, "invalid_arguments", "{wrong}");
            assert!(refusal.errors.is_empty());
        }
    }
}
