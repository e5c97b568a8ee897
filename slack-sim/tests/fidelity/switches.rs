//! What goes wrong on purpose does go wrong, as it was asked for and for whom.

use serde_json::{Value, json};

use crate::{BOT, Slack, error};

impl Slack {
    async fn bot(&self, method: &str, arguments: Value) -> Value {
        self.call(method, BOT, arguments).await
    }

    /// Posts to a channel that nothing was posted to within the second before.
    async fn posts(&self, channel: &str, more: Value) -> Value {
        let mut arguments = json!({"channel": channel, "text": "x"});
        for (name, value) in more.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        loop {
            let answer = self.bot("chat.postMessage", arguments.clone()).await;
            if answer["error"] != "ratelimited" {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn one_persons_fault_is_nobody_elses() {
    let slack = Slack::start().await;
    let posted = slack.posts("D0BOB", json!({})).await;
    let ts = &posted["ts"];
    slack
        .post(
            "/sim/fault",
            json!({"method": "*", "to": "U0BOB", "error": "x", "messages": ["why"]}),
        )
        .await;
    for (method, bobs, others) in [
        (
            "users.info",
            json!({"user": "U0BOB"}),
            json!({"user": "U0ALICE"}),
        ),
        (
            "conversations.open",
            json!({"users": "U0BOB"}),
            json!({"users": ["U0ALICE"]}),
        ),
        (
            "chat.postMessage",
            json!({"channel": "U0BOB", "text": "x"}),
            json!({"channel": "D0ALICE", "text": "x"}),
        ),
        (
            "chat.update",
            json!({"channel": "D0BOB", "ts": ts, "text": "x"}),
            json!({"channel": "D0ALICE", "ts": "1", "text": "x"}),
        ),
        (
            "chat.delete",
            json!({"channel": "D0BOB", "ts": ts}),
            json!({"channel": "D0ALICE", "ts": "1"}),
        ),
    ] {
        for _ in 0..2 {
            let refused = slack.bot(method, bobs.clone()).await;
            assert_eq!(error(&refused), "x", "{method}");
            assert_eq!(refused["response_metadata"]["messages"][0], "why");
        }
        let other = slack.bot(method, others).await;
        assert_ne!(error(&other), "x", "{method}");
    }
    slack.post("/sim/heal", json!({})).await;
    let deleted = slack
        .bot("chat.delete", json!({"channel": "D0BOB", "ts": ts}))
        .await;
    assert_eq!(deleted["ok"], true, "{deleted}");
    assert_eq!(
        slack.get("/sim/deletions").await,
        json!([{"channel": "D0BOB", "ts": ts}])
    );
    let messages = slack.get("/sim/messages?user=U0BOB").await;
    assert_eq!(messages, json!([]));
    let again = slack
        .bot("chat.delete", json!({"channel": "D0BOB", "ts": ts}))
        .await;
    assert_eq!(error(&again), "message_not_found");
}

#[tokio::test]
async fn a_pause_is_announced_as_it_was_given() {
    let slack = Slack::start().await;
    for (given, sent) in [
        (json!("soon"), Some("soon")),
        (
            json!(18_446_744_073_709_551_615_u64),
            Some("18446744073709551615"),
        ),
        (json!(""), Some("")),
        (Value::Null, None),
    ] {
        slack
            .post(
                "/sim/fault",
                json!({"method": "auth.test", "status": 429, "retry_after": given, "times": 1}),
            )
            .await;
        let url = format!("{}/api/auth.test", slack.url);
        let answer = slack.http.post(url).bearer_auth(BOT).send().await.unwrap();
        assert_eq!(answer.status(), 429);
        let pause = answer.headers().get("retry-after");
        assert_eq!(pause.map(|value| value.to_str().unwrap()), sent);
    }
    let limited = json!({"method": "auth.test", "error": "ratelimited", "times": 1});
    slack.post("/sim/fault", limited).await;
    assert_eq!(
        error(&slack.bot("auth.test", json!({})).await),
        "ratelimited"
    );
    assert_eq!(slack.bot("auth.test", json!({})).await["ok"], true);
}

#[tokio::test]
async fn a_fault_that_can_never_happen_is_refused() {
    let slack = Slack::start().await;
    for wrong in [
        json!({"method": "chat.postmessage"}),
        json!({"method": "*", "to": "U0NOBODY"}),
        json!({"method": "*", "retry_after": 1.5}),
        json!({"method": "*", "unknown": 1}),
    ] {
        let (status, _) = slack.responds("/sim/fault", &wrong).await;
        assert_eq!(status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn replies_stand_in_their_thread() {
    let slack = Slack::start().await;
    let parent = slack.posts("D0BOB", json!({})).await["ts"].clone();
    let reply = slack.posts("D0BOB", json!({"thread_ts": parent})).await;
    assert_eq!(reply["message"]["thread_ts"], parent);
    let nested = slack
        .posts("D0BOB", json!({"thread_ts": reply["ts"]}))
        .await;
    assert_eq!(nested["message"]["thread_ts"], parent);
    for (channel, thread) in [("D0BOB", json!("1.000001")), ("D0ALICE", parent.clone())] {
        let lost = slack.posts(channel, json!({"thread_ts": thread})).await;
        assert_eq!(error(&lost), "thread_not_found", "{channel}");
    }
    let messages = slack.get("/sim/messages?user=U0BOB").await;
    let threads: Vec<_> = messages
        .as_array()
        .unwrap()
        .iter()
        .map(|each| &each["thread_ts"])
        .collect();
    assert_eq!(threads, [&Value::Null, &parent, &parent]);
}

#[tokio::test]
async fn edits_are_refused_while_messages_still_go() {
    let slack = Slack::start().await;
    let ts = slack.posts("D0BOB", json!({})).await["ts"].clone();
    let edit = json!({"channel": "D0BOB", "ts": ts, "text": "changed"});
    slack
        .post(
            "/sim/quirks",
            json!({"edits_refused": "edit_window_closed"}),
        )
        .await;
    let refused = slack.bot("chat.update", edit.clone()).await;
    assert_eq!(error(&refused), "edit_window_closed");
    let messages = slack.get("/sim/messages?user=U0BOB").await;
    assert_eq!(messages[0]["text"], "x");
    slack
        .post("/sim/quirks", json!({"edits_refused": null}))
        .await;
    assert_eq!(slack.bot("chat.update", edit).await["ok"], true);
}

#[tokio::test]
async fn a_dead_conversation_takes_nothing_and_has_a_successor() {
    let slack = Slack::start().await;
    let ts = slack.posts("D0BOB", json!({})).await["ts"].clone();
    slack.post("/sim/dead-dm", json!({"user": "U0BOB"})).await;
    for (method, arguments) in [
        ("chat.postMessage", json!({"channel": "D0BOB", "text": "x"})),
        (
            "chat.update",
            json!({"channel": "D0BOB", "ts": ts, "text": "x"}),
        ),
        ("chat.delete", json!({"channel": "D0BOB", "ts": ts})),
    ] {
        let refused = slack.bot(method, arguments).await;
        assert_eq!(error(&refused), "channel_not_found", "{method}");
    }
    let opened = slack
        .bot("conversations.open", json!({"users": "U0BOB"}))
        .await;
    let next = opened["channel"]["id"].as_str().unwrap();
    assert_ne!(next, "D0BOB");
    assert_eq!(slack.posts(next, json!({})).await["channel"], next);
    assert_eq!(slack.posts("U0BOB", json!({})).await["channel"], next);
    let messages = slack.get("/sim/messages?user=U0BOB").await;
    let channels: Vec<_> = messages
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["channel"].as_str().unwrap())
        .collect();
    assert_eq!(channels, ["D0BOB", next, next]);
}
