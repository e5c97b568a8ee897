//! The workspace's channels, and which of them the app is in.

use std::collections::HashMap;

use serde::Deserialize;

/// A channel, as an app meets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// The app is in it.
    Joined,
    /// It is public, and the app is not in it.
    Public,
    /// It is private, and the app is not in it: it does not see that there is one.
    Private,
    /// It is archived.
    Archived,
}

/// All of them. What is in none of them is no channel.
#[derive(Default)]
pub(crate) struct Channels(HashMap<String, Standing>);

impl Channels {
    /// From now on a channel is so.
    pub(crate) fn set(&mut self, channel: String, standing: Standing) {
        self.0.insert(channel, standing);
    }

    /// Whether the app may post there; `None` for what is no channel.
    /// Source: <https://docs.slack.dev/reference/methods/chat.postMessage#errors>.
    pub(crate) fn takes(&self, channel: &str) -> Option<Result<(), &'static str>> {
        Some(match self.0.get(channel)? {
            Standing::Joined => Ok(()),
            Standing::Public => Err("not_in_channel"),
            Standing::Private => Err("channel_not_found"),
            Standing::Archived => Err("is_archived"),
        })
    }
}
