//! What goes wrong on purpose: switches for tests and for the page.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// What the next calls of a method are answered with instead.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// The method, or `*` for every one.
    pub(crate) method: String,
    /// Slack's error code in an answer of status 200.
    #[serde(default)]
    pub(crate) error: Option<String>,
    /// An HTTP status, with `Retry-After` where that is given.
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) retry_after: Option<u64>,
    /// How long the answer takes; what was asked for is done at once.
    #[serde(default)]
    pub(crate) delay_ms: u64,
    #[serde(default)]
    pub(crate) mode: Mode,
    pub(crate) times: u32,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// It is answered.
    #[default]
    Answer,
    /// Not done, never answered.
    Hang,
    /// Done, never answered.
    HangAfter,
    /// Done, but the connection breaks within the answer.
    Lose,
    /// Not done, and answered with something that is no JSON and quotes what was sent.
    Garbage,
}

/// What happens to the next connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HandshakeFault {
    /// The TCP connection is accepted, and nothing more is said.
    Hang,
    /// The WebSocket handshake is answered with HTTP status 503.
    Refuse,
    /// There is no hello.
    NoHello,
    /// Slack says that there are too many connections.
    TooMany,
}

/// Habits of Slack that come and go.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "switches, each on its own")]
pub(crate) struct Quirks {
    /// Submissions come without a team, as from an app installed for a whole organization.
    pub(crate) team_null: bool,
    /// Payloads hold fields, blocks and elements that nobody knows.
    pub(crate) unknown: bool,
    /// What is not acknowledged in three seconds comes again, under a new envelope id.
    pub(crate) retry: bool,
    /// Triggers have expired when they arrive.
    pub(crate) expired_triggers: bool,
}

/// The faults that wait.
#[derive(Default)]
pub(crate) struct Faults {
    calls: Vec<Fault>,
    handshakes: VecDeque<HandshakeFault>,
    pub(crate) quirks: Quirks,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.calls.push(fault);
    }

    pub(crate) fn add_handshake(&mut self, fault: HandshakeFault, times: usize) {
        self.handshakes.extend(std::iter::repeat_n(fault, times));
    }

    /// From now on everything goes well.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes one use of a fault of this method.
    pub(crate) fn take(&mut self, method: &str) -> Option<Fault> {
        let fault = self
            .calls
            .iter_mut()
            .find(|fault| fault.times > 0 && (fault.method == method || fault.method == "*"))?;
        fault.times -= 1;
        Some(fault.clone())
    }

    pub(crate) fn take_handshake(&mut self) -> Option<HandshakeFault> {
        self.handshakes.pop_front()
    }
}
