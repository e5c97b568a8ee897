//! What people do: type a command, submit a dialog, or send anything by hand. Each becomes an
//! envelope, and what the person then sees depends on the acknowledgement.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    block_kit, people,
    people::{APP, TEAM},
    sim::Sim,
    views::{OpenView, names_inputs},
};

/// How long Slack waits for an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often what was not acknowledged comes again.
const RETRIES: u32 = 3;

#[derive(Deserialize)]
pub(crate) struct Command {
    user: String,
    #[serde(rename = "command")]
    name: String,
    #[serde(default)]
    text: String,
    #[serde(flatten)]
    way: Way,
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
    #[serde(flatten)]
    way: Way,
}

/// How an envelope is sent.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Way {
    duplicate: Duplicate,
    /// Over which connection; any one if `None`.
    over: Option<usize>,
    /// What stands in the payload instead, by the pointer to it.
    odd: Map<String, Value>,
}

/// A frame of any text.
#[derive(Deserialize)]
pub(crate) struct AnyFrame {
    text: String,
    /// The envelope whose acknowledgement is waited for.
    envelope_id: String,
}

/// Whether an envelope comes twice.
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

/// An envelope's answer: its payload, null if it has none; `None` when there was none in time.
pub(crate) struct Delivered {
    pub(crate) answer: Option<Value>,
    latency_ms: f64,
}

impl Sim {
    pub(crate) async fn type_command(&self, typed: Command) -> CommandOutcome {
        if self.hub.open().is_empty() {
            return CommandOutcome {
                error: Some("dispatch_failed"),
                ..CommandOutcome::default()
            };
        }
        let way = typed.way;
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
                state.responses.give(&typed.user),
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
            "response_url": self.response_url(&response),
            "trigger_id": trigger,
        });
        let delivered = self.deliver("slash_commands", payload, way).await;
        let acknowledged = delivered.answer.is_some();
        CommandOutcome {
            acknowledged,
            latency_ms: delivered.latency_ms,
            error: (!acknowledged).then_some("operation_timeout"),
        }
    }

    pub(crate) async fn submit(&self, submission: Submission) -> Option<SubmissionOutcome> {
        let open = {
            let mut state = self.state();
            let mine = |view: &&mut OpenView| {
                view.id == submission.view_id && view.user == submission.user
            };
            let open = state.views.iter_mut().find(mine)?;
            open.type_in(&submission.values);
            open.clone()
        };
        let payload = self.submission_payload(&open);
        let delivered = self.deliver("interactive", payload, submission.way).await;
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

    /// Sends an envelope as it is.
    pub(crate) async fn send_raw(&self, mut envelope: Value) -> Value {
        if envelope["envelope_id"].is_null() {
            envelope["envelope_id"] = Uuid::new_v4().to_string().into();
        }
        let answer = self.send_and_wait(&envelope, None).await;
        json!({
            "envelope_id": envelope["envelope_id"],
            "answered": answer.is_some(),
            "answer": answer,
        })
    }

    /// Sends a frame as it is.
    pub(crate) async fn send_any(&self, frame: AnyFrame) -> Value {
        let answered = self.hub.deliver_text(&frame.envelope_id, frame.text, None);
        let answer = match answered {
            Some(answered) => timeout(PATIENCE, answered).await.ok().and_then(Result::ok),
            None => None,
        };
        json!({ "answered": answer.is_some(), "answer": answer })
    }

    pub(crate) async fn deliver(&self, kind: &str, mut payload: Value, way: Way) -> Delivered {
        let quirks = {
            let state = self.state();
            state.workspace.dress(&mut payload);
            state.faults.quirks.clone()
        };
        if quirks.team_null && payload["type"] == "view_submission" {
            payload["team"] = Value::Null;
        }
        if quirks.unknown {
            add_unknown(&mut payload);
        }
        for (pointer, odd) in way.odd {
            if let Some(value) = payload.pointer_mut(&pointer) {
                *value = odd;
            }
        }
        let mut envelope = json!({
            "type": kind,
            "envelope_id": Uuid::new_v4().to_string(),
            "payload": payload,
            "accepts_response_payload": true,
        });
        let sent = Instant::now();
        let first = self.send_and_wait(&envelope, way.over);
        let again = match way.duplicate {
            Duplicate::None => None,
            Duplicate::SameEnvelope => Some(envelope.clone()),
            Duplicate::NewEnvelope => Some(renewed(&envelope)),
        };
        if let Some(again) = again {
            self.hub.send(&again, None);
        }
        let mut answer = first.await;
        for attempt in 1..=RETRIES {
            if answer.is_some() || !quirks.retry {
                break;
            }
            envelope = renewed(&envelope);
            envelope["retry_attempt"] = attempt.into();
            envelope["retry_reason"] = "timeout".into();
            answer = self.send_and_wait(&envelope, None).await;
        }
        Delivered {
            answer,
            latency_ms: sent.elapsed().as_secs_f64() * 1000.0,
        }
    }

    /// Sends an envelope at once; what is returned waits for its answer for as long as Slack does.
    fn send_and_wait(
        &self,
        envelope: &Value,
        over: Option<usize>,
    ) -> impl Future<Output = Option<Value>> + use<'_> {
        let sent = Instant::now();
        let answered = self.hub.deliver(envelope, over);
        let text = |name: &str| envelope[name].as_str().unwrap_or_default().to_owned();
        let (kind, id) = (text("type"), text("envelope_id"));
        async move {
            let answer = match answered {
                Some(answered) => timeout(PATIENCE, answered).await.ok().and_then(Result::ok),
                None => None,
            };
            let acknowledgements = &mut self.state().acknowledgements;
            match answer {
                Some(_) => acknowledgements.came(sent.elapsed()),
                None => acknowledgements.never_came(&kind, &id),
            }
            answer
        }
    }

    fn submission_payload(&self, open: &OpenView) -> Value {
        let mut view = open.with_state();
        let quirks = self.state().faults.quirks.clone();
        quirks.as_typed(&mut view["state"]["values"]);
        json!({
            "type": "view_submission",
            "team": { "id": TEAM, "domain": "school" },
            "user": people::in_payload(&open.user),
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
            "push" if block_kit::check_view(&answer["view"]).is_empty() => {
                let id = state.id("V");
                state
                    .views
                    .push(OpenView::new(id, &open.user, &answer["view"]));
                ("pushed", None)
            }
            "update" if block_kit::check_view(&answer["view"]).is_empty() => {
                if let Some(view) = state.views.iter_mut().find(|view| view.id == open.id) {
                    view.update(&answer["view"]);
                }
                ("updated", None)
            }
            _ => ("trouble", None),
        }
    }
}

/// The same under a new id.
fn renewed(envelope: &Value) -> Value {
    let mut again = envelope.clone();
    again["envelope_id"] = Uuid::new_v4().to_string().into();
    again
}

/// What Slack may add one day.
fn add_unknown(payload: &mut Value) {
    payload["a_new_field"] = json!({ "nested": [1, null, "x"] });
    if payload["view"].is_object() {
        payload["view"]["a_new_field"] = json!([{}]);
        payload["view"]["state"]["values"]["a_new_block"] =
            json!({ "x": { "type": "hologram_input", "hologram": { "depth": 3 } } });
        if let Some(blocks) = payload["view"]["blocks"].as_array_mut() {
            blocks.push(json!({ "type": "hologram", "block_id": "a_new_block" }));
        }
    }
    payload["user"]["a_new_field"] = json!(true);
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
}
