//! Socket Mode: the WebSockets over which Slack sends what people do.
//!
//! The loop is our own, because slack-morphism's listener acknowledges only after the handler,
//! hides envelope ids, drops what comes after a `disconnect`, and logs what it can't parse.
//!
//! Several connections are open at once ([`slot`]): Slack sends each envelope over any one of them,
//! and while one is being replaced the others go on.

mod backoff;
mod connection;
mod open;
mod slot;
mod state;
mod turnstile;

use std::{num::NonZeroU8, sync::Arc, time::Duration};

use shared::operate::standing;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use self::{open::Target, state::Connections};
use self::{slot::Slot, turnstile::Turnstile};
use crate::{alarm::Alarm, census::Census, handlers::Handlers, metrics::Metrics, slack::Slack};

/// How long work under way may take once we are told to stop.
pub(crate) const FINISH: Duration = Duration::from_secs(8);

/// What every connection uses.
pub(crate) struct Socket {
    pub(crate) slack: Arc<Slack>,
    pub(crate) handlers: Arc<Handlers>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) connections: Connections,
    /// What every connection of the app is counted by.
    pub(crate) census: Arc<Census>,
    /// Rung when Slack refuses the token for good.
    pub(crate) alarm: Alarm,
}

impl Socket {
    /// Keeps so many connections open until told to stop; returns when all are closed.
    pub(crate) async fn run(self, count: NonZeroU8, stop: &CancellationToken) {
        let socket = Arc::new(self);
        let turnstile = Arc::new(Turnstile::default());
        let served = TaskTracker::new();
        let slots = TaskTracker::new();
        for number in 1..=count.get() {
            let slot = Arc::new(Slot {
                number,
                socket: Arc::clone(&socket),
                turnstile: Arc::clone(&turnstile),
                served: served.clone(),
                stop: stop.clone(),
            });
            let open = move |_| Arc::clone(&slot).run();
            slots.spawn(standing::keep("connection", stop.clone(), open));
        }
        slots.close();
        slots.wait().await;
        served.close();
        served.wait().await;
    }
}
