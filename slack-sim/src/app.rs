//! The app as it is set up at Slack: its bot token's scopes and its manifest.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::people::APP;

/// The app configuration token that reads the manifest.
pub(crate) const CONFIGURATION_TOKEN: &str = "xoxe.xoxp-1-simulator";

/// What can be set up.
#[derive(Clone, Deserialize)]
#[serde(default)]
pub(crate) struct App {
    scopes: Vec<String>,
    manifest: Value,
}

impl Default for App {
    fn default() -> Self {
        let scopes = ["commands", "chat:write", "im:write", "users:read"];
        Self {
            scopes: scopes.map(str::to_owned).to_vec(),
            manifest: json!({
                "features": {
                    "app_home": {
                        "messages_tab_enabled": true,
                        "messages_tab_read_only_enabled": true,
                    },
                    "slash_commands": [{ "command": "/sendsecret", "should_escape": true }],
                },
                "settings": {
                    "interactivity": { "is_enabled": true },
                    "socket_mode_enabled": true,
                },
            }),
        }
    }
}

impl App {
    /// As Slack tells them in the head of every answer.
    pub(crate) fn scopes(&self) -> String {
        self.scopes.join(",")
    }

    /// `bots.info`.
    pub(crate) fn bot(bot: &str) -> Result<Value, &'static str> {
        if bot != "B0SECRET" {
            return Err("bot_not_found");
        }
        Ok(
            json!({ "bot": { "id": bot, "deleted": false, "name": "Secure Secret", "app_id": APP } }),
        )
    }

    /// `apps.manifest.export`.
    pub(crate) fn export(&self, app: &str) -> Result<Value, &'static str> {
        if app != APP {
            return Err("invalid_app_id");
        }
        Ok(json!({ "manifest": self.manifest }))
    }
}
