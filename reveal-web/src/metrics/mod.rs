//! What operators can measure, in the `OpenMetrics` text format.
//!
//! Labels come from small sets of words: never from what browsers sent.

mod refusals;

use std::{
    fmt,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use refusals::Refusals;
pub(crate) use refusals::Refused;

const PREFIX: &str = "secure_secret_web";

/// What the metrics of [`Refused`] are called.
const RATE_LIMITED: &str = "rate_limited_lately";

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answer, Counter>,
    connections: Gauge,
    connection_places: Gauge,
    refused: Family<Closed, Counter>,
    reuses: Counter,
    repeats: Counter,
    denied: Counter,
    lost: Counter,
    clock: Gauge,
    rate_limited: Family<Share, Gauge>,
    refusals: Mutex<Refusals>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Closed {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Share {
    of: &'static str,
}

const ALL: &str = "all";
const ONE_ADDRESS: &str = "one_address";

/// What another process's metrics say about requests that were refused lately; `None` where they
/// say nothing about it.
pub(crate) fn refused_in(metrics: &str) -> Option<Refused> {
    let read = |of: &str| {
        let name = format!("{PREFIX}_{RATE_LIMITED}{{of=\"{of}\"}} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&name));
        value?.parse().ok()
    };
    Some(Refused {
        all: read(ALL)?,
        of_one: read(ONE_ADDRESS)?,
    })
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix(PREFIX),
            requests: Family::default(),
            connections: Gauge::default(),
            connection_places: Gauge::default(),
            refused: Family::default(),
            reuses: Counter::default(),
            repeats: Counter::default(),
            denied: Counter::default(),
            lost: Counter::default(),
            clock: Gauge::default(),
            rate_limited: Family::default(),
            refusals: Mutex::new(Refusals::new(Instant::now())),
        };
        let registry = &mut metrics.registry;
        let requests = metrics.requests.clone();
        registry.register("requests", "Requests by route and status", requests);
        let connections = metrics.connections.clone();
        registry.register("connections", "Connections that are open", connections);
        let places = metrics.connection_places.clone();
        registry.register(
            "connection_places",
            "Connections that there can be at a time",
            places,
        );
        let refused = metrics.refused.clone();
        registry.register(
            "connections_refused",
            "Connections closed at once, by reason",
            refused,
        );
        let reuses = metrics.reuses.clone();
        registry.register(
            "link_reuses",
            "Visits to links whose secret was opened before",
            reuses,
        );
        let repeats = metrics.repeats.clone();
        registry.register(
            "page_repeats",
            "Pages sent again that had opened their secret a moment before",
            repeats,
        );
        let denied = metrics.denied.clone();
        registry.register(
            "openings_denied",
            "Openings refused as they did not come from our own page, whether or not there is such a link",
            denied,
        );
        let lost = metrics.lost.clone();
        registry.register(
            "pages_lost",
            "Pages with a secret that may not have arrived, as their connection was gone",
            lost,
        );
        let clock = metrics.clock.clone();
        registry.register(
            "database_clock_sound",
            "1 when the database's clock can be trusted with destroying what is over, else 0",
            clock,
        );
        let rate_limited = metrics.rate_limited.clone();
        registry.register(
            RATE_LIMITED,
            "Requests that the rate limit refused within the last hour: all, and those of the one \
             address (IPv6: one /48) that was refused most",
            rate_limited,
        );
        // Until a look says otherwise.
        metrics.clock(true);
        metrics
    }

    pub(crate) fn request(&self, route: &'static str, status: u16) {
        self.requests.get_or_create(&Answer { route, status }).inc();
    }

    /// Counts a request that the rate limit refused.
    pub(crate) fn rate_limited(&self, network: IpAddr, now: Instant) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.note(network, now);
    }

    pub(crate) fn connection_places(&self, places: usize) {
        self.connection_places
            .set(i64::try_from(places).unwrap_or(i64::MAX));
    }

    pub(crate) fn connection_refused(&self, reason: &'static str) {
        self.refused.get_or_create(&Closed { reason }).inc();
    }

    /// Open for as long as what is returned lives.
    pub(crate) fn connection(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    pub(crate) fn reuse(&self) {
        self.reuses.inc();
    }

    /// Counts a refused opening.
    pub(crate) fn denied(&self) {
        self.denied.inc();
    }

    pub(crate) fn repeat(&self) {
        self.repeats.inc();
    }

    pub(crate) fn page_lost(&self) {
        self.lost.inc();
    }

    pub(crate) fn clock(&self, is_sound: bool) {
        self.clock.set(i64::from(is_sound));
    }

    pub(crate) fn encode(&self) -> Result<String, fmt::Error> {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let Refused { all, of_one } = refusals.lately(Instant::now());
        drop(refusals);
        for (of, count) in [(ALL, all), (ONE_ADDRESS, of_one)] {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.rate_limited.get_or_create(&Share { of }).set(count);
        }
        let mut encoded = String::new();
        text::encode(&mut encoded, &self.registry)?;
        Ok(encoded)
    }
}

/// A connection that is open.
pub(crate) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_about_refusals_is_understood_and_names_nobody() {
        let metrics = Metrics::new();
        for address in ["192.0.2.1", "192.0.2.1", "2001:db8:1::"] {
            metrics.rate_limited(address.parse().unwrap(), Instant::now());
        }
        let told = metrics.encode().unwrap();
        let refused = Refused { all: 3, of_one: 2 };
        assert_eq!(refused_in(&told), Some(refused));
        assert!(
            !told.contains("192.0.2") && !told.contains("2001"),
            "{told}"
        );
        assert_eq!(refused_in("# EOF\n"), None);
    }
}
