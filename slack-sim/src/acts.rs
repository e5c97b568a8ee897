//! What people do: type a command, submit a dialog, press a button. Each becomes an envelope, and
//! what the person then sees depends on the acknowledgement.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    block_kit, people,
    people::{APP, TEAM},
    sim::{OpenView, Sim},
};

/// How long Slack waits for an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Deserialize)]
pub(crate) struct Command {
    user: String,
    #[serde(rename = "command")]
    name: String,
    #[serde(default)]
    text: String,
}

#[derive(Default, Serialize)]
pub(crate) struct CommandOutcome {
    acknowledged: bool,
    latency_ms: f64,
    error: Option<&'static str>,
}

#[derive(Deserialize)]
pub(crate) struct Submission {
    user: String,
    view_id: String,
    #[serde(default)]
    values: Map<String, Value>,
    #[serde(default)]
    duplicate: Duplicate,
}

/// Whether the submission's envelope comes twice.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Duplicate {
    #[default]
    None,
    SameEnvelope,
    NewEnvelope,
}

#[derive(Serialize)]
pub(crate) struct SubmissionOutcome {
    outcome: &'static str,
    errors: Option<Value>,
    latency_ms: f64,
}

#[derive(Deserialize)]
pub(crate) struct Press {
    user: String,
    channel: String,
    ts: String,
    action_id: String,
}

#[derive(Serialize)]
pub(crate) struct PressOutcome {
    acknowledged: bool,
    url: Option<String>,
}

/// An envelope's answer: its payload, null if it has none; `None` when there was none in time.
struct Delivered {
    answer: Option<Value>,
    latency_ms: f64,
}

impl Sim {
    pub(crate) async fn type_command(&self, typed: Command) -> CommandOutcome {
        if self.hub.open() == 0 {
            return CommandOutcome {
                error: Some("dispatch_failed"),
                ..CommandOutcome::default()
            };
        }
        let text = if self.escape {
            escape_names(&typed.text)
        } else {
            typed.text
        };
        let name = people::find(&typed.user).map_or("unknown", |person| person.name);
        let (trigger, response) = {
            let mut state = self.state();
            (
                state.new_trigger(&typed.user),
                state.new_response(&typed.user),
            )
        };
        let payload = json!({
            "token": "verification-token",
            "team_id": TEAM,
            "team_domain": "school",
            "channel_id": "C0GENERAL",
            "channel_name": "general",
            "user_id": typed.user,
            "user_name": name,
            "command": typed.name,
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": format!("{}/response/{response}", self.url),
            "trigger_id": trigger,
        });
        let delivered = self
            .deliver("slash_commands", &payload, Duplicate::None)
            .await;
        let acknowledged = delivered.answer.is_some();
        CommandOutcome {
            acknowledged,
            latency_ms: delivered.latency_ms,
            error: (!acknowledged).then_some("operation_timeout"),
        }
    }

    pub(crate) async fn submit(&self, submission: Submission) -> Option<SubmissionOutcome> {
        let open = {
            let state = self.state();
            let mine =
                |view: &&OpenView| view.id == submission.view_id && view.user == submission.user;
            state.views.iter().find(mine).cloned()?
        };
        let payload = self.submission_payload(&open, &submission.values);
        let delivered = self
            .deliver("interactive", &payload, submission.duplicate)
            .await;
        let (outcome, errors) = match delivered.answer {
            None => ("trouble", None),
            Some(answer) => self.apply(&open, &answer),
        };
        Some(SubmissionOutcome {
            outcome,
            errors,
            latency_ms: delivered.latency_ms,
        })
    }

    pub(crate) async fn press(&self, press: Press) -> Option<PressOutcome> {
        let button = {
            let state = self.state();
            let message = state
                .messages
                .iter()
                .find(|message| message.channel == press.channel && message.ts == press.ts)?;
            buttons(&message.blocks)
                .find(|button| button["action_id"] == press.action_id.as_str())
                .cloned()?
        };
        let trigger = self.state().new_trigger(&press.user);
        let action = json!({
            "action_id": press.action_id,
            "type": "button",
            "text": button["text"],
            "value": button["value"],
            "action_ts": press.ts,
        });
        let payload = json!({
            "type": "block_actions",
            "user": { "id": press.user, "team_id": TEAM },
            "api_app_id": APP,
            "container": { "type": "message", "message_ts": press.ts, "channel_id": press.channel, "is_ephemeral": false },
            "trigger_id": trigger,
            "team": { "id": TEAM, "domain": "school" },
            "enterprise": null,
            "is_enterprise_install": false,
            "channel": { "id": press.channel, "name": "directmessage" },
            "actions": [action],
        });
        let delivered = self.deliver("interactive", &payload, Duplicate::None).await;
        Some(PressOutcome {
            acknowledged: delivered.answer.is_some(),
            url: button["url"].as_str().map(str::to_owned),
        })
    }

    /// Sends an envelope as it is.
    pub(crate) async fn send_raw(&self, mut envelope: Value) -> Value {
        if envelope["envelope_id"].is_null() {
            envelope["envelope_id"] = Uuid::new_v4().to_string().into();
        }
        let answer = match self.hub.deliver(&envelope) {
            Some(answered) => timeout(PATIENCE, answered).await.ok().and_then(Result::ok),
            None => None,
        };
        json!({
            "envelope_id": envelope["envelope_id"],
            "answered": answer.is_some(),
            "answer": answer,
        })
    }

