//! Slack's own clients take the simulator for Slack.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, and starts the simulator and its clients"
)]

mod payloads;
mod switches;

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// The token that the bot has.
const BOT: &str = "xoxb-right";

struct Slack {
    url: String,
    http: Client,
    _process: Child,
}

impl Slack {
    async fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_slack-sim"))
            .args(["--app-token", "xapp-1-right", "--bot-token", "xoxb-right"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        let url = line["url"].as_str().unwrap().to_owned();
        Self {
            url,
            http: Client::new(),
            _process: process,
        }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.url)).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.url));
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn call(&self, method: &str, token: &str, arguments: Value) -> Value {
        let request = self.http.post(format!("{}/api/{method}", self.url));
        let request = request.bearer_auth(token).json(&arguments);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn responds(&self, path: &str, body: &Value) -> (u16, String) {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let seen = self.get(path).await;
            if holds(&seen) {
                return seen;
            }
            assert!(Instant::now() < deadline, "{path}: {seen}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// An answer's error code.
fn error(answer: &Value) -> &str {
    answer["error"].as_str().unwrap_or("none")
}

/// The send script: a dialog, a mistake, a submission, a message that changes.
async fn sends_a_secret(slack: &Slack, mut app: Command) {
    let _app = app
        .env("BASE_URL", format!("{}/api/", slack.url))
        .env("APP_TOKEN", "xapp-1-right")
        .env("BOT_TOKEN", "xoxb-right")
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    slack
        .until("/sim/connections", |seen| seen["open"] == 1)
        .await;

    let typed = json!({"user": "U0ALICE", "command": "/sendsecret", "text": ""});
    let outcome = slack.post("/sim/command", typed).await;
    assert_eq!(outcome["acknowledged"], true, "{outcome}");
    let dialogs = slack
        .until("/sim/views?user=U0ALICE", |seen| seen[0]["id"].is_string())
        .await;
    let submission = |secret: &str| {
        json!({"user": "U0ALICE", "view_id": dialogs[0]["id"], "values": {
            "recipient": {"value": {"selected_user": "U0CHLOE"}},
            "secret": {"value": {"value": secret}},
        }})
    };
    let refused = slack.post("/sim/submit", submission("")).await;
    assert_eq!(
        refused["errors"],
        json!({"secret": "Type something"}),
        "{refused}"
    );
    let taken = slack.post("/sim/submit", submission("x")).await;
    assert_eq!(taken["outcome"], "closed", "{taken}");
    let messages = slack
        .until("/sim/messages?user=U0CHLOE", |seen| {
            seen[0]["edited"] == true
        })
        .await;
    assert_eq!(messages[0]["text"], "changed");
    presses_its_button(slack, &messages[0]).await;
    let calls = slack.get("/sim/calls").await;
    // Slack takes one message a second for a conversation; its clients try again.
    let went_well = |call: &Value| call["ok"] != false || call["error"] == "ratelimited";
    assert!(calls.as_array().unwrap().iter().all(went_well), "{calls}");
}

/// A button in the message opens a modal, which is changed and has a button with an address; and
/// there is a reply in the message's thread.
async fn presses_its_button(slack: &Slack, message: &Value) {
    let press =
        json!({"user": "U0CHLOE", "channel": "D0CHLOE", "ts": message["ts"], "action_id": "get"});
    let pressed = slack.post("/sim/press", press).await;
    assert_eq!(pressed["acknowledged"], true, "{pressed}");
    let says = |seen: &Value, text: &str| seen[0]["view"]["blocks"][0]["text"]["text"] == text;
    let views = "/sim/views?user=U0CHLOE";
    let shown = slack.until(views, |seen| says(seen, "your link")).await;
    let link = &shown[0]["view"]["blocks"][1]["elements"][0]["url"];
    assert_eq!(link, "https://example.org/row/U0CHLOE");
    let press = json!({"user": "U0CHLOE", "view_id": shown[0]["id"], "action_id": "follow"});
    let pressed = slack.post("/sim/press", press).await;
    assert_eq!(pressed["acknowledged"], true, "{pressed}");
    assert_eq!(&pressed["url"], link);
    slack.until(views, |seen| says(seen, "followed")).await;
    let is_reply = |seen: &Value| seen[1]["thread_ts"] == message["ts"];
    slack.until("/sim/messages?user=U0CHLOE", is_reply).await;
}

fn provided(name: &str) -> String {
    std::env::var(name).expect("`cargo xtask test` sets it")
}

#[tokio::test]
async fn a_slack_bolt_app_runs_unchanged() {
    let mut app = Command::new(provided("SLACK_BOLT_PYTHON"));
    app.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bolt_app.py"));
    sends_a_secret(&Slack::start().await, app).await;
}

#[tokio::test]
async fn a_bolt_for_javascript_app_runs_unchanged() {
    let mut app = Command::new(provided("SLACK_BOLT_NODE"));
    app.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bolt_app.cjs"));
    sends_a_secret(&Slack::start().await, app).await;
}

/// A call with a token, and the error that it gets.
type Mistake<'a> = (&'a str, &'a str, Value, &'a str);

impl Slack {
    async fn refuses(&self, mistakes: impl IntoIterator<Item = Mistake<'_>>) {
        for (method, token, arguments, code) in mistakes {
            let answer = self.call(method, token, arguments).await;
            let refused = (&answer["ok"], error(&answer));
            assert_eq!(refused, (&json!(false), code), "{method}");
        }
    }
}

#[tokio::test]
async fn mistakes_in_messages_get_slacks_own_errors() {
    let slack = Slack::start().await;
    let mistakes = [
        (
            "chat.postMessage",
            "xapp-1-right",
            json!({}),
            "not_allowed_token_type",
        ),
        (
            "chat.postMessage",
            BOT,
            json!({"channel": "D0NOBODY"}),
            "channel_not_found",
        ),
        (
            "chat.postMessage",
            BOT,
            json!({"channel": "D0BOB"}),
            "no_text",
        ),
        (
            "chat.postMessage",
            BOT,
            json!({"channel": "D0BOB", "blocks": [{}]}),
            "invalid_blocks",
        ),
        (
            "chat.update",
            BOT,
            json!({"channel": "D0BOB", "ts": "1", "text": "x"}),
            "message_not_found",
        ),
        (
            "chat.delete",
            BOT,
            json!({"channel": "D0NOBODY", "ts": "1"}),
            "channel_not_found",
        ),
        (
            "chat.postMessage",
            BOT,
            json!({"channel": "D0BOB", "blocks": {"type": "divider"}}),
            "invalid_blocks_format",
        ),
        ("chat.postMessage", BOT, json!(["D0BOB"]), "json_not_object"),
    ];
    slack.refuses(mistakes).await;
}

#[tokio::test]
async fn other_mistakes_get_slacks_own_errors() {
    let slack = Slack::start().await;
    let user = |id: &str| json!({ "users": id });
    let mistakes = [
        (
            "apps.connections.open",
            BOT,
            json!({}),
            "not_allowed_token_type",
        ),
        (
            "apps.connections.open",
            "xapp-1-wrong",
            json!({}),
            "invalid_auth",
        ),
        (
            "apps.connections.open",
            "",
            json!({"token": "xapp-1-right"}),
            "not_authed",
        ),
        ("conversations.open", BOT, user("U0GONE"), "user_disabled"),
        ("conversations.open", BOT, user("U0ROBOT"), "cannot_dm_bot"),
        (
            "conversations.open",
            BOT,
            user("U0NOBODY"),
            "user_not_found",
        ),
        (
            "conversations.open",
            BOT,
            json!({}),
            "users_list_not_supplied",
        ),
        (
            "users.info",
            BOT,
            json!({"user": "U0NOBODY"}),
            "user_not_found",
        ),
        (
            "views.open",
            BOT,
            json!({"trigger_id": "x", "view": {}}),
            "invalid_arguments",
        ),
        ("files.upload", BOT, json!({}), "unknown_method"),
    ];
    slack.refuses(mistakes).await;
    let by_get = slack
        .http
        .get(format!("{}/api/apps.connections.open", slack.url))
        .bearer_auth("xapp-1-right");
    let refused: Value = by_get.send().await.unwrap().json().await.unwrap();
    assert_eq!(error(&refused), "insecure_request");
    let typed = json!({"user": "U0ALICE", "command": "/sendsecret", "text": ""});
    let outcome = slack.post("/sim/command", typed).await;
    assert_eq!(outcome["error"], "dispatch_failed", "nobody is connected");
}
