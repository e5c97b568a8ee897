//! Serving Socket Mode connections, and what can go wrong with them.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    sync::mpsc,
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

use crate::{faults::HandshakeFault, hub::Act, people::APP, sim::Sim};

/// Largest frame that is taken.
const MAX_FRAME: usize = 20_480;

/// Accepts connections for ever.
pub(crate) async fn accept(sim: Arc<Sim>, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(Arc::clone(&sim), stream));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test reads what it makes it say"
)]
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
    let id = sim.hub.next_id();
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
