//! Instants as the database keeps them.
//!
//! Nothing here reads a clock: every instant that decides something is the database's own, so that
//! hosts with clocks of their own agree on when a secret expires.

use std::{fmt, time::Duration};

use sea_orm::DeriveValueType;

/// An instant of the database's clock: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch, UTC.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch, UTC.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch; instants before it count as the epoch.
    #[must_use]
    pub fn as_secs(self) -> u64 {
        u64::try_from(self.0 / 1000).unwrap_or(0)
    }

    /// So much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// The time from `self` until `later`, none when that has passed.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }
}

/// Milliseconds since the epoch, as logs and the audit log's JSON show it.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_never_goes_below_zero() {
        let now = Timestamp::from_millis(1_000);
        assert_eq!(
            now.until(Timestamp::from_millis(4_500)),
            Duration::from_millis(3_500)
        );
        assert_eq!(now.until(Timestamp::from_millis(999)), Duration::ZERO);
    }
}
