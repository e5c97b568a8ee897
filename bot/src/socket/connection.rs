//! One connection, from its hello to its close.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::tungstenite::{
    Message, Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};
use tokio_util::sync::CancellationToken;

use super::{
    envelope::{Acknowledgement, Frame, Reason},
    open::{self, OpenError, Stream},
};
use crate::{handlers::Handlers, slack::Slack};

/// Longest wait for Slack's hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How often we ping.
const PING_EVERY: Duration = Duration::from_secs(10);
/// A connection on which nothing came for so long, not even a pong, is dead.
const SILENCE: Duration = Duration::from_secs(30);
/// Longest wait for a frame to be written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection that Slack wants to end is still read.
const DRAIN: Duration = Duration::from_secs(15);
/// How long work under way may take once we are told to stop.
pub(crate) const FINISH: Duration = Duration::from_secs(8);
/// Longest wait for the other side's close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a connection wants a successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// Slack will end it soon; it is still read meanwhile.
    Refresh,
    /// There are too many of the app.
    TooMany,
    /// It ended, or is dead.
    Lost,
}

/// An open connection on which Slack said hello.
pub(super) struct Connection {
    stream: Stream,
    heard_at: Instant,
}

impl Connection {
    /// Opens a connection and waits for Slack's hello.
    pub(super) async fn open(slack: &Slack) -> Result<Self, OpenError> {
        let mut stream = open::open(slack).await?;
        match timeout(HELLO_TIMEOUT, hello(&mut stream)).await {
            Ok(true) => {
                tracing::info!("ready: connected to Slack");
                Ok(Self {
                    stream,
                    heard_at: Instant::now(),
                })
            }
            _ => Err(OpenError::NoHello),
        }
    }

    /// Reads and answers until the connection ends, or until told to stop: then it finishes what is
    /// under way.
    pub(super) async fn serve(
        mut self,
        handlers: Arc<Handlers>,
        wants_successor: oneshot::Sender<Parting>,
        stop: CancellationToken,
    ) {
        let (outbox, mut outgoing) = mpsc::unbounded_channel();
        let mut successor = Successor(Some(wants_successor));
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut drained_at = None;
        loop {
            let next = tokio::select! {
                biased;
                Some(answer) = outgoing.recv() => self.send(answer).await,
                frame = self.stream.next() => self.receive(frame, &handlers, &outbox),
                _ = ping.tick() => self.check_health(drained_at).await,
                () = stop.cancelled() => break,
            };
            match next {
                ControlFlow::Continue(None) => {}
                ControlFlow::Continue(Some(parting)) => {
                    drained_at = drained_at.or(Some(Instant::now() + DRAIN));
                    successor.want(parting);
                }
                ControlFlow::Break(()) => break,
            }
        }
        // A successor opens while this one finishes; each answer under way holds an outbox.
        successor.want(Parting::Lost);
        drop(outbox);
        let flush = async {
            while let Some(answer) = outgoing.recv().await {
                if self.send(answer).await.is_break() {
                    return;
                }
            }
        };
        drop(timeout(FINISH, flush).await);
        let normal = CloseFrame {
            code: CloseCode::Normal,
            reason: Utf8Bytes::from_static(""),
        };
        drop(timeout(CLOSE_TIMEOUT, self.stream.close(Some(normal))).await);
        tracing::info!("a connection to Slack is closed");
    }

    async fn send(&mut self, answer: String) -> Step {
        match timeout(WRITE_TIMEOUT, self.stream.send(Message::text(answer))).await {
            Ok(Ok(())) => ControlFlow::Continue(None),
            Ok(Err(error)) => {
                tracing::warn!(
                    error = open::kind(&error),
                    "an acknowledgement could not be sent"
                );
                ControlFlow::Break(())
            }
            Err(_) => {
                tracing::warn!("an acknowledgement could not be sent in time");
                ControlFlow::Break(())
            }
        }
    }

    /// Never waits: handlers run in tasks of their own.
    fn receive(
        &mut self,
        frame: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
        handlers: &Arc<Handlers>,
        outbox: &mpsc::UnboundedSender<String>,
    ) -> Step {
        let message = match frame {
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                tracing::warn!(error = open::kind(&error), "a connection to Slack broke");
                return ControlFlow::Break(());
            }
            None => return ControlFlow::Break(()),
        };
        self.heard_at = Instant::now();
        let Message::Text(text) = message else {
            return ControlFlow::Continue(None);
        };
        match Frame::parse(&text) {
            Some(Frame::Envelope(envelope)) => {
                let acknowledgement = Acknowledgement::new(&envelope.id, outbox.clone());
                handlers.handle(envelope, acknowledgement);
                ControlFlow::Continue(None)
            }
            Some(Frame::Disconnect(reason)) => self.disconnect(reason),
            Some(Frame::Hello | Frame::Other) => ControlFlow::Continue(None),
            None => {
                tracing::warn!(
                    bytes = text.len(),
                    "a frame that is no envelope was ignored"
                );
                ControlFlow::Continue(None)
            }
        }
    }

    #[expect(clippy::unused_self, reason = "reads as the connection's reaction")]
    fn disconnect(&self, reason: Reason) -> Step {
        tracing::info!(?reason, "Slack is about to end a connection");
        match reason {
            Reason::TooMany => ControlFlow::Continue(Some(Parting::TooMany)),
            Reason::Refresh => ControlFlow::Continue(Some(Parting::Refresh)),
            Reason::LinkDisabled => {
                tracing::error!("Socket Mode is switched off in the Slack app's settings");
                ControlFlow::Continue(Some(Parting::TooMany))
            }
        }
    }

    async fn check_health(&mut self, drained_at: Option<Instant>) -> Step {
        if drained_at.is_some_and(|at| Instant::now() >= at) {
            return ControlFlow::Break(());
        }
        if self.heard_at.elapsed() > SILENCE {
            tracing::warn!("a connection to Slack is dead: nothing was heard for 30 s");
            return ControlFlow::Break(());
        }
        match timeout(
            WRITE_TIMEOUT,
            self.stream.send(Message::Ping(Vec::new().into())),
        )
        .await
        {
            Ok(Ok(())) => ControlFlow::Continue(None),
            _ => ControlFlow::Break(()),
        }
    }
}

/// What the loop does next: go on, perhaps asking for a successor, or end.
type Step = ControlFlow<(), Option<Parting>>;

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

async fn hello(stream: &mut Stream) -> bool {
    while let Some(Ok(message)) = stream.next().await {
        if let Message::Text(text) = message {
            return matches!(Frame::parse(&text), Some(Frame::Hello));
        }
    }
    false
}
