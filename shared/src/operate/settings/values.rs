//! Settings that are times, counts and choices.

use std::{
    net::SocketAddr,
    num::{NonZeroU8, NonZeroU32},
    path::PathBuf,
    time::Duration,
};

use secrecy::SecretString;
use tracing_subscriber::EnvFilter;

use crate::{
    crypto::{DeliveryKeys, KeyRingError, MasterKeys, Way},
    domain::invalid::Invalid,
    store::purge,
    text::Locale,
};

/// `RATE_LIMIT`: at most so many requests in any window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Most requests accepted.
    pub requests: NonZeroU32,
    /// The window's length, 1 s to 1 h.
    pub window: Duration,
}

impl RateLimit {
    /// Most requests that a limit can allow: each one is remembered for the window's length.
    pub const MAX_REQUESTS: u32 = 1_000_000;

    /// Parses `60/60s`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let (requests, window) = text
            .split_once('/')
            .ok_or_else(|| Invalid::because("has no slash between requests and time"))?;
        let requests = requests
            .trim()
            .parse::<NonZeroU32>()
            .ok()
            .filter(|requests| requests.get() <= Self::MAX_REQUESTS)
            .ok_or_else(|| Invalid::because("does not begin with a number from 1 to 1000000"))?;
        let window = parse_duration(window.trim())?;
        if window > Duration::from_hours(1) {
            return Err(Invalid::because("has a time of more than an hour"));
        }
        Ok(Self { requests, window })
    }
}

/// `TLS_CERT`, `TLS_KEY`: a file. What it holds is read by whoever needs it.
pub(super) fn parse_path(text: &str) -> Result<PathBuf, Invalid> {
    if text.contains('\n') || text.contains("-----BEGIN") {
        return Err(Invalid::because(
            "is a file's content, not its path (a name with _FILE behind it wants a file that holds the path)",
        ));
    }
    let path = PathBuf::from(text);
    if path.is_dir() {
        return Err(Invalid::because("is a folder"));
    }
    Ok(path)
}

/// `DEFAULT_LANGUAGE`: `en` or `fr`.
pub fn parse_language(text: &str) -> Result<Locale, Invalid> {
    Locale::ALL
        .into_iter()
        .find(|locale| locale.tag() == text)
        .ok_or_else(|| Invalid::because("is neither en nor fr"))
}

/// `LOG_FORMAT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl LogFormat {
    /// Parses `text` or `json`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(Invalid::because("is neither text nor json")),
        }
    }
}

/// `RUST_LOG`: directives for our own lines, such as `info` or `info,shared=debug`.
pub struct Directives(EnvFilter);

impl Directives {
    /// Parses the value of `RUST_LOG`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        EnvFilter::try_new(text)
            .map(Self)
            .map_err(|_| Invalid::because("is no log level or list of directives"))
    }

    /// What applies them.
    #[must_use]
    pub fn into_filter(self) -> EnvFilter {
        self.0
    }
}

/// `FERNET_KEYS`.
pub(super) fn parse_master_keys(text: &str) -> Result<MasterKeys, Invalid> {
    parse_ring(text, MasterKeys::parse)
}

/// `DELIVERY_KEYS`.
pub(super) fn parse_delivery_keys(text: &str) -> Result<DeliveryKeys, Invalid> {
    parse_ring(text, DeliveryKeys::parse)
}

fn parse_ring<T>(
    text: &str,
    parse: impl FnOnce(&SecretString) -> Result<T, KeyRingError>,
) -> Result<T, Invalid> {
    parse(&SecretString::from(text)).map_err(|error| Invalid::because(error.to_string()))
}

/// Takes any text: whoever reads it knows more of what it should be.
#[expect(clippy::unnecessary_wraps, reason = "has the shape of a parser")]
pub(super) fn parse_text(text: &str) -> Result<String, Invalid> {
    Ok(text.to_owned())
}

/// Parses a duration of at least a second, e.g. `10m`.
pub fn parse_duration(text: &str) -> Result<Duration, Invalid> {
    let duration = humantime::parse_duration(text)
        .map_err(|_| Invalid::because("is no time such as 10m or 90s"))?;
    if duration < Duration::from_secs(1) {
        return Err(Invalid::because("is shorter than a second"));
    }
    Ok(duration)
}

/// Parses for how long ended secrets are kept.
pub(super) fn parse_purge_after(text: &str) -> Result<Duration, Invalid> {
    let duration = parse_duration(text)?;
    if duration < purge::EARLIEST {
        return Err(Invalid::because("is shorter than 8 days"));
    }
    Ok(duration)
}

/// Parses where recipients find the link.
pub(super) fn parse_link_delivery(text: &str) -> Result<Way, Invalid> {
    match text.to_ascii_lowercase().as_str() {
        "dm" => Ok(Way::Link),
        "on_click" => Ok(Way::Share),
        _ => Err(Invalid::because("is neither dm nor on_click")),
    }
}

