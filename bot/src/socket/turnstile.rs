//! One opening at a time: Slack limits how often an app may ask for connections, for all of them
//! together.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// The pause between two openings of this process.
const SPACING: Duration = Duration::from_secs(1);

/// Lets the slots through one by one.
#[derive(Default)]
pub(super) struct Turnstile {
    /// Held while waiting.
    queue: tokio::sync::Mutex<()>,
    /// When the next may pass; the first at once.
    next: Mutex<Option<Instant>>,
}

impl Turnstile {
    /// Waits for one's turn.
    pub(super) async fn pass(&self) {
        let _first_in_line = self.queue.lock().await;
        // Whoever is first in line may be held back while it waits.
        while let Some(next) = self.take_turn() {
            sleep_until(next).await;
        }
    }

    /// Lets nobody through for so long, not even those who wait already: Slack said so to one of us
    /// and means all.
    pub(super) fn close_for(&self, pause: Duration) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(Some(Instant::now() + pause));
    }

    /// Passes, or says when that may be possible.
    fn take_turn(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if next.is_some_and(|next| next > now) {
            return *next;
        }
        *next = Some(now + SPACING);
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn slots_pass_one_by_one_and_wait_when_slack_says_so() {
        let turnstile = Turnstile::default();
        let started = Instant::now();
        turnstile.pass().await;
        assert_eq!(started.elapsed(), Duration::ZERO);
        tokio::join!(turnstile.pass(), turnstile.pass());
        assert_eq!(started.elapsed().as_secs(), 2);
        turnstile.close_for(Duration::from_secs(30));
        turnstile.pass().await;
        assert_eq!(started.elapsed().as_secs(), 32);
    }

    /// Six slots wait, and the first hears at once that Slack wants to be left alone for eight
    /// seconds: the others, who wait already, do so until then, and pass one by one as ever.
    #[tokio::test(start_paused = true)]
    async fn who_waits_already_is_held_back_too() {
        let turnstile = Arc::new(Turnstile::default());
        let started = Instant::now();
        let slots: Vec<_> = (0..6)
            .map(|_| {
                let turnstile = Arc::clone(&turnstile);
                tokio::spawn(async move {
                    turnstile.pass().await;
                    started.elapsed().as_secs()
                })
            })
            .collect();
        sleep(Duration::from_millis(100)).await;
        turnstile.close_for(Duration::from_millis(7_900));
        let mut calls = Vec::new();
        for slot in slots {
            calls.push(slot.await.unwrap());
        }
        assert_eq!(calls, [0, 8, 9, 10, 11, 12]);
    }
}