    async fn deliver(&self, kind: &str, payload: &Value, duplicate: Duplicate) -> Delivered {
        let envelope = json!({
            "type": kind,
            "envelope_id": Uuid::new_v4().to_string(),
            "payload": payload,
            "accepts_response_payload": true,
        });
        let sent = Instant::now();
        let answered = self.hub.deliver(&envelope);
        match duplicate {
            Duplicate::None => {}
            Duplicate::SameEnvelope => {
                self.hub.send(&envelope);
            }
            Duplicate::NewEnvelope => {
                let mut again = envelope.clone();
                again["envelope_id"] = Uuid::new_v4().to_string().into();
                self.hub.send(&again);
            }
        }
        let answer = match answered {
            Some(answered) => timeout(PATIENCE, answered).await.ok().and_then(Result::ok),
            None => None,
        };
        Delivered {
            answer,
            latency_ms: sent.elapsed().as_secs_f64() * 1000.0,
        }
    }

    fn submission_payload(&self, open: &OpenView, values: &Map<String, Value>) -> Value {
        let person = people::find(&open.user);
        let name = person.map_or("unknown", |person| person.name);
        let mut view = open.view.clone();
        view["state"] = json!({ "values": filled_in(&open.view, values) });
        json!({
            "type": "view_submission",
            "team": { "id": TEAM, "domain": "school" },
            "user": { "id": open.user, "username": name, "name": name, "team_id": TEAM },
            "api_app_id": APP,
            "token": "verification-token",
            "trigger_id": self.state().new_trigger(&open.user),
            "view": view,
            "response_urls": [],
            "is_enterprise_install": false,
            "enterprise": null,
        })
    }

    /// Does with a dialog what its acknowledgement says.
    fn apply(&self, open: &OpenView, answer: &Value) -> (&'static str, Option<Value>) {
        let mut state = self.state();
        if answer.is_null() || answer.as_object().is_some_and(Map::is_empty) {
            state.views.retain(|view| view.id != open.id);
            return ("closed", None);
        }
        match answer["response_action"].as_str().unwrap_or_default() {
            "clear" => {
                state.views.retain(|view| view.user != open.user);
                ("cleared", None)
            }
            "errors" if names_inputs(&answer["errors"], &open.view) => {
                ("errors", Some(answer["errors"].clone()))
            }
            action @ ("update" | "push") if block_kit::check_view(&answer["view"]).is_empty() => {
                let updated = echoed(&answer["view"], &open.id);
                if action == "push" {
                    let id = state.id("V");
                    let view = echoed(&answer["view"], &id);
                    state.views.push(open_view(id, &open.user, view));
                    return ("pushed", None);
                }
                if let Some(view) = state.views.iter_mut().find(|view| view.id == open.id) {
                    *view = open_view(open.id.clone(), &open.user, updated);
                }
                ("updated", None)
            }
            _ => ("trouble", None),
        }
    }
}

/// A view as Slack gives it back: with an id, and the app's.
pub(crate) fn echoed(view: &Value, id: &str) -> Value {
    let mut view = view.clone();
    for (name, value) in [
        ("id", json!(id)),
        ("team_id", json!(TEAM)),
        ("root_view_id", json!(id)),
        ("previous_view_id", Value::Null),
        ("app_id", json!(APP)),
        ("app_installed_team_id", json!(TEAM)),
        ("bot_id", json!("B0SECRET")),
        ("external_id", json!("")),
        ("hash", json!(format!("1.{id}"))),
        ("state", json!({ "values": {} })),
    ] {
        view[name] = value;
    }
    for name in ["private_metadata", "callback_id"] {
        if view[name].is_null() {
            view[name] = "".into();
        }
    }
    view
}

/// A dialog that somebody has open.
pub(crate) fn open_view(id: String, user: &str, view: Value) -> OpenView {
    let title = view["title"]["text"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    OpenView {
        id,
        user: user.to_owned(),
        title,
        view,
    }
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
fn names_inputs(errors: &Value, view: &Value) -> bool {
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

fn buttons(blocks: &Value) -> impl Iterator<Item = &Value> {
    blocks
        .as_array()
        .into_iter()
        .flatten()
        .filter(|block| block["type"] == "actions")
        .flat_map(|block| block["elements"].as_array().into_iter().flatten())
}

/// Replaces `@name` by `<@ID|name>`, as Slack does for commands with `should_escape`.
fn escape_names(text: &str) -> String {
    let escape = |word: &str| {
        let named = word
            .strip_prefix('@')
            .and_then(|name| people::PEOPLE.iter().find(|person| person.name == name));
        named.map_or_else(
            || word.to_owned(),
            |person| format!("<@{}|{}>", person.id, person.name),
        )
    };
    text.split(' ').map(escape).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_colleagues_are_escaped() {
        assert_eq!(escape_names("@bob 1h @nobody"), "<@U0BOB|bob> 1h @nobody");
    }

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
}
