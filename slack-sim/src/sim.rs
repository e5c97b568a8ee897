//! The state of the workspace.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    acknowledgements::Acknowledgements,
    app::App,
    channels::Channels,
    direct_messages::DirectMessages,
    faults::{Faults, HandshakeFault},
    hub::Hub,
    messages::Message,
    response_urls::Responses,
    views::OpenView,
    workspace::Workspace,
};

/// How long a trigger is good for. Source: Slack's guide to modals.
const TRIGGER_LIFE: Duration = Duration::from_secs(3);
/// The app may post once a second to a channel; this leaves some play for clocks.
const POST_SPACING: Duration = Duration::from_millis(950);

/// The tokens that are taken.
pub(crate) struct Tokens {
    pub(crate) app: String,
    pub(crate) bot: String,
}

/// A simulated Slack.
pub(crate) struct Sim {
    pub(crate) tokens: Tokens,
    pub(crate) url: String,
    pub(crate) socket_url: String,
    /// Whether `@name` in commands arrives as `<@ID|name>`.
    pub(crate) escape: bool,
    pub(crate) hub: Hub,
    started: Instant,
    state: Mutex<State>,
}

/// What happened so far.
#[derive(Default)]
pub(crate) struct State {
    counter: u64,
    triggers: HashMap<String, Trigger>,
    pub(crate) responses: Responses,
    pub(crate) direct_messages: DirectMessages,
    pub(crate) channels: Channels,
    pub(crate) tickets: HashSet<String>,
    pub(crate) views: Vec<OpenView>,
    pub(crate) messages: Vec<Message>,
    /// Every message as it was posted, whatever became of it.
    pub(crate) postings: Vec<Message>,
    /// What was deleted, as `channel` and `ts`.
    pub(crate) deletions: Vec<Value>,
    pub(crate) ephemerals: Vec<Ephemeral>,
    pub(crate) calls: Vec<Call>,
    /// When the app last posted to each channel.
    posted: HashMap<String, Instant>,
    pub(crate) app: App,
    pub(crate) workspace: Workspace,
    pub(crate) faults: Faults,
    pub(crate) acknowledgements: Acknowledgements,
}

struct Trigger {
    user: String,
    /// The dialog in which it was caused.
    view: Option<String>,
    made: Instant,
    used: bool,
}

/// A message that one person sees.
#[derive(Clone, Serialize)]
pub(crate) struct Ephemeral {
    pub(crate) user: String,
    pub(crate) text: String,
    pub(crate) blocks: Value,
}

/// A call of the Web API: what was called and how it went, not what was sent.
#[derive(Clone, Serialize)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// `None` while it is under way, or when it was never answered.
    pub(crate) ok: Option<bool>,
    pub(crate) error: Option<String>,
    pub(crate) at_ms: u128,
}

impl Sim {
    pub(crate) fn new(tokens: Tokens, url: String, socket_url: String, escape: bool) -> Self {
        Self {
            tokens,
            url,
            socket_url,
            escape,
            hub: Hub::default(),
            started: Instant::now(),
            state: Mutex::new(State::default()),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn at_ms(&self) -> u128 {
        self.started.elapsed().as_millis()
    }
}

impl State {
    /// A fresh id with a prefix of Slack's.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        self.counter += 1;
        format!("{prefix}{:08}", self.counter)
    }

    /// A message's time stamp: seconds, and a counter that makes it unique.
    #[expect(
        clippy::disallowed_methods,
        reason = "it plays Slack, whose clock is its own"
    )]
    pub(crate) fn ts(&mut self) -> String {
        self.counter += 1;
        let seconds = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        format!("{seconds}.{:06}", self.counter % 1_000_000)
    }

    pub(crate) fn new_trigger(&mut self, user: &str) -> String {
        let id = format!("{}.{}", self.id("13"), Uuid::new_v4().simple());
        let trigger = Trigger {
            user: user.to_owned(),
            view: None,
            made: Instant::now(),
            used: false,
        };
        self.triggers.insert(id.clone(), trigger);
        id
    }

    /// A trigger that was caused in a dialog.
    pub(crate) fn new_trigger_in(&mut self, view_id: &str, user: &str) -> String {
        let id = self.new_trigger(user);
        if let Some(trigger) = self.triggers.get_mut(&id) {
            trigger.view = Some(view_id.to_owned());
        }
        id
    }

    /// The dialog in which a trigger was caused.
    pub(crate) fn view_of_trigger(&self, id: &str) -> Option<String> {
        self.triggers.get(id)?.view.clone()
    }

    /// Whose trigger it is; each is good once, for three seconds.
    pub(crate) fn use_trigger(&mut self, id: &str) -> Result<String, &'static str> {
        let expired = self.faults.quirks.expired_triggers;
        let trigger = self.triggers.get_mut(id).ok_or("invalid_trigger_id")?;
        if trigger.used {
            return Err("exchanged_trigger_id");
        }
        if expired || trigger.made.elapsed() > TRIGGER_LIFE {
            return Err("expired_trigger_id");
        }
        trigger.used = true;
        Ok(trigger.user.clone())
    }

    /// Whose trigger it is or was.
    pub(crate) fn trigger_owner(&self, id: &str) -> Option<&str> {
        self.triggers.get(id).map(|trigger| trigger.user.as_str())
    }

    /// What happens to a connection that is about to be opened.
    pub(crate) fn take_handshake_fault(&mut self) -> Option<HandshakeFault> {
        self.faults.take_handshake()
    }

    /// Whether the app may post to a channel now: once a second. If not, when it may.
    pub(crate) fn may_post(&mut self, channel: &str) -> Result<(), Duration> {
        let now = Instant::now();
        let last = self.posted.get(channel);
        let since = last.map_or(POST_SPACING, |last| now.duration_since(*last));
        let wait = POST_SPACING.saturating_sub(since);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.posted.insert(channel.to_owned(), now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_is_good_once() {
        let mut state = State::default();
        let trigger = state.new_trigger("U1");
        assert_eq!(state.use_trigger("nonsense"), Err("invalid_trigger_id"));
        assert_eq!(state.use_trigger(&trigger).as_deref(), Ok("U1"));
        assert_eq!(state.use_trigger(&trigger), Err("exchanged_trigger_id"));
    }

    #[test]
    fn an_old_trigger_has_expired() {
        let mut state = State::default();
        let trigger = state.new_trigger("U1");
        if let Some(trigger) = state.triggers.get_mut(&trigger) {
            trigger.made = Instant::now().checked_sub(Duration::from_secs(4)).unwrap();
        }
        assert_eq!(state.use_trigger(&trigger), Err("expired_trigger_id"));
    }
}
