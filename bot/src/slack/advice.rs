//! What an operator can do about a refusal.

use super::{Method, SlackError};

impl SlackError {
    /// What an operator can do about a fatal error.
    pub(crate) fn advice(&self) -> String {
        let (setting, what) = if self.method == Method::OpenConnection.as_str() {
            (
                "SLACK_APP_TOKEN",
                "an app-level token (xapp-...) with the scope connections:write, of an app with \
                 Socket Mode switched on: Basic Information, App-Level Tokens, and Socket Mode",
            )
        } else {
            (
                "SLACK_BOT_TOKEN",
                "the bot token (xoxb-...) of the app as it is installed in the workspace: OAuth & \
                 Permissions, Bot User OAuth Token",
            )
        };
        match &self.needed {
            Some(needed) => format!(
                "{setting} lacks the scope {needed}: give it to the Slack app under OAuth & \
                 Permissions (an app-level token's are chosen when it is made), install the app \
                 again, and use the token that Slack then shows (https://api.slack.com/apps)"
            ),
            None => format!(
                "Slack does not take {setting}. It must be {what} (https://api.slack.com/apps, your app)"
            ),
        }
    }
}

/// What an operator can do about a code by which Slack refuses the app, or may do so.
pub(crate) fn advice_for(code: &str) -> &'static str {
    match code {
        "messages_tab_disabled" => {
            "The Slack app's Messages Tab is switched off, so Slack takes no message of it: \
             https://api.slack.com/apps, your app, App Home, Show Tabs: switch the Messages Tab on"
        }
        "accesslimited" => {
            "Slack does not let the app in from this network: see the app's allowed IP address ranges \
             (https://api.slack.com/apps, your app, OAuth & Permissions) and the address from which \
             the bot calls"
        }
        "ekm_access_denied" => {
            "An administrator of the Slack organization has suspended messages with its encryption \
             keys (Enterprise Key Management): ask them"
        }
        "team_access_not_granted" | "enterprise_is_restricted" | "team_not_found" => {
            "The Slack app may not act in this workspace: have an administrator approve and install \
             it for the workspace (https://api.slack.com/apps, your app, Install App)"
        }
        "app_access_restricted" | "access_denied" => {
            "Slack denies the app access: ask an administrator whether the workspace restricts who \
             may use this app (Slack's administration, Apps)"
        }
        "two_factor_setup_required" => {
            "The workspace wants two-factor authentication set up first: ask an administrator of the \
             workspace, and install the app again with an account that has it"
        }
        "message_limit_exceeded" => {
            "The workspace has reached the limit of messages of its Slack plan: ask an administrator \
             of the workspace"
        }
        "deprecated_endpoint" | "method_deprecated" | "unknown_method" => {
            "Slack does not offer this method any more: see whether there is a newer version of \
             Secure Secret"
        }
        "no_permission" | "not_in_channel" | "is_archived" => {
            "Slack does not let the app write there: see that the app is installed with all scopes \
             of its manifest (https://api.slack.com/apps, your app, OAuth & Permissions), and install \
             it again"
        }
        _ if code.starts_with("restricted_action") || code == "user_is_restricted" => {
            "A setting of the workspace keeps the app from posting: ask an administrator of the \
             workspace who may post, and whether apps are restricted (Slack's administration)"
        }
        _ if is_about_the_request(code) => {
            "Slack does not take the message as it is made: see whether there is a newer version of \
             Secure Secret, and report the code if there is none"
        }
        _ => {
            "Slack refuses it with this code: look it up at https://docs.slack.dev/reference/methods, \
             and see how the app is set up (https://api.slack.com/apps)"
        }
    }
}

/// Whether a code finds fault with what was sent.
fn is_about_the_request(code: &str) -> bool {
    let starts = [
        "invalid_",
        "msg_",
        "metadata_",
        "missing_",
        "too_many_",
        "markdown_",
    ];
    code == "no_text" || starts.iter().any(|start| code.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::{
        super::codes::{Class, codes_of},
        *,
    };

    /// Each refusal of the app has an advice that fits it, not the one for whatever is unknown.
    #[test]
    fn every_refusal_of_the_app_has_its_advice() {
        let unknown = advice_for("a_new_code");
        for (method, refused) in codes_of(Class::App) {
            assert_ne!(advice_for(refused), unknown, "{method}: {refused}");
        }
        for refused in [
            "restricted_action_read_only_channel",
            "invalid_blocks_format",
            "no_text",
        ] {
            assert_ne!(advice_for(refused), unknown, "{refused}");
        }
        assert!(advice_for("messages_tab_disabled").contains("App Home"));
    }
}
