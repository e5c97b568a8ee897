//! A message of the app.

use serde::Serialize;
use serde_json::{Value, json};

use crate::people;

/// A message of the app.
#[derive(Clone, Serialize)]
pub(crate) struct Message {
    pub(crate) channel: String,
    pub(crate) ts: String,
    /// The message that this one replies to.
    pub(crate) thread_ts: Option<String>,
    pub(crate) text: String,
    pub(crate) blocks: Value,
    pub(crate) unfurl_links: Option<bool>,
    pub(crate) unfurl_media: Option<bool>,
    pub(crate) edited: bool,
    /// Where it made a notification.
    pub(crate) rang: Vec<&'static str>,
}

impl Message {
    /// As answers and payloads have it.
    pub(crate) fn as_slack(&self) -> Value {
        let mut message = json!({
            "type": "message",
            "user": people::APP_USER,
            "bot_id": "B0SECRET",
            "app_id": people::APP,
            "team": people::TEAM,
            "ts": self.ts,
            "text": self.text,
            "blocks": self.blocks,
        });
        if let Some(thread) = &self.thread_ts {
            message["thread_ts"] = thread.as_str().into();
            message["parent_user_id"] = people::APP_USER.into();
        }
        if self.edited {
            message["edited"] = json!({ "user": people::APP_USER, "ts": self.ts });
        }
        message
    }
}
