//! A true sliding window over a bounded number of clients.
//!
//! Each client's accepted requests of the last window are remembered one by one, so that no window,
//! wherever it begins, holds more than the limit. Memory is bounded: when as many clients as fit are
//! active, newcomers share one overflow, and keep to it until the overflow has been quiet for a whole
//! window. So nobody gets more than the limit by changing from one to the other.

use std::{
    collections::VecDeque,
    hash::Hash,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use lru::LruCache;
use shared::settings::RateLimit;

/// Whether a request is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    /// Not before this much time has passed.
    Refused {
        retry_after: Duration,
    },
}

/// The windows of all clients.
pub(super) struct Windows<K: Hash + Eq> {
    limit: NonZeroU32,
    window: Duration,
    /// Most clients remembered.
    capacity: usize,
    started: Instant,
    /// Ordered by the last accepted request, oldest last.
    clients: LruCache<K, Accepted>,
    overflow: Accepted,
}

impl<K: Hash + Eq> Windows<K> {
    pub(super) fn new(limit: RateLimit, capacity: usize, now: Instant) -> Self {
        Self {
            limit: limit.requests,
            window: limit.window,
            capacity,
            started: now,
            clients: LruCache::unbounded(),
            overflow: Accepted::default(),
        }
    }

    /// Decides about a request. `now` must not go backwards.
    pub(super) fn check(&mut self, client: K, now: Instant) -> Verdict {
        let now = now.saturating_duration_since(self.started);
        self.forget_idle(now);
        let limit = self.limit.get() as usize;
        if let Some(accepted) = self.clients.peek_mut(&client) {
            let verdict = accepted.check(now, self.window, limit);
            if verdict == Verdict::Accepted {
                self.clients.promote(&client);
            }
            return verdict;
        }
        let overflow_quiet = self.overflow.is_quiet(now, self.window);
        if overflow_quiet && self.clients.len() < self.capacity {
            let mut accepted = Accepted::default();
            let verdict = accepted.check(now, self.window, limit);
            self.clients.push(client, accepted);
            return verdict;
        }
        self.overflow.check(now, self.window, limit)
    }

    /// Clients whose last accepted request is out of the window are as good as new ones.
    fn forget_idle(&mut self, now: Duration) {
        while let Some((_, oldest)) = self.clients.peek_lru() {
            if !oldest.is_quiet(now, self.window) {
                break;
            }
            self.clients.pop_lru();
        }
    }

    #[cfg(test)]
    fn clients(&self) -> usize {
        self.clients.len()
    }
}

/// Accepted requests of the last window, as times since the start, oldest first.
#[derive(Default)]
struct Accepted(VecDeque<Duration>);

impl Accepted {
    fn check(&mut self, now: Duration, window: Duration, limit: usize) -> Verdict {
        while self.0.front().is_some_and(|oldest| now >= *oldest + window) {
            self.0.pop_front();
        }
        match self.0.front() {
            Some(oldest) if self.0.len() >= limit => Verdict::Refused {
                retry_after: (*oldest + window).saturating_sub(now),
            },
            _ => {
                self.0.push_back(now);
                Verdict::Accepted
            }
        }
    }

    fn is_quiet(&self, now: Duration, window: Duration) -> bool {
        self.0.back().is_none_or(|newest| now >= *newest + window)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_mins(1);

    fn windows(capacity: usize, start: Instant) -> Windows<u32> {
        Windows::new(RateLimit::parse("60/60s").unwrap(), capacity, start)
    }

    #[test]
    fn the_sixty_first_request_waits_until_the_first_is_a_window_old() {
        let start = Instant::now();
        let mut windows = windows(10, start);
        for _ in 0..60 {
            assert_eq!(windows.check(1, start), Verdict::Accepted);
        }
        let later = start + Duration::from_millis(59_999);
        let retry_after = Duration::from_millis(1);
        assert_eq!(windows.check(1, later), Verdict::Refused { retry_after });
        assert_eq!(windows.check(2, later), Verdict::Accepted);
        assert_eq!(windows.check(1, later + retry_after), Verdict::Accepted);
    }

    #[test]
    fn a_flood_of_clients_is_bounded_and_gets_one_share_together() {
        let start = Instant::now();
        let mut windows = windows(1_000, start);
        let accepted = (0..1_000_000)
            .filter(|client| windows.check(*client, start) == Verdict::Accepted)
            .count();
        assert_eq!(accepted, 1_000 + 60);
        assert_eq!(windows.clients(), 1_000);
        assert_eq!(
            windows.check(7, start),
            Verdict::Accepted,
            "known clients keep their own"
        );
        windows.check(2_000_000, start + WINDOW);
        assert_eq!(
            windows.clients(),
            1,
            "the flood is forgotten after a window"
        );
    }

    proptest! {
        /// Whatever the times and however full it is, no client has more than the limit in any
        /// window.
        #[test]
        fn no_window_holds_more_than_the_limit(
            requests in prop::collection::vec((0..6_u32, 0..3_000_u64), 1..600),
            capacity in 1..5_usize,
        ) {
            let start = Instant::now();
            let limit = RateLimit::parse("5/10s").unwrap();
            let mut windows = Windows::new(limit, capacity, start);
            let mut at = 0;
            let mut accepted: Vec<Vec<u64>> = vec![Vec::new(); 6];
            for (client, pause) in requests {
                at += pause;
                let now = start + Duration::from_millis(at);
                match windows.check(client, now) {
                    Verdict::Accepted => accepted[client as usize].push(at),
                    Verdict::Refused { retry_after } => {
                        prop_assert!(retry_after > Duration::ZERO && retry_after <= limit.window);
                    }
                }
            }
            for times in &accepted {
                for window in times.windows(6) {
                    prop_assert!(window[5] - window[0] >= 10_000, "{times:?}");
                }
            }
        }
    }
}
