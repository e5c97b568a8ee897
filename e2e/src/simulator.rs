//! Acting as people in the simulated Slack.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::{Process, eventually, eventually_within, invariants::Conversations};

/// Longest wait for a modal under load.
const MODAL_PATIENCE: Duration = Duration::from_mins(2);

/// The simulated Slack.
pub struct Simulator {
    /// Its page and its API.
    pub url: String,
    /// Where its WebSockets are, host and port.
    pub sockets: String,
    http: reqwest::Client,
    _process: Process,
}

/// What somebody fills into the dialog.
#[derive(Clone, Debug, Default)]
pub struct Submission<'a> {
    /// The recipient's id; the preset one if `None`.
    pub recipient: Option<&'a str>,
    /// The secret.
    pub secret: &'a str,
    /// The note.
    pub note: &'a str,
    /// The lifetime's code; the preset one if `None`.
    pub lifetime: Option<&'a str>,
    /// Whether the envelope comes twice: `same_envelope` or `new_envelope`.
    pub duplicate: Option<&'a str>,
    /// The connection over which the envelope comes; any one if `None`.
    pub over: Option<u64>,
}

impl Simulator {
    pub(crate) async fn start(app_token: &str, bot_token: &str, more: &[&str], log: &Path) -> Self {
        let tokens = ["--app-token", app_token, "--bot-token", bot_token];
        let arguments = [&tokens[..], more].concat();
        let variables = [("RUST_LOG", "trace".to_owned())];
        let mut process = Process::start("slack-sim", &arguments, &variables, log);
        let line: Value = serde_json::from_str(&process.line_with("\"url\"").await).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        Self {
            url: text("url"),
            sockets: text("sockets"),
            http: reqwest::Client::new(),
            _process: process,
        }
    }

