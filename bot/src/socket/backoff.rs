//! Pauses between tries: longer each time, and random, so that many clients don't come at once.

use std::time::Duration;

use rand::RngExt as _;

const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// Exponential backoff with full jitter.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next pause: random between nothing and a bound that doubles from half a second to 30 s.
    pub(super) fn next(&mut self) -> Duration {
        let bound = SHORTEST
            .saturating_mul(1 << self.failures.min(10))
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        rand::rng().random_range(Duration::ZERO..=bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_within_their_bounds() {
        for _ in 0..100 {
            let mut backoff = Backoff::default();
            assert!(backoff.next() <= SHORTEST);
            assert!(backoff.next() <= 2 * SHORTEST);
            for _ in 0..50 {
                assert!(backoff.next() <= LONGEST);
            }
        }
    }
}
