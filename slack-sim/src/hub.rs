//! The open connections, and the envelopes that wait for their answer.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// Most connections of one app.
const MOST_CONNECTIONS: usize = 10;

/// What is done to open connections.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub(crate) enum Act {
    /// A `disconnect` frame with this reason, and a close some time later.
    Disconnect { reason: String, close_after_ms: u64 },
    /// A close handshake with this code.
    Close { code: u16 },
    /// TCP's RST, without any goodbye.
    Drop,
    /// Nothing is read or sent any more, pings are not answered, TCP stays open.
    Freeze,
    /// Any text frame.
    Text { text: String },
}

/// The open connections, and the envelopes that wait for their answer.
#[derive(Default)]
pub(crate) struct Hub {
    connections: Mutex<Vec<Connection>>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Value>>>,
    last_id: AtomicUsize,
    turn: AtomicUsize,
}

struct Connection {
    id: usize,
    outbox: mpsc::UnboundedSender<Act>,
}

impl Hub {
    /// The ids of the connections that are open.
    pub(crate) fn open(&self) -> Vec<usize> {
        self.connections().iter().map(|each| each.id).collect()
    }

    /// Sends an envelope over this connection, or any one; `None` when there is none. The receiver
    /// gets the acknowledgement's payload.
    pub(crate) fn deliver(
        &self,
        envelope: &Value,
        over: Option<usize>,
    ) -> Option<oneshot::Receiver<Value>> {
        let id = envelope["envelope_id"].as_str()?;
        self.deliver_text(id, envelope.to_string(), over)
    }

    /// The same for a frame of any text, which is said to hold the envelope of this id.
    pub(crate) fn deliver_text(
        &self,
        id: &str,
        text: String,
        over: Option<usize>,
    ) -> Option<oneshot::Receiver<Value>> {
        let (answer, answered) = oneshot::channel();
        self.waiting().insert(id.to_owned(), answer);
        self.send_text(text, over).then_some(answered)
    }

    /// Sends an envelope, again perhaps, without waiting for its answer.
    pub(crate) fn send(&self, envelope: &Value, over: Option<usize>) -> bool {
        self.send_text(envelope.to_string(), over)
    }

    fn send_text(&self, text: String, over: Option<usize>) -> bool {
        let connections = self.connections();
        let connection = if let Some(id) = over {
            connections.iter().find(|each| each.id == id)
        } else {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            connections.get(turn % connections.len().max(1))
        };
        connection.is_some_and(|each| each.outbox.send(Act::Text { text }).is_ok())
    }

    /// Does something to this connection, or to all. Says to how many.
    pub(crate) fn act(&self, act: &Act, on: Option<usize>) -> usize {
        let connections = self.connections();
        let meant = connections
            .iter()
            .filter(|each| on.is_none_or(|id| each.id == id));
        meant
            .filter(|each| each.outbox.send(act.clone()).is_ok())
            .count()
    }

    /// The id of a new connection.
    pub(crate) fn next_id(&self) -> usize {
        1 + self.last_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Hands an acknowledgement to whoever waits for it.
    pub(crate) fn acknowledge(&self, answer: &Value) {
        let Some(id) = answer["envelope_id"].as_str() else {
            return;
        };
        if let Some(waiting) = self.waiting().remove(id) {
            // Whoever waited gave up after three seconds.
            waiting.send(answer["payload"].clone()).ok();
        }
    }

    /// Takes a connection in, unless there are too many; says how many there are.
    pub(crate) fn join(&self, id: usize, outbox: mpsc::UnboundedSender<Act>) -> Option<usize> {
        let mut connections = self.connections();
        if connections.len() >= MOST_CONNECTIONS {
            return None;
        }
        connections.push(Connection { id, outbox });
        Some(connections.len())
    }

    pub(crate) fn leave(&self, id: usize) {
        self.connections().retain(|connection| connection.id != id);
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Value>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
