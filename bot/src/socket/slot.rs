//! A slot keeps one connection open, one after the other.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Socket,
    backoff::Backoff,
    connection::{Connection, Parting},
    open::OpenError,
    state::State,
    turnstile::Turnstile,
};

/// A connection that lived for so long was healthy: the next one may be opened without a pause.
const HEALTHY_AFTER: Duration = Duration::from_mins(1);

/// The pause after Slack said that there are too many connections.
const CROWDED_PAUSE: Duration = Duration::from_secs(30);

/// The pause after Slack said that Socket Mode is switched off.
const DISABLED_PAUSE: Duration = Duration::from_mins(1);

pub(super) struct Slot {
    /// Counted from 1, for the log.
    pub(super) number: u8,
    pub(super) socket: Arc<Socket>,
    pub(super) turnstile: Arc<Turnstile>,
    /// Connections that are served, among them those that a successor has replaced.
    pub(super) served: TaskTracker,
    pub(super) stop: CancellationToken,
}

impl Slot {
    /// Opens one connection after the other until told to stop. One that Slack is about to end is
    /// still read and answered while its successor opens.
    pub(super) async fn run(self: Arc<Self>) {
        let stop = self.stop.clone();
        stop.run_until_cancelled(Box::pin(self.keep_open())).await;
    }

    /// Returns when no retry mends what Slack says.
    async fn keep_open(&self) {
        let mut backoff = Backoff::default();
        let mut predecessor: Option<CancellationToken> = None;
        loop {
            let pause = match self.open().await {
                Ok(connection) => {
                    if let Some(predecessor) = predecessor.take() {
                        predecessor.cancel();
                    }
                    let opened_at = Instant::now();
                    let release = CancellationToken::new();
                    let parting = self.serve(connection, release.clone()).await;
                    predecessor = Some(release);
                    if opened_at.elapsed() >= HEALTHY_AFTER {
                        backoff = Backoff::default();
                    }
                    pause_after(parting, opened_at, &mut backoff)
                }
                Err(OpenError::Slack(error)) if error.is_fatal() => {
                    self.socket.alarm.ring(error);
                    return;
                }
                Err(error) => self.pause_after_failure(&error, &mut backoff),
            };
            let _waiting = self.socket.connections.enter(State::Waiting);
            tokio::time::sleep(pause).await;
        }
    }

    async fn open(&self) -> Result<Connection, OpenError> {
        let _connecting = self.socket.connections.enter(State::Connecting);
        self.turnstile.pass().await;
        let opened = Connection::open(self.number, &self.socket).await;
        let outcome = match &opened {
            Ok(_) => "opened",
            Err(error) => error.code(),
        };
        self.socket.metrics.opening(outcome);
        opened
    }

    /// Serves a connection in a task of its own; returns when it wants a successor.
    async fn serve(&self, connection: Connection, release: CancellationToken) -> Parting {
        let (wants_successor, successor_wanted) = oneshot::channel();
        let serve = connection.serve(wants_successor, release, self.stop.clone());
        self.served.spawn(serve);
        successor_wanted.await.unwrap_or(Parting::Lost)
    }

    fn pause_after_failure(&self, error: &OpenError, backoff: &mut Backoff) -> Duration {
        let pause = backoff.next();
        if let Some(retry_after) = error.retry_after() {
            self.turnstile.close_for(retry_after);
        }
        let again_in = pause.max(error.retry_after().unwrap_or_default());
        tracing::warn!(
            slot = self.number,
            %error,
            again_in_ms = u64::try_from(again_in.as_millis()).unwrap_or(u64::MAX),
            "no connection to Slack"
        );
        pause
    }
}

fn pause_after(parting: Parting, opened_at: Instant, backoff: &mut Backoff) -> Duration {
    match parting {
        Parting::Refresh if opened_at.elapsed() >= HEALTHY_AFTER => Duration::ZERO,
        Parting::Refresh | Parting::Lost => backoff.next(),
        Parting::TooMany => CROWDED_PAUSE.max(backoff.next()),
        Parting::Disabled => DISABLED_PAUSE,
    }
}
