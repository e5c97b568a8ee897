//! Times as people read them, after the Unicode CLDR's habits of Canada.

use std::{sync::LazyLock, time::Duration};

use icu_calendar::Gregorian;
use icu_datetime::{
    FixedCalendarDateTimeFormatter,
    fieldsets::{Combo, YMD, YMDT, zone::SpecificShort},
};
use icu_time::{
    ZonedDateTime,
    zone::{IanaParser, UtcOffset, ZoneNameTimestamp},
};
use jiff::{Timestamp, tz::TimeZone};

use super::{Locale, Message, text};
use crate::domain::clock;

/// A span of time in hours and minutes, rounded down; less than a minute counts as one.
#[must_use]
pub fn duration(locale: Locale, duration: Duration) -> String {
    let minutes = (duration.as_secs() / 60).max(1);
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

/// A point in time in a zone such as `America/Toronto`, or in UTC:
/// `November 23, 2026 at 2:03 p.m. EST`, `23 novembre 2026 à 14 h 03 HNE`.
#[must_use]
pub fn instant(locale: Locale, at: clock::Timestamp, zone: Option<&str>) -> String {
    let Some(formatter) = formatter(locale) else {
        return rfc3339(at);
    };
    let zone = zone
        .and_then(|name| TimeZone::get(name).ok())
        .unwrap_or(TimeZone::UTC);
    let offset = Timestamp::from_millisecond(at.as_millis())
        .ok()
        .and_then(|at| UtcOffset::try_from_seconds(zone.to_offset(at).seconds()).ok())
        .unwrap_or_else(UtcOffset::zero);
    let local = ZonedDateTime::from_epoch_milliseconds_and_utc_offset(at.as_millis(), offset);
    let zone = IanaParser::new()
        .parse(zone.iana_name().unwrap_or("UTC"))
        .with_offset(Some(offset))
        .with_zone_name_timestamp(ZoneNameTimestamp::from_zoned_date_time(local));
    let text = formatter.format(&ZonedDateTime {
        date: local.date.to_calendar(Gregorian),
        time: local.time,
        zone,
    });
    text.to_string()
}

type Formatter = FixedCalendarDateTimeFormatter<Gregorian, Combo<YMDT, SpecificShort>>;

/// `None` only if the library came without its data for the language, which a test rules out.
fn formatter(locale: Locale) -> Option<&'static Formatter> {
    static ENGLISH: LazyLock<Option<Formatter>> = LazyLock::new(|| build(Locale::En));
    static FRENCH: LazyLock<Option<Formatter>> = LazyLock::new(|| build(Locale::Fr));
    match locale {
        Locale::En => ENGLISH.as_ref(),
        Locale::Fr => FRENCH.as_ref(),
    }
}

fn build(locale: Locale) -> Option<Formatter> {
    let tag: icu_locale_core::Locale = locale.regional_tag().parse().ok()?;
    let fields = YMD::long().with_time_hm().with_zone(SpecificShort);
    FixedCalendarDateTimeFormatter::try_new(tag.into(), fields).ok()
}

/// The hour of the day, 0 to 23, in a zone such as `America/Toronto`; `None` where there is no such
/// zone.
#[must_use]
pub fn hour(at: clock::Timestamp, zone: &str) -> Option<i8> {
    let zone = TimeZone::get(zone).ok()?;
    let at = Timestamp::from_millisecond(at.as_millis()).ok()?;
    let local = at.as_second() + i64::from(zone.to_offset(at).seconds());
    i8::try_from(local.rem_euclid(24 * 3600) / 3600).ok()
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
    fn the_hour_is_that_of_the_zone() {
        let at = |text: &str| {
            let at: Timestamp = text.parse().unwrap();
            clock::Timestamp::from_millis(at.as_millisecond())
        };
        for (when, zone, expected) in [
            ("2026-11-28T11:59:59Z", "America/Toronto", Some(6)),
            ("2026-11-28T12:00:00Z", "America/Toronto", Some(7)),
            ("2026-07-01T11:00:00Z", "America/Toronto", Some(7)),
            ("2026-11-28T03:30:00Z", "America/St_Johns", Some(0)),
            ("2026-11-28T18:29:59Z", "Asia/Kolkata", Some(23)),
            ("2026-11-28T18:30:00Z", "Asia/Kolkata", Some(0)),
            ("2026-11-28T18:30:00Z", "Nowhere/City", None),
        ] {
            assert_eq!(hour(at(when), zone), expected, "{when} {zone}");
        }
    }

    #[test]
    fn spans_are_told_in_minutes_then_in_hours() {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        for (seconds, english, french) in [
            (0, "1 minute", "1 minute"),
            (59, "1 minute", "1 minute"),
            (15 * MINUTE, "15 minutes", "15 minutes"),
            (HOUR - 1, "59 minutes", "59 minutes"),
            (HOUR, "1 hour", "1 heure"),
            (
                HOUR + 30 * MINUTE,
                "1 hour 30 minutes",
                "1 heure et 30 minutes",
            ),
            (4 * HOUR - 1, "3 hours 59 minutes", "3 heures et 59 minutes"),
            (24 * HOUR, "24 hours", "24 heures"),
        ] {
            let span = Duration::from_secs(seconds);
            assert_eq!(duration(Locale::En, span), english);
            let french = french.replace(char::is_whitespace, " ");
            let told = duration(Locale::Fr, span).replace(char::is_whitespace, " ");
            assert_eq!(told, french);
        }
    }

    #[test]
    fn instants_are_told_in_the_readers_zone_and_manner() {
        let winter = clock::Timestamp::from_millis(1_795_460_580_000);
        let summer = clock::Timestamp::from_millis(1_782_500_700_000);
        for (locale, at, zone, expected) in [
            (
                Locale::En,
                winter,
                None,
                "November 23, 2026 at 7:03\u{202f}p.m. UTC",
            ),
            (
                Locale::En,
                winter,
                Some("America/Toronto"),
                "November 23, 2026 at 2:03\u{202f}p.m. EST",
            ),
            (
                Locale::En,
                summer,
                Some("Moon/Base"),
                "June 26, 2026 at 7:05\u{202f}p.m. UTC",
            ),
            (
                Locale::Fr,
                winter,
                Some("America/Toronto"),
                "23 novembre 2026 à 14 h 03 HNE",
            ),
            (
                Locale::Fr,
                summer,
                Some("America/Toronto"),
                "26 juin 2026 à 15 h 05 HAE",
            ),
            (
                Locale::Fr,
                winter,
                Some("Asia/Kolkata"),
                "24 novembre 2026 à 00 h 33 UTC+5:30",
            ),
        ] {
            assert_eq!(instant(locale, at, zone), expected);
        }
    }
}
