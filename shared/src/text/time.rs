//! Times as people read them.

use jiff::{Timestamp, fmt::strtime, tz::TimeZone};

use super::{Locale, Message, text};
use crate::clock;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// A span of time, rounded down to whole minutes below two hours and to whole hours above; less
/// than a minute counts as one.
#[must_use]
pub fn duration(locale: Locale, millis: u64) -> String {
    let message = if millis < HOUR || (millis < 2 * HOUR && millis % HOUR >= MINUTE) {
        Message::Minutes {
            count: (millis / MINUTE).max(1),
        }
    } else {
        Message::Hours {
            count: millis / HOUR,
        }
    };
    text(locale, message)
}

/// A point in time in a zone such as `America/Toronto`, or in UTC: `23 November 2026, 14:03 EST`.
#[must_use]
pub fn instant(locale: Locale, at: clock::Timestamp, zone: Option<&str>) -> String {
    let Locale::En = locale;
    let zone = zone
        .and_then(|name| TimeZone::get(name).ok())
        .unwrap_or(TimeZone::UTC);
    let at = Timestamp::from_millisecond(at.as_millis()).unwrap_or(Timestamp::UNIX_EPOCH);
    strtime::format("%-d %B %Y, %H:%M %Z", &at.to_zoned_datetime(zone))
        .unwrap_or_else(|_| at.to_string())
}

/// A point in time for machines (RFC 3339, UTC).
#[must_use]
pub fn rfc3339(at: clock::Timestamp) -> String {
    Timestamp::from_millisecond(at.as_millis())
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_minutes_then_in_hours() {
        for (millis, expected) in [
            (0, "1 minute"),
            (59_000, "1 minute"),
            (15 * MINUTE, "15 minutes"),
            (HOUR - 1, "59 minutes"),
            (HOUR, "1 hour"),
            (HOUR + 30 * MINUTE, "90 minutes"),
            (4 * HOUR - 1, "3 hours"),
            (24 * HOUR, "24 hours"),
        ] {
            assert_eq!(duration(Locale::En, millis), expected, "{millis}");
        }
    }

    #[test]
    fn instants_are_told_in_the_readers_zone() {
        let at = clock::Timestamp::from_millis(1_795_460_580_000);
        assert_eq!(instant(Locale::En, at, None), "23 November 2026, 19:03 UTC");
        assert_eq!(
            instant(Locale::En, at, Some("America/Toronto")),
            "23 November 2026, 14:03 EST"
        );
        assert_eq!(
            instant(Locale::En, at, Some("Moon/Base")),
            "23 November 2026, 19:03 UTC"
        );
    }
}
