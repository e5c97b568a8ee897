//! One message a second to each person, and one at a time, so that they arrive in order.
//! Source: <https://docs.slack.dev/apis/web-api/rate-limits>.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shared::domain::ids::UserId;
use tokio::{sync::Notify, time::Instant};

/// The pause between two messages in one conversation.
const SPACING: Duration = Duration::from_secs(1);

/// Who can't be written to just now.
///
/// It is this process's own: other bots keep their own pace, and where that is too much together,
/// Slack says so and is obeyed.
#[derive(Default)]
pub(super) struct Pace {
    busy: Mutex<HashMap<UserId, Busy>>,
    turn_ended: Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Busy {
    /// Somebody is being written to.
    Now,
    /// Somebody was, and is free again then.
    Until(Instant),
}

impl Pace {
    /// Whom to leave alone now.
    pub(super) fn busy(&self) -> Vec<UserId> {
        let now = Instant::now();
        let mut busy = self.lock();
        busy.retain(|_, busy| !matches!(busy, Busy::Until(until) if *until <= now));
        busy.keys().cloned().collect()
    }

    /// When the next one of them is free; waits until somebody was written to.
    pub(super) async fn next_free(&self) -> Instant {
        loop {
            // Listening before looking: no turn's end is missed in between.
            let turn_ended = self.turn_ended.notified();
            if let Some(free) = self.first_free() {
                return free;
            }
            turn_ended.await;
        }
    }

    fn first_free(&self) -> Option<Instant> {
        let busy = self.lock();
        let times = busy.values().filter_map(|busy| match busy {
            Busy::Now => None,
            Busy::Until(until) => Some(*until),
        });
        times.min()
    }

    /// Somebody is written to until the turn is dropped, and for a while after.
    pub(super) fn begin(&self, addressee: &UserId) -> Turn<'_> {
        self.lock().insert(addressee.clone(), Busy::Now);
        Turn {
            pace: self,
            addressee: addressee.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Busy>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turn to write to somebody.
pub(super) struct Turn<'a> {
    pace: &'a Pace,
    addressee: UserId,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let until = Busy::Until(Instant::now() + SPACING);
        self.pace.lock().insert(self.addressee.clone(), until);
        self.pace.turn_ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_is_written_to_twice_within_a_second() {
        let pace = Pace::default();
        let bob = UserId::parse("U0BOB").unwrap();
        let turn = pace.begin(&bob);
        assert_eq!((pace.busy(), pace.first_free()), (vec![bob.clone()], None));
        let (free, ()) = tokio::join!(pace.next_free(), async {
            tokio::task::yield_now().await;
            drop(turn);
        });
        assert_eq!(pace.busy(), [bob]);
        tokio::time::sleep_until(free).await;
        assert!(pace.busy().is_empty() && pace.first_free().is_none());
    }
}
