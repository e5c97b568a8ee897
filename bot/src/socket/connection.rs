//! One connection, from its hello to its close.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use rand::RngExt as _;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::{
    self, Message, Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};
use tokio_util::sync::CancellationToken;

use super::{
    FINISH, Socket,
    open::{self, OpenError, Stream},
    state::{Entered, State},
};
use crate::{
    census::Held,
    envelope::{Acknowledgement, AcknowledgementFrame, Frame, Hello, Reason},
};

/// Longest wait for Slack's hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How often we ping.
const PING_EVERY: Duration = Duration::from_secs(10);
/// A connection on which nothing came for so long, not even a pong, is dead.
const SILENCE: Duration = Duration::from_secs(30);
/// Longest wait for a frame to be written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection is still read once its successor is open.
const DRAIN: Duration = Duration::from_secs(15);
/// How long one is still read that has to close before another opens.
const LINGER: Duration = Duration::from_secs(2);
/// Longest wait for the other side's close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a connection wants a successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// Slack will end it soon; it is read and answered until then.
    Refresh,
    /// There are too many of the app: it closes before another opens.
    TooMany,
    /// Socket Mode was switched off.
    Disabled,
    /// It ended, or is dead.
    Lost,
}

/// An open connection on which Slack said hello.
pub(super) struct Connection {
    slot: u8,
    socket: Arc<Socket>,
    stream: Stream,
    heard_at: Instant,
    /// When to replace it before Slack ends it.
    refresh_at: Option<Instant>,
    entered: Entered,
    _held: Held,
}

/// What the loop does next: go on, perhaps asking for a successor, or end.
type Step = ControlFlow<End, Option<Parting>>;

/// How the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Answers can still be sent before it is closed.
    Close,
    /// Nothing can be sent any more.
    Broken,
}

impl Connection {
    /// Opens a connection and waits for Slack's hello.
    pub(super) async fn open(slot: u8, socket: &Arc<Socket>) -> Result<Self, OpenError> {
        let mut stream = open::open(&socket.slack).await?;
        let held = socket.census.connected();
        let hello = timeout(HELLO_TIMEOUT, hello(&mut stream))
            .await
            .unwrap_or(Err(OpenError::NoHello))?;
        tracing::info!(
            slot,
            connections = hello.connections,
            "ready: connected to Slack"
        );
        socket.census.hello(hello.connections);
        Ok(Self {
            slot,
            socket: Arc::clone(socket),
            stream,
            heard_at: Instant::now(),
            refresh_at: hello
                .lifetime
                .map(|lifetime| Instant::now() + before_end_of(lifetime)),
            entered: socket.connections.enter(State::Open),
            _held: held,
        })
    }