    /// Reads something.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self
            .http
            .get(format!("{}/sim{path}", self.url))
            .send()
            .await
            .unwrap();
        answer.json().await.unwrap()
    }

    /// Does something.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/sim{path}", self.url);
        let answer = self.http.post(url).json(body).send().await.unwrap();
        let status = answer.status();
        let said = answer.text().await.unwrap();
        assert!(status.is_success(), "{path} {status} {said}");
        serde_json::from_str(&said).unwrap()
    }

    /// Types `/sendsecret` and waits for the dialog.
    pub async fn open_dialog(&self, user: &str, text: &str) -> Value {
        let known = self.dialogs(user).await.len();
        let typed = json!({ "user": user, "command": "/sendsecret", "text": text });
        let outcome = self.post("/command", &typed).await;
        assert_eq!(outcome["acknowledged"], true, "{outcome}");
        eventually("the dialog", || async {
            let dialogs = self.dialogs(user).await;
            (dialogs.len() > known)
                .then(|| dialogs.last().cloned())
                .flatten()
        })
        .await
    }

    /// Presses a button of a dialog in which this was typed.
    pub async fn press(&self, user: &str, dialog: &Value, action: &str, values: &Value) {
        let press = json!({
            "user": user,
            "view_id": dialog["id"],
            "action_id": action,
            "values": values,
        });
        let outcome = self.post("/press", &press).await;
        assert_eq!(outcome["acknowledged"], true, "{outcome}");
    }

    /// Presses a button of a message, as it is or otherwise: what stands in `more` goes along.
    pub async fn press_in(&self, user: &str, message: &Value, action: &str, more: &Value) -> Value {
        let mut press = json!({
            "user": user,
            "channel": message["channel"],
            "ts": message["ts"],
            "action_id": action,
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            press[name] = value.clone();
        }
        let outcome = self.post("/press", &press).await;
        assert_eq!(outcome["acknowledged"], true, "{outcome}");
        outcome
    }

    /// Presses such a button, and waits for the modal: from the press to its opening, in
    /// milliseconds, and its title.
    pub async fn press_for_modal(&self, user: &str, action: &str, row: &Value) -> (f64, String) {
        let pressed = now_ms();
        let outcome = self.press_row(user, action, row, &json!({})).await;
        assert_eq!(outcome["answered"], true, "{outcome}");
        let modal = eventually_within(MODAL_PATIENCE, "a modal", || async {
            self.dialogs(user).await.pop()
        })
        .await;
        let close = json!({ "user": user, "view_id": modal["id"] });
        self.post("/close", &close).await;
        let latency = modal["opened_at_ms"].as_f64().unwrap() - pressed;
        (latency, modal["title"].as_str().unwrap().to_owned())
    }

    /// Presses a button about a row that may stand nowhere; what stands in `more` replaces what
    /// Slack would say. The answer of the envelope.
    pub async fn press_row(&self, user: &str, action: &str, row: &Value, more: &Value) -> Value {
        let trigger = self.post("/trigger", &json!({ "user": user })).await;
        let mut payload = json!({
            "type": "block_actions",
            "user": { "id": user },
            "team": { "id": "T0SCHOOL" },
            "trigger_id": trigger["trigger_id"],
            "container": { "type": "message", "channel_id": "D1", "message_ts": "1.1" },
            "actions": [{ "action_id": action, "value": row, "action_ts": trigger["trigger_id"] }],
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            payload[name] = value.clone();
        }
        let envelope = json!({ "type": "interactive", "payload": payload });
        self.post("/envelope", &envelope).await
    }

    /// What somebody is shown next, after so many modals.
    pub async fn shown_after(&self, user: &str, known: usize) -> Value {
        eventually("a modal", || async {
            let dialogs = self.dialogs(user).await;
            dialogs.get(known).cloned()
        })
        .await
    }

    /// The dialogs that somebody has open.
    pub async fn dialogs(&self, user: &str) -> Vec<Value> {
        let views = self.get(&format!("/views?user={user}")).await;
        views.as_array().unwrap().clone()
    }

    /// Submits a dialog.
    pub async fn submit(&self, user: &str, dialog: &Value, submission: &Submission<'_>) -> Value {
        let mut values = json!({
            "secret": { "value": { "value": submission.secret } },
            "note": { "value": { "value": submission.note } },
        });
        if let Some(recipient) = submission.recipient {
            values["recipient"] = json!({ "value": { "selected_user": recipient } });
        }
        if let Some(lifetime) = submission.lifetime {
            values["lifetime"] = json!({ "value": { "selected_option": lifetime } });
        }
        let body = json!({
            "user": user,
            "view_id": dialog["id"],
            "values": values,
            "duplicate": submission.duplicate.unwrap_or("none"),
            "over": submission.over,
        });
        self.post("/submit", &body).await
    }

    /// The app's messages to somebody, once there are so many.
    pub async fn messages(&self, user: &str, count: usize) -> Vec<Value> {
        eventually(&format!("{count} messages to {user}"), || async {
            let messages = self.messages_now(user).await;
            (messages.len() >= count).then_some(messages)
        })
        .await
    }

    /// The app's messages to somebody so far.
    pub async fn messages_now(&self, user: &str) -> Vec<Value> {
        let messages = self.get(&format!("/messages?user={user}")).await;
        messages.as_array().unwrap().clone()
    }

    /// Lets the next calls of a method fail.
    pub async fn fail(&self, fault: &Value) {
        self.post("/fault", fault).await;
    }

    /// Lets everything go well from now on.
    pub async fn heal(&self) {
        self.post("/heal", &json!({})).await;
    }

    /// Ends the app's conversation with somebody; the next one has another id.
    pub async fn end_conversation(&self, user: &str) {
        self.post("/dead-dm", &json!({ "user": user })).await;
    }

    /// From now on a channel is so: `joined`, `public`, `private` or `archived`.
    pub async fn set_channel(&self, channel: &str, standing: &str) {
        let set = json!({ "channel": channel, "standing": standing });
        self.post("/channel", &set).await;
    }

    /// Refuses every edit of a message with this code.
    pub async fn refuse_edits(&self, code: &str) {
        self.post("/quirks", &json!({ "edits_refused": code }))
            .await;
    }

    /// Makes the response URLs so far older.
    pub async fn age_responses(&self, seconds: u64) {
        self.post("/age-responses", &json!({ "seconds": seconds }))
            .await;
    }

    /// What somebody was answered by response URLs so far.
    pub async fn ephemerals(&self, user: &str) -> Vec<Value> {
        let heard = self.get(&format!("/ephemerals?user={user}")).await;
        heard.as_array().unwrap().clone()
    }

    /// Which messages were deleted so far, as `channel` and `ts`.
    pub async fn deletions(&self) -> Vec<Value> {
        self.get("/deletions").await.as_array().unwrap().clone()
    }

    /// Lets the next connection fail in its handshake.
    pub async fn fail_handshake(&self, fault: &str) {
        self.post("/handshake", &json!({ "fault": fault })).await;
    }

    /// Does something to every connection.
    pub async fn act(&self, act: &Value) {
        self.post("/socket", act).await;
    }

    /// Calls of a method so far, under way or not.
    pub async fn calls(&self, method: &str) -> usize {
        let calls = self.get("/calls").await;
        let calls = calls.as_array().unwrap().iter();
        calls.filter(|call| call["method"] == method).count()
    }

    /// The ids of the open connections, once there are so many.
    pub async fn connections(&self, count: usize) -> Vec<u64> {
        eventually(&format!("{count} connections"), || async {
            let seen = self.get("/connections").await;
            let ids = seen["ids"].as_array().unwrap().iter();
            let ids: Vec<_> = ids.filter_map(Value::as_u64).collect();
            (ids.len() == count).then_some(ids)
        })
        .await
    }

    /// What stands in everybody's conversations, and what was ever posted there.
    pub async fn conversations(&self) -> Conversations {
        let list = |value: Value| value.as_array().unwrap().clone();
        Conversations {
            messages: list(self.get("/all-messages").await),
            postings: list(self.get("/postings").await),
        }
    }
}

fn now_ms() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_secs_f64() * 1000.0
}
