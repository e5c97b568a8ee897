//! What operators can measure, in the `OpenMetrics` text format.
//!
//! Labels come from small sets of words: never from what browsers sent.

use std::fmt;

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answer, Counter>,
    connections: Gauge,
    refused: Family<Refused, Counter>,
    reuses: Counter,
    repeats: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    reason: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("secure_secret_web"),
            requests: Family::default(),
            connections: Gauge::default(),
            refused: Family::default(),
            reuses: Counter::default(),
            repeats: Counter::default(),
        };
        let registry = &mut metrics.registry;
        let requests = metrics.requests.clone();
        registry.register("requests", "Requests by route and status", requests);
        let connections = metrics.connections.clone();
        registry.register("connections", "Connections that are open", connections);
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
        metrics
    }

    pub(crate) fn request(&self, route: &'static str, status: u16) {
        self.requests.get_or_create(&Answer { route, status }).inc();
    }

    pub(crate) fn connection_refused(&self, reason: &'static str) {
        self.refused.get_or_create(&Refused { reason }).inc();
    }

    /// Open for as long as what is returned lives.
    pub(crate) fn connection(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    pub(crate) fn reuse(&self) {
        self.reuses.inc();
    }

    pub(crate) fn repeat(&self) {
        self.repeats.inc();
    }

    pub(crate) fn encode(&self) -> Result<String, fmt::Error> {
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
