//! What people do arrives as Slack sends it, and what hangs on it works as long as it should.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::{BOT, Slack, error};

/// An app that acknowledges all and does nothing.
struct Connected {
    slack: Slack,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Connected {
    async fn start() -> Self {
        let slack = Slack::start().await;
        let opened = slack
            .call("apps.connections.open", "xapp-1-right", json!({}))
            .await;
        let (socket, _) = connect_async(opened["url"].as_str().unwrap())
            .await
            .unwrap();
        slack
            .until("/sim/connections", |seen| seen["open"] == 1)
            .await;
        Self { slack, socket }
    }

    /// Does something as a person; the payload that comes of it.
    async fn payload(&mut self, path: &str, done: Value) -> Value {
        let heard = async {
            loop {
                let Message::Text(frame) = self.socket.next().await.unwrap().unwrap() else {
                    continue;
                };
                let mut frame: Value = serde_json::from_str(&frame).unwrap();
                if let Some(id) = frame["envelope_id"].as_str() {
                    let acknowledged = json!({ "envelope_id": id }).to_string();
                    self.socket.send(Message::text(acknowledged)).await.unwrap();
                    return frame["payload"].take();
                }
            }
        };
        let (payload, outcome) = tokio::join!(heard, self.slack.post(path, done));
        assert_ne!(outcome["acknowledged"], false, "{outcome}");
        payload
    }

    async fn command(&mut self, user: &str) -> Value {
        let typed = json!({"user": user, "command": "/sendsecret", "text": ""});
        self.payload("/sim/command", typed).await
    }

    async fn bot(&self, method: &str, arguments: Value) -> Value {
        self.slack.call(method, BOT, arguments).await
    }

    /// Opens a dialog with a button and a field, neither with an id.
    async fn opens(&self, command: &Value) -> Value {
        let arguments = json!({"trigger_id": command["trigger_id"], "view": view()});
        self.bot("views.open", arguments).await
    }
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn row() -> Value {
    json!({"type": "actions", "elements": [
        {"type": "button", "text": plain("More"), "value": "v", "style": "primary"}]})
}

fn view() -> Value {
    json!({"type": "modal", "title": plain("Title"), "submit": plain("Send"), "blocks": [
        row(), {"type": "input", "label": plain("Field"), "element": {"type": "plain_text_input"}}]})
}

#[tokio::test]
async fn a_dialogs_faults_go_by_whose_it_is() {
    let mut app = Connected::start().await;
    let dialogs = [app.command("U0ALICE").await, app.command("U0BOB").await];
    let opened = app.opens(&dialogs[1]).await;
    assert_eq!(opened["ok"], true, "{opened}");
    let used = app.opens(&dialogs[1]).await;
    assert_eq!(error(&used), "exchanged_trigger_id");
    let fault = json!({"method": "views.*", "to": "U0BOB", "error": "x"});
    app.slack.post("/sim/fault", fault).await;
    let again = app.command("U0BOB").await;
    assert_eq!(error(&app.opens(&again).await), "x");
    let update = json!({"view_id": opened["view"]["id"], "view": view()});
    assert_eq!(error(&app.bot("views.update", update).await), "x");
    assert_eq!(error(&app.opens(&dialogs[0]).await), "none");
}

#[tokio::test]
async fn a_press_in_a_message_says_all_that_slack_says() {
    let mut app = Connected::start().await;
    let posted = app
        .bot(
            "chat.postMessage",
            json!({"channel": "D0BOB", "text": "x", "blocks": [row()]}),
        )
        .await;
    let block = &posted["message"]["blocks"][0];
    let button = &block["elements"][0];
    let press = json!({"user": "U0BOB", "channel": "D0BOB", "ts": posted["ts"],
        "action_id": button["action_id"]});
    let payload = app.payload("/sim/press", press).await;
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(
        payload["user"],
        json!({"id": "U0BOB", "username": "bob", "name": "bob", "team_id": "T0SCHOOL"})
    );
    assert_eq!(
        payload["container"],
        json!({"type": "message", "message_ts": posted["ts"], "channel_id": "D0BOB",
            "is_ephemeral": false})
    );
    assert_eq!(
        payload["channel"],
        json!({"id": "D0BOB", "name": "directmessage"})
    );
    assert_eq!(payload["message"], posted["message"]);
    assert_eq!(payload["state"], json!({"values": {}}));
    assert!(payload["token"].is_string() && payload["view"].is_null());
    let action = &payload["actions"][0];
    assert_eq!(action["block_id"], block["block_id"]);
    assert_eq!(action["action_id"], button["action_id"]);
    assert_eq!(action["text"]["emoji"], true);
    assert_eq!(
        (&action["value"], &action["style"]),
        (&json!("v"), &json!("primary"))
    );
    assert_ne!(
        action["action_ts"], posted["ts"],
        "the press has its own time"
    );
    let url = payload["response_url"].as_str().unwrap();
    let path = url.strip_prefix(&app.slack.url).unwrap();
    let heard = app.slack.responds(path, &json!({"text": "heard"})).await;
    assert_eq!(heard, (200, "ok".to_owned()));
    let seen = app.slack.get("/sim/ephemerals?user=U0BOB").await;
    assert_eq!(seen[0]["text"], "heard");
}

#[tokio::test]
async fn dialogs_come_back_with_ids_and_defaults() {
    let mut app = Connected::start().await;
    let command = app.command("U0BOB").await;
    let view = app.opens(&command).await["view"].take();
    assert_eq!(view["title"]["emoji"], true);
    let (row, input) = (&view["blocks"][0], &view["blocks"][1]);
    assert_eq!(
        (&input["optional"], &input["dispatch_action"]),
        (&json!(false), &json!(false))
    );
    let field = input["element"]["action_id"].as_str().unwrap();
    let values = json!({(input["block_id"].as_str().unwrap()): {field: {"value": "typed"}}});
    let press = json!({"user": "U0BOB", "view_id": view["id"], "values": values,
        "action_id": row["elements"][0]["action_id"]});
    let payload = app.payload("/sim/press", press).await;
    assert_eq!(
        payload["container"],
        json!({"type": "view", "view_id": view["id"]})
    );
    assert_eq!(payload["actions"][0]["block_id"], row["block_id"]);
    let state = &payload["view"]["state"]["values"];
    let block = input["block_id"].as_str().unwrap();
    assert_eq!(state[block][field]["value"], "typed");
    for name in ["response_url", "message", "channel"] {
        assert!(payload[name].is_null(), "{name}");
    }
}

#[tokio::test]
async fn response_urls_end_and_fail_on_demand() {
    let mut app = Connected::start().await;
    let command = app.command("U0ALICE").await;
    let url = command["response_url"].as_str().unwrap();
    let path = url.strip_prefix(&app.slack.url).unwrap();
    let slack = &app.slack;
    let answer = json!({"text": "hello"});
    for (mut fault, status, text) in [
        (json!({"error": "used_url"}), 404, "used_url"),
        (
            json!({"status": 500, "error": "rollback_error"}),
            500,
            "rollback_error",
        ),
        (
            json!({"mode": "garbage"}),
            200,
            "<html>you sent {\"text\":\"hello\"}",
        ),
        (json!({"error": "x", "to": "U0BOB"}), 200, "ok"),
    ] {
        fault["method"] = "response_url".into();
        fault["times"] = 1.into();
        slack.post("/sim/fault", fault).await;
        let expected = (status, text.to_owned());
        assert_eq!(slack.responds(path, &answer).await, expected);
    }
    let heard = slack.get("/sim/ephemerals?user=U0ALICE").await;
    assert_eq!(
        heard,
        json!([{"user": "U0ALICE", "text": "hello", "blocks": []}])
    );
    let given = slack.get("/sim/responses").await;
    assert_eq!(given[0]["uses"], 1);
    let older = json!({"seconds": 1800});
    slack.post("/sim/age-responses", older).await;
    let expired = (404, "expired_url".to_owned());
    assert_eq!(slack.responds(path, &answer).await, expired);
}
