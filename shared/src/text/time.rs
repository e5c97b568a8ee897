//! Times as people read them.

use jiff::{Timestamp, fmt::strtime, tz::TimeZone};

use super::{Locale, Message, text};
use crate::clock;

const MINUTE: u64 = 60_000;

/// A span of time in hours and minutes, rounded down; less than a minute counts as one.
#[must_use]
pub fn duration(locale: Locale, millis: u64) -> String {
    let minutes = (millis / MINUTE).max(1);
    let hours = text(
        locale,
        Message::Hours {
            count: minutes / 60,
        },
    );
    let rest = text(
        locale,
        Message::Minutes {
            count: minutes % 60,
        },
    );
    match (minutes / 60, minutes % 60) {
        (0, _) => rest,
        (_, 0) => hours,
        _ => text(
            locale,
            Message::HoursMinutes {
                hours: &hours,
                minutes: &rest,
            },
        ),
    }
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

    const HOUR: u64 = 60 * MINUTE;

    #[test]
    fn spans_are_told_in_minutes_then_in_hours() {
        for (millis, expected) in [
            (0, "1 minute"),
            (59_000, "1 minute"),
            (15 * MINUTE, "15 minutes"),
            (HOUR - 1, "59 minutes"),
            (HOUR, "1 hour"),
            (HOUR + 30 * MINUTE, "1 hour 30 minutes"),
            (4 * HOUR - 1, "3 hours 59 minutes"),
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
