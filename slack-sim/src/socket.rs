//! Socket Mode: connections, envelopes, acknowledgements.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::{people::APP, sim::Sim};

/// Most connections of one app.
const MOST_CONNECTIONS: usize = 10;
/// Largest frame that is taken.
const MAX_FRAME: usize = 20_480;

/// The open connections, and the envelopes that wait for their answer.
#[derive(Default)]
pub(crate) struct Hub {
    connections: Mutex<Vec<Connection>>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Value>>>,
    next: AtomicUsize,
}

struct Connection {
    id: usize,
    outbox: mpsc::UnboundedSender<String>,
}

impl Hub {
    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.connections().len()
    }

    /// Sends an envelope over any one connection; `None` when there is none. The receiver gets the
    /// acknowledgement's payload.
    pub(crate) fn deliver(&self, envelope: &Value) -> Option<oneshot::Receiver<Value>> {
        let id = envelope["envelope_id"].as_str()?.to_owned();
        let (answer, answered) = oneshot::channel();
        self.waiting().insert(id, answer);
        self.send(envelope).then_some(answered)
    }

    /// Sends an envelope, again perhaps, without waiting for its answer.
    pub(crate) fn send(&self, envelope: &Value) -> bool {
        let connections = self.connections();
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let Some(connection) = connections.get(turn % connections.len().max(1)) else {
            return false;
        };
        connection.outbox.send(envelope.to_string()).is_ok()
    }

    fn acknowledge(&self, answer: &Value) {
        let Some(id) = answer["envelope_id"].as_str() else {
            return;
        };
        if let Some(waiting) = self.waiting().remove(id) {
            // Whoever waited gave up after three seconds.
            waiting.send(answer["payload"].clone()).ok();
        }
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

/// Accepts connections for ever.
pub(crate) async fn accept(sim: Arc<Sim>, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(Arc::clone(&sim), stream));
    }
}

#[expect(clippy::result_large_err, reason = "the library's own callback")]
async fn serve(sim: Arc<Sim>, stream: TcpStream) {
    let tickets = Arc::clone(&sim);
    let check_ticket = move |request: &Request, response: Response| {
        let ticket = request
            .uri()
            .query()
            .and_then(|query| query.strip_prefix("ticket="));
        // A ticket is good for one connection.
        if ticket.is_some_and(|ticket| tickets.state().tickets.remove(ticket)) {
            return Ok(response);
        }
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::FORBIDDEN;
        Err(refusal)
    };
    let Ok(mut socket) = accept_hdr_async(stream, check_ticket).await else {
        return;
    };
    let (outbox, mut outgoing) = mpsc::unbounded_channel();
    let id = sim.hub.next.fetch_add(1, Ordering::Relaxed);
    let open = {
        let mut connections = sim.hub.connections();
        let room = connections.len() < MOST_CONNECTIONS;
        if room {
            connections.push(Connection { id, outbox });
        }
        room.then_some(connections.len())
    };
    let greeting = match open {
        Some(open) => json!({
            "type": "hello",
            "num_connections": open,
            "connection_info": { "app_id": APP },
            "debug_info": { "host": "applink-1", "build_number": 54, "approximate_connection_time": 18_060 },
        }),
        None => json!({ "type": "disconnect", "reason": "too_many_websockets" }),
    };
    if socket
        .send(Message::text(greeting.to_string()))
        .await
        .is_ok()
        && open.is_some()
    {
        loop {
            let done = tokio::select! {
                Some(text) = outgoing.recv() => socket.send(Message::text(text)).await.is_err(),
                frame = socket.next() => match frame {
                    Some(Ok(Message::Text(text))) if text.len() >= MAX_FRAME => {
                        let reason = "Max frame length of 20480 has been exceeded.".into();
                        socket.close(Some(CloseFrame { code: CloseCode::Size, reason })).await.ok();
                        true
                    }
                    Some(Ok(Message::Text(text))) => {
                        if let Ok(answer) = serde_json::from_str(&text) {
                            sim.hub.acknowledge(&answer);
                        }
                        false
                    }
                    // The library answers pings with the same content, as Slack does.
                    Some(Ok(message)) => matches!(message, Message::Close(_)),
                    Some(Err(_)) | None => true,
                },
            };
            if done {
                break;
            }
        }
    }
    sim.hub
        .connections()
        .retain(|connection| connection.id != id);
}
