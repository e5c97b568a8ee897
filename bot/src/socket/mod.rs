//! Socket Mode: the WebSocket over which Slack sends what people do.
//!
//! The loop is our own, because slack-morphism's listener acknowledges only after the handler,
//! hides envelope ids, drops what comes after a `disconnect`, and logs what it can't parse.

mod backoff;
mod connection;
pub(crate) mod envelope;
mod open;

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use self::connection::FINISH;
use self::{
    backoff::Backoff,
    connection::{Connection, Parting},
    open::OpenError,
};
use crate::{handlers::Handlers, slack::Slack};

/// What an operator can do when Slack takes the tokens no more.
pub(crate) const ADVICE: &str = "Slack does not take SLACK_APP_TOKEN: it must be an app-level token \
     (xapp-...) with the scope connections:write, of an app with Socket Mode switched on \
     (https://api.slack.com/apps, your app, Basic Information and Socket Mode)";

/// A connection that lived for so long was healthy: the next one may be opened without a pause.
const HEALTHY_AFTER: Duration = Duration::from_mins(1);

/// The pause after Slack said that there are too many connections.
const CROWDED_PAUSE: Duration = Duration::from_secs(30);

/// Keeps a connection open.
pub(crate) struct Socket {
    slack: Arc<Slack>,
    handlers: Arc<Handlers>,
}

impl Socket {
    pub(crate) const fn new(slack: Arc<Slack>, handlers: Arc<Handlers>) -> Self {
        Self { slack, handlers }
    }

    /// Opens one connection after the other until told to stop. A connection that Slack is about to
    /// end is still read and answered while its successor opens.
    ///
    /// Fails when Slack refuses the token for good.
    pub(crate) async fn run(&self, stop: &CancellationToken) -> Result<(), OpenError> {
        let connections = TaskTracker::new();
        let mut backoff = Backoff::default();
        let outcome = loop {
            let opened = tokio::select! {
                opened = Connection::open(&self.slack) => opened,
                () = stop.cancelled() => break Ok(()),
            };
            let pause = match opened {
                Ok(connection) => {
                    let opened_at = Instant::now();
                    let parting = self.serve(connection, &connections, stop).await;
                    if stop.is_cancelled() {
                        break Ok(());
                    }
                    if opened_at.elapsed() >= HEALTHY_AFTER {
                        backoff = Backoff::default();
                    }
                    pause_after(parting, opened_at, &mut backoff)
                }
                Err(error) if error.is_fatal() => break Err(error),
                Err(error) => {
                    let pause = backoff.next().max(error.retry_after().unwrap_or_default());
                    let again_in_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                    tracing::warn!(%error, again_in_ms, "no connection to Slack");
                    pause
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => break Ok(()),
            }
        };
        connections.close();
        connections.wait().await;
        outcome
    }

    /// Serves a connection in a task of its own; returns when it wants a successor.
    async fn serve(
        &self,
        connection: Connection,
        connections: &TaskTracker,
        stop: &CancellationToken,
    ) -> Parting {
        let (wants_successor, successor_wanted) = oneshot::channel();
        let serve = connection.serve(Arc::clone(&self.handlers), wants_successor, stop.clone());
        connections.spawn(serve);
        successor_wanted.await.unwrap_or(Parting::Lost)
    }
}

fn pause_after(parting: Parting, opened_at: Instant, backoff: &mut Backoff) -> Duration {
    match parting {
        Parting::Refresh if opened_at.elapsed() >= HEALTHY_AFTER => Duration::ZERO,
        Parting::Refresh | Parting::Lost => backoff.next(),
        Parting::TooMany => CROWDED_PAUSE.max(backoff.next()),
    }
}
