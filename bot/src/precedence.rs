//! Who waits for an answer goes first: Slack gives a submission three seconds, and messages none.

use std::time::Duration;

use tokio::{sync::watch, time::timeout};

/// The longest that work gives way in one go: people who never stop asking would starve it.
const LONGEST: Duration = Duration::from_millis(100);

/// How many people wait for an answer.
pub(crate) struct Precedence(watch::Sender<usize>);

impl Default for Precedence {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Precedence {
    /// Somebody waits, until what is returned is dropped.
    pub(crate) fn begin(&self) -> Waiting {
        self.0.send_modify(|waiting| *waiting += 1);
        Waiting(self.0.clone())
    }

    /// Returns once nobody waits, or after a while.
    pub(crate) async fn give_way(&self) {
        let mut waiting = self.0.subscribe();
        let nobody = waiting.wait_for(|waiting| *waiting == 0);
        timeout(LONGEST, nobody).await.ok();
    }
}

/// Somebody who waits.
pub(crate) struct Waiting(watch::Sender<usize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0
            .send_modify(|waiting| *waiting = waiting.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_gives_way_until_nobody_waits_or_for_a_while() {
        let precedence = Arc::new(Precedence::default());
        let begun = Instant::now();
        precedence.give_way().await;
        assert_eq!(begun.elapsed(), Duration::ZERO);

        let (one, other) = (precedence.begin(), precedence.begin());
        drop(one);
        let work = tokio::spawn({
            let precedence = Arc::clone(&precedence);
            async move { precedence.give_way().await }
        });
        sleep(LONGEST / 2).await;
        assert!(!work.is_finished(), "somebody waits yet");
        drop(other);
        work.await.unwrap();
        assert_eq!(begun.elapsed(), LONGEST / 2);

        let _for_ever = precedence.begin();
        precedence.give_way().await;
        assert_eq!(begun.elapsed(), LONGEST / 2 + LONGEST);
    }
}
