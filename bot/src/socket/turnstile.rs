//! One opening at a time: Slack limits how often an app may ask for connections, for all of them
//! together.

use std::time::Duration;

use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

/// The pause between two openings of this process.
const SPACING: Duration = Duration::from_secs(1);

/// Lets the slots through one by one.
#[derive(Default)]
pub(super) struct Turnstile {
    /// When the next may pass; the first at once.
    next: Mutex<Option<Instant>>,
}

impl Turnstile {
    /// Waits for one's turn.
    pub(super) async fn pass(&self) {
        // The lock is held while waiting: it is the queue.
        let mut next = self.next.lock().await;
        if let Some(next) = *next {
            sleep_until(next).await;
        }
        *next = Some(Instant::now() + SPACING);
    }

    /// Lets nobody through for so long: Slack said so to one of us and means all.
    pub(super) async fn close_for(&self, pause: Duration) {
        let mut next = self.next.lock().await;
        *next = (*next).max(Some(Instant::now() + pause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn slots_pass_one_by_one_and_wait_when_slack_says_so() {
        let turnstile = Turnstile::default();
        let started = Instant::now();
        turnstile.pass().await;
        assert_eq!(started.elapsed(), Duration::ZERO);
        tokio::join!(turnstile.pass(), turnstile.pass());
        assert_eq!(started.elapsed().as_secs(), 2);
        turnstile.close_for(Duration::from_secs(30)).await;
        turnstile.pass().await;
        assert_eq!(started.elapsed().as_secs(), 32);
    }
}
