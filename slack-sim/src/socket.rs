//! Socket Mode: connections, envelopes, acknowledgements, and what can go wrong with them.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
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
        let id = envelope["envelope_id"].as_str()?.to_owned();
        let (answer, answered) = oneshot::channel();
        self.waiting().insert(id, answer);
        self.send(envelope, over).then_some(answered)
    }

    /// Sends an envelope, again perhaps, without waiting for its answer.
    pub(crate) fn send(&self, envelope: &Value, over: Option<usize>) -> bool {
        let connections = self.connections();
        let connection = if let Some(id) = over {
            connections.iter().find(|each| each.id == id)
        } else {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            connections.get(turn % connections.len().max(1))
        };
        let text = envelope.to_string();
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

    fn acknowledge(&self, answer: &Value) {
        let Some(id) = answer["envelope_id"].as_str() else {
            return;
        };
        if let Some(waiting) = self.waiting().remove(id) {
            // Whoever waited gave up after three seconds.
            waiting.send(answer["payload"].clone()).ok();
        }
    }

    /// Takes a connection in, unless there are too many; says how many there are.
    fn join(&self, id: usize, outbox: mpsc::UnboundedSender<Act>) -> Option<usize> {
        let mut connections = self.connections();
        if connections.len() >= MOST_CONNECTIONS {
            return None;
        }
        connections.push(Connection { id, outbox });
        Some(connections.len())
    }

    fn leave(&self, id: usize) {
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

/// Accepts connections for ever.
pub(crate) async fn accept(sim: Arc<Sim>, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(Arc::clone(&sim), stream));
    }
}

async fn serve(sim: Arc<Sim>, mut stream: TcpStream) {
    let fault = sim.state().take_handshake_fault();
    if fault == Some(HandshakeFault::Hang) {
        // Until the other side gives up.
        while matches!(stream.read(&mut [0; 1024]).await, Ok(1..)) {}
        return;
    }
    let refuse = fault == Some(HandshakeFault::Refuse);
    let Some(mut socket) = shake_hands(&sim, stream, refuse).await else {
        return;
    };
    let (outbox, outgoing) = mpsc::unbounded_channel();
    let id = 1 + sim.hub.last_id.fetch_add(1, Ordering::Relaxed);
    let greeting = match fault {
        Some(HandshakeFault::NoHello) => None,
        Some(HandshakeFault::TooMany) => Some(too_many()),
        _ => Some(match sim.hub.join(id, outbox) {
            Some(open) => hello(open),
            None => too_many(),
        }),
    };
    if let Some(greeting) = greeting {
        let greeted = socket.send(Message::text(greeting.to_string())).await;
        if greeted.is_err() {
            sim.hub.leave(id);
            return;
        }
    }
    talk(&sim, socket, outgoing).await;
    sim.hub.leave(id);
}

fn hello(open: usize) -> Value {
    json!({
        "type": "hello",
        "num_connections": open,
        "connection_info": { "app_id": APP },
        "debug_info": { "host": "applink-1", "build_number": 54, "approximate_connection_time": 18_060 },
    })
}

fn too_many() -> Value {
    json!({ "type": "disconnect", "reason": "too_many_websockets" })
}

#[expect(clippy::result_large_err, reason = "the library's own callback")]
async fn shake_hands(
    sim: &Arc<Sim>,
    stream: TcpStream,
    refuse: bool,
) -> Option<WebSocketStream<TcpStream>> {
    let tickets = Arc::clone(sim);
    let check_ticket = move |request: &Request, response: Response| {
        let mut refusal = ErrorResponse::new(None);
        if refuse {
            *refusal.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return Err(refusal);
        }
        let ticket = request
            .uri()
            .query()
            .and_then(|query| query.strip_prefix("ticket="));
        // A ticket is good for one connection.
        if ticket.is_some_and(|ticket| tickets.state().tickets.remove(ticket)) {
            return Ok(response);
        }
        *refusal.status_mut() = StatusCode::FORBIDDEN;
        Err(refusal)
    };
    accept_hdr_async(stream, check_ticket).await.ok()
}

/// What becomes of a connection after a step.
enum Next {
    GoOn,
    CloseAt(Instant),
    End,
}

async fn talk(
    sim: &Sim,
    mut socket: WebSocketStream<TcpStream>,
    mut outgoing: mpsc::UnboundedReceiver<Act>,
) {
    let mut close_at = None;
    loop {
        let next = tokio::select! {
            biased;
            Some(act) = outgoing.recv() => perform(&mut socket, act).await,
            frame = socket.next() => match frame {
                Some(Ok(message)) => hear(sim, &mut socket, message).await,
                Some(Err(_)) | None => Next::End,
            },
            () = async { sleep_until(close_at.unwrap_or_else(Instant::now)).await }, if close_at.is_some() => {
                close(&mut socket, CloseCode::Normal, "").await;
                Next::End
            }
        };
        match next {
            Next::GoOn => {}
            Next::CloseAt(time) => close_at = Some(time),
            Next::End => return,
        }
    }
}

async fn perform(socket: &mut WebSocketStream<TcpStream>, act: Act) -> Next {
    match act {
        Act::Text { text } => match socket.send(Message::text(text)).await {
            Ok(()) => Next::GoOn,
            Err(_) => Next::End,
        },
        Act::Disconnect {
            reason,
            close_after_ms,
        } => {
            let frame = json!({
                "type": "disconnect",
                "reason": reason,
                "debug_info": { "host": "wss-111.slack.com" },
            });
            socket.send(Message::text(frame.to_string())).await.ok();
            Next::CloseAt(Instant::now() + Duration::from_millis(close_after_ms))
        }
        Act::Close { code } => {
            close(socket, code.into(), "").await;
            Next::End
        }
        Act::Drop => {
            socket.get_ref().set_zero_linger().ok();
            Next::End
        }
        Act::Freeze => frozen(socket).await,
    }
}

async fn hear(sim: &Sim, socket: &mut WebSocketStream<TcpStream>, message: Message) -> Next {
    match message {
        Message::Text(text) if text.len() >= MAX_FRAME => {
            let reason = "Max frame length of 20480 has been exceeded.";
            close(socket, CloseCode::Size, reason).await;
            Next::End
        }
        Message::Text(text) => {
            if let Ok(answer) = serde_json::from_str(&text) {
                sim.hub.acknowledge(&answer);
            }
            Next::GoOn
        }
        Message::Close(_) => Next::End,
        // The library answers pings with the same content, as Slack does.
        _ => Next::GoOn,
    }
}

async fn close(socket: &mut WebSocketStream<TcpStream>, code: CloseCode, reason: &'static str) {
    let reason = reason.into();
    socket.close(Some(CloseFrame { code, reason })).await.ok();
}

/// What comes is thrown away, until the other side closes its end.
async fn frozen(socket: &mut WebSocketStream<TcpStream>) -> Next {
    while matches!(socket.get_mut().read(&mut [0; 4096]).await, Ok(1..)) {}
    Next::End
}