    /// Reads and answers until the connection ends. When released, because its successor is open,
    /// it is read for a last while; when told to stop, it finishes what is under way.
    #[expect(
        clippy::disallowed_methods,
        reason = "handlers are bounded, and each answers once"
    )]
    pub(super) async fn serve(
        mut self,
        wants_successor: oneshot::Sender<Parting>,
        release: CancellationToken,
        stop: CancellationToken,
    ) {
        let (outbox, mut outgoing) = mpsc::unbounded_channel();
        let mut successor = Successor(Some(wants_successor));
        let (end, parting) = self
            .read(&outbox, &mut outgoing, &mut successor, release, stop)
            .await;
        if parting == Parting::Lost {
            // A successor opens while this one finishes.
            successor.want(parting);
        }
        // Each answer under way holds an outbox.
        drop(outbox);
        if end == End::Close {
            self.entered = self.socket.connections.enter(State::Draining);
            drop(timeout(FINISH, self.flush(&mut outgoing)).await);
            let normal = CloseFrame {
                code: CloseCode::Normal,
                reason: Utf8Bytes::from_static(""),
            };
            drop(timeout(CLOSE_TIMEOUT, self.stream.close(Some(normal))).await);
        }
        tracing::info!(slot = self.slot, "a connection to Slack is closed");
        successor.want(parting);
    }

    /// Says how it ended, and what follows.
    async fn read(
        &mut self,
        outbox: &mpsc::UnboundedSender<AcknowledgementFrame>,
        outgoing: &mut mpsc::UnboundedReceiver<AcknowledgementFrame>,
        successor: &mut Successor,
        release: CancellationToken,
        stop: CancellationToken,
    ) -> (End, Parting) {
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut drained_at = None;
        let mut parting = Parting::Lost;
        loop {
            let next = tokio::select! {
                biased;
                Some(answer) = outgoing.recv() => self.send(answer).await,
                frame = self.stream.next() => self.receive(frame, outbox),
                _ = ping.tick() => self.check_health().await,
                () = at(self.refresh_at) => {
                    self.refresh_at = None;
                    tracing::info!(slot = self.slot, "a connection to Slack is old and is replaced");
                    ControlFlow::Continue(Some(Parting::Refresh))
                }
                () = release.cancelled(), if drained_at.is_none() => {
                    drained_at = Some(Instant::now() + DRAIN);
                    ControlFlow::Continue(None)
                }
                () = at(drained_at) => ControlFlow::Break(End::Close),
                () = stop.cancelled() => ControlFlow::Break(End::Close),
            };
            match next {
                ControlFlow::Continue(None) => {}
                ControlFlow::Continue(Some(wish)) => {
                    self.entered = self.socket.connections.enter(State::Draining);
                    if wish == Parting::Refresh {
                        successor.want(wish);
                    } else {
                        // It closes before another opens; what Slack sent before that is answered.
                        parting = wish;
                        drained_at = Some(Instant::now() + LINGER);
                    }
                }
                ControlFlow::Break(end) => return (end, parting),
            }
        }
    }

    async fn flush(&mut self, outgoing: &mut mpsc::UnboundedReceiver<AcknowledgementFrame>) {
        while let Some(answer) = outgoing.recv().await {
            if self.send(answer).await.is_break() {
                return;
            }
        }
    }

    async fn send(&mut self, answer: AcknowledgementFrame) -> Step {
        let AcknowledgementFrame {
            text,
            kind,
            received,
        } = answer;
        match timeout(WRITE_TIMEOUT, self.stream.send(Message::text(text))).await {
            Ok(Ok(())) => {
                self.socket.metrics.acknowledged(kind, received);
                ControlFlow::Continue(None)
            }
            Ok(Err(error)) => {
                let error = open::kind(&error);
                tracing::warn!(
                    slot = self.slot,
                    error,
                    "an acknowledgement could not be sent"
                );
                ControlFlow::Break(End::Broken)
            }
            Err(_) => {
                tracing::warn!(
                    slot = self.slot,
                    "an acknowledgement could not be sent in time"
                );
                ControlFlow::Break(End::Broken)
            }
        }
    }

    /// Never waits: handlers run in tasks of their own.
    fn receive(
        &mut self,
        frame: Option<Result<Message, tungstenite::Error>>,
        outbox: &mpsc::UnboundedSender<AcknowledgementFrame>,
    ) -> Step {
        let message = match frame {
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                let error = open::kind(&error);
                tracing::warn!(slot = self.slot, error, "a connection to Slack broke");
                return ControlFlow::Break(End::Broken);
            }
            None => return ControlFlow::Break(End::Broken),
        };
        self.heard_at = Instant::now();
        let Message::Text(text) = message else {
            return ControlFlow::Continue(None);
        };
        match Frame::parse(&text) {
            Some(Frame::Envelope(envelope)) => {
                let acknowledgement = Acknowledgement::new(&envelope, outbox.clone());
                self.socket.handlers.handle(&envelope, acknowledgement);
                ControlFlow::Continue(None)
            }
            Some(Frame::Anonymous(payload)) => {
                self.socket.handlers.refuse_anonymous(payload.get());
                ControlFlow::Continue(None)
            }
            Some(Frame::Disconnect(reason)) => ControlFlow::Continue(Some(self.parting(reason))),
            Some(Frame::Hello(_) | Frame::Other) => ControlFlow::Continue(None),
            None => {
                let bytes = text.len();
                tracing::warn!(
                    slot = self.slot,
                    bytes,
                    "a frame that is no envelope was ignored"
                );
                ControlFlow::Continue(None)
            }
        }
    }

    fn parting(&self, reason: Reason) -> Parting {
        tracing::info!(
            slot = self.slot,
            ?reason,
            "Slack is about to end a connection"
        );
        match reason {
            Reason::TooMany => Parting::TooMany,
            Reason::Refresh => Parting::Refresh,
            Reason::LinkDisabled => {
                tracing::error!(
                    "Socket Mode is switched off in the Slack app's settings: switch it on at \
                     https://api.slack.com/apps, your app, Socket Mode"
                );
                Parting::Disabled
            }
        }
    }

    async fn check_health(&mut self) -> Step {
        if self.heard_at.elapsed() > SILENCE {
            tracing::warn!(
                slot = self.slot,
                "a connection to Slack is dead: nothing was heard for {} s",
                SILENCE.as_secs()
            );
            return ControlFlow::Break(End::Broken);
        }
        let ping = self.stream.send(Message::Ping(Vec::new().into()));
        match timeout(WRITE_TIMEOUT, ping).await {
            Ok(Ok(())) => ControlFlow::Continue(None),
            _ => ControlFlow::Break(End::Broken),
        }
    }
}

/// The wish for a successor, told once.
struct Successor(Option<oneshot::Sender<Parting>>);

impl Successor {
    fn want(&mut self, parting: Parting) {
        if let Some(wish) = self.0.take() {
            // Nobody listens any more when the process is stopping.
            wish.send(parting).ok();
        }
    }
}

/// At a time; never without one.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Some time before the end that Slack announced, different for each connection so that not all are
/// replaced at once.
fn before_end_of(lifetime: Duration) -> Duration {
    lifetime.mul_f64(rand::rng().random_range(0.8..0.95))
}

async fn hello(stream: &mut Stream) -> Result<Hello, OpenError> {
    while let Some(Ok(message)) = stream.next().await {
        if let Message::Text(text) = message {
            return match Frame::parse(&text) {
                Some(Frame::Hello(hello)) => Ok(hello),
                Some(Frame::Disconnect(Reason::TooMany)) => Err(OpenError::TooMany),
                _ => Err(OpenError::NoHello),
            };
        }
    }
    Err(OpenError::NoHello)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_replaced_before_their_end_and_not_all_at_once() {
        let lifetime = Duration::from_hours(5);
        for _ in 0..100 {
            let at = before_end_of(lifetime);
            assert!((lifetime.mul_f64(0.8)..lifetime.mul_f64(0.95)).contains(&at));
        }
    }
}