/// The shortest and the longest life of a link that was made at a press.
const LINK_LIFETIMES: [Duration; 2] = [Duration::from_secs(30), Duration::from_mins(15)];

/// Parses for how long a link leads to its page that was made at a press.
pub(super) fn parse_link_lifetime(text: &str) -> Result<Duration, Invalid> {
    let duration = parse_duration(text)?;
    let [shortest, longest] = LINK_LIFETIMES;
    if duration < shortest {
        return Err(Invalid::because("is shorter than 30 seconds"));
    }
    if duration > longest {
        return Err(Invalid::because("is longer than 15 minutes"));
    }
    Ok(duration)
}

/// Parses how long before its end people are reminded of a secret: long enough to open it, and
/// after it came, as what is sent for less than an hour is never reminded of.
pub(super) fn parse_remind_before(text: &str) -> Result<Duration, Invalid> {
    let duration = parse_duration(text)?;
    if (Duration::from_mins(5)..=Duration::from_mins(55)).contains(&duration) {
        Ok(duration)
    } else {
        Err(Invalid::because("is not from 5 to 55 minutes"))
    }
}

/// Parses a yes or no.
pub(super) fn parse_bool(text: &str) -> Result<bool, Invalid> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" | "on" => Ok(true),
        "no" | "false" | "0" | "off" => Ok(false),
        _ => Err(Invalid::because("is neither yes nor no")),
    }
}

/// Parses an address and port to listen on.
pub(super) fn parse_listen_addr(text: &str) -> Result<SocketAddr, Invalid> {
    text.parse()
        .map_err(|_| Invalid::because("is no address with a port"))
}

/// Parses an address and port of this machine itself: what is served there tells of the inside.
pub(super) fn parse_health_addr(text: &str) -> Result<SocketAddr, Invalid> {
    let address = parse_listen_addr(text)?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(Invalid::because("is not a loopback address"))
    }
}

/// Most Socket Mode connections of one app.
/// Source: <https://docs.slack.dev/apis/events-api/using-socket-mode>.
const MAX_CONNECTIONS: u8 = 10;

/// Parses a number of Socket Mode connections, 1 to 10.
pub(super) fn parse_connections(text: &str) -> Result<NonZeroU8, Invalid> {
    text.parse()
        .ok()
        .filter(|count: &NonZeroU8| count.get() <= MAX_CONNECTIONS)
        .ok_or_else(|| Invalid::because("is no number from 1 to 10"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_taken_for_a_path() {
        assert!(parse_path("/etc/ssl/key.pem").is_ok());
        let key = "-----BEGIN PRIVATE KEY-----\ncanary";
        let said = parse_path(key).unwrap_err().to_string();
        assert!(!said.contains("canary"), "{said}");
    }

    #[test]
    fn connections_are_one_to_ten() {
        assert_eq!(parse_connections("10").unwrap().get(), 10);
        for text in ["", "0", "11", "-1", "two", "256"] {
            assert!(parse_connections(text).is_err(), "{text}");
        }
    }

    #[test]
    fn health_is_served_to_this_machine_only() {
        assert!(parse_health_addr("127.0.0.1:9090").is_ok());
        assert!(parse_health_addr("[::1]:0").is_ok());
        for text in [
            "",
            "9090",
            "0.0.0.0:9090",
            "10.0.0.1:9090",
            "localhost:9090",
        ] {
            assert!(parse_health_addr(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rate_limits_have_a_count_and_a_time() {
        let limit = RateLimit::parse("60/60s").unwrap();
        assert_eq!(
            (limit.requests.get(), limit.window),
            (60, Duration::from_mins(1))
        );
        assert!(RateLimit::parse("1000000/1h").is_ok());
        for text in [
            "",
            "60",
            "0/60s",
            "-1/60s",
            "60/",
            "60/0s",
            "60/2h",
            "60/60",
            "9999999/1s",
        ] {
            assert!(RateLimit::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_at_least_a_second() {
        assert_eq!(parse_duration("10m"), Ok(Duration::from_mins(10)));
        for text in ["", "0s", "999ms", "10", "soon"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_reminder_comes_five_to_fifty_five_minutes_before_the_end() {
        for (text, minutes) in [("5m", 5), ("30m", 30), ("1800s", 30), ("55m", 55)] {
            assert_eq!(parse_remind_before(text), Ok(Duration::from_mins(minutes)));
        }
        for text in [
            "", "off", "no", "30", "0m", "4m 59s", "55m 1s", "1h", "-30m",
        ] {
            assert!(parse_remind_before(text).is_err(), "{text}");
        }
    }

    #[test]
    fn yes_and_no_have_several_spellings() {
        assert_eq!(parse_bool("Yes"), Ok(true));
        assert_eq!(parse_bool("0"), Ok(false));
        assert!(parse_bool("maybe").is_err());
    }
}
