//! What of Slack can be called.

/// The methods that there are.
pub(crate) const METHODS: [&str; 13] = [
    "apps.connections.open",
    "apps.manifest.export",
    "auth.test",
    "blocks.validate",
    "bots.info",
    "chat.delete",
    "chat.postMessage",
    "chat.update",
    "conversations.open",
    "users.info",
    "views.open",
    "views.push",
    "views.update",
];

/// What calls of response URLs go by, where those of methods go by their names.
pub(crate) const RESPONSE_URL: &str = "response_url";
