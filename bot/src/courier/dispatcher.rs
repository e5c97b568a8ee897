//! The dispatcher: one task that claims what is due, a few deliveries at a time, and hands each to
//! a task of its own.

use std::{pin::pin, sync::Arc};

use shared::store::{StoreError, claim::Which};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{Courier, LEASE, POLL, pace::Pace, with_jitter};

/// Deliveries of this process at a time.
const AT_A_TIME: usize = 16;

/// Hands out deliveries.
pub(super) struct Dispatcher {
    courier: Courier,
    pace: Pace,
    attempts: JoinSet<()>,
}

impl Dispatcher {
    pub(super) fn new(courier: Courier) -> Self {
        Self {
            courier,
            pace: Pace::default(),
            attempts: JoinSet::new(),
        }
    }

    /// Hands out what is due until told to stop, and ends with what was begun.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let context = Arc::clone(&self.courier.context);
        while !stop.is_cancelled() {
            // Listening before looking: no wake-up is lost in between.
            let mut woken = pin!(context.work_waits.notified());
            woken.as_mut().enable();
            if let Err(error) = self.hand_out(&stop).await {
                tracing::error!(%error, "a delivery step failed");
            }
            let poll = Instant::now() + with_jitter(POLL);
            let has_room = self.attempts.len() < AT_A_TIME;
            let free = self.pace.next_free().filter(|_| has_room);
            tokio::select! {
                Some(ended) = self.attempts.join_next_with_id() => self.pace.ended(&ended),
                () = woken => {}
                () = sleep_until(free.map_or(poll, |free| free.min(poll))) => {}
                () = stop.cancelled() => {}
            }
        }
        while self.attempts.join_next().await.is_some() {}
    }

    /// Claims as long as there is room and something is due for somebody who may be written to.
    async fn hand_out(&mut self, stop: &CancellationToken) -> Result<(), StoreError> {
        while self.attempts.len() < AT_A_TIME && !stop.is_cancelled() {
            self.courier.context.precedence.give_way().await;
            while let Some(ended) = self.attempts.try_join_next_with_id() {
                self.pace.ended(&ended);
            }
            let room = AT_A_TIME - self.attempts.len();
            let busy = self.pace.busy();
            let database = &self.courier.context.database;
            let claimed = database.claim_many(LEASE, Which::Due(&busy), room).await?;
            if claimed.is_empty() {
                break;
            }
            for claimed in claimed {
                let addressee = claimed.addressee().cloned();
                let courier = self.courier.clone();
                let task = self
                    .attempts
                    .spawn(async move { courier.take(claimed).await });
                if let Some(addressee) = addressee {
                    self.pace.begin(task.id(), addressee);
                }
            }
        }
        Ok(())
    }
}
