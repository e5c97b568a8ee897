//! The courier: brings messages to people, and tells senders how it went.
//!
//! The dispatcher claims what is due; an attempt acts and writes down how it went. Any number of
//! bots do so at once; the database gives each delivery to one of them.

mod attempt;
mod compose;
mod dispatcher;
mod failed_attempt;
mod habits;
mod message;
mod pace;
mod receipt;
mod remind;
mod specimens;
mod update;
mod watch;

use std::{sync::Arc, time::Duration};

use rand::RngExt as _;
use shared::{operate::standing, store::bad_rows::BadRow};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{attempt::Attempt, dispatcher::Dispatcher};
pub(crate) use self::{
    compose::{ended_line, receipt_lines},
    specimens::{endings, longest_lines, outcomes, press_answers, specimens},
};
use crate::context::Context;

/// When a delivery may be claimed again; more than an attempt has for talking to Slack and then to
/// the database.
const LEASE: Duration = Duration::from_secs(30);

/// How often the dispatcher looks for what became due: what is tried again, receipts of messages
/// that wait, work that other processes left.
const POLL: Duration = Duration::from_secs(1);

/// The first pause after a failed attempt, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Brings messages.
#[derive(Clone)]
pub(crate) struct Courier {
    context: Arc<Context>,
}

impl Courier {
    pub(crate) const fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    /// Starts the dispatcher, the watch and the reminders; each stops once told to, with what it
    /// has begun.
    pub(crate) fn spawn(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        let courier = self.clone();
        let dispatch = move |stop| Dispatcher::new(courier.clone()).run(stop);
        tasks.spawn(standing::keep("dispatcher", stop.clone(), dispatch));
        let courier = self.clone();
        let watch = move |stop| courier.clone().watch(stop);
        tasks.spawn(standing::keep("watch", stop.clone(), watch));
        if let Some(before) = self.context.remind_before {
            let courier = self.clone();
            let remind = move |stop| courier.clone().remind(before, stop);
            tasks.spawn(standing::keep("reminders", stop.clone(), remind));
        }
    }

    fn passed_over(&self, row: &BadRow) {
        self.context.metrics.passed_over("delivery");
        tracing::error!(%row, "a delivery is not as others: it was put off");
    }
}

/// Doubles with each attempt.
fn pause(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(10);
    FIRST_PAUSE
        .saturating_mul(1 << doublings)
        .min(LONGEST_PAUSE)
}

/// Between half and one and a half of a pause, so that bots don't move in step.
fn with_jitter(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.5..1.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let seconds: Vec<_> = (1..9).map(|attempt| pause(attempt).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
