//! What operators can measure, in the `OpenMetrics` text format.
//!
//! Labels come from small sets of words: never from what people or Slack wrote.

use std::{
    sync::atomic::AtomicU64,
    time::{Duration, Instant},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
    registry::{Registry, Unit},
};
use shared::store::backlog::Backlog;

/// Upper bounds in seconds, up to Slack's three.
const ACKNOWLEDGEMENT_BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0,
];

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    connections: Family<State, Gauge>,
    openings: Family<Outcome, Counter>,
    envelopes: Family<Envelope, Counter>,
    acknowledgements: Family<Kind, Histogram>,
    deliveries: Family<Delivery, Counter>,
    sweeps: Family<Outcome, Counter>,
    destroyed: Counter,
    purged: Counter,
    passed_over: Family<Step, Counter>,
    waiting: Gauge,
    clock: Gauge,
    held: Gauge,
    strangers: Gauge,
    oldest_delivery: Gauge<f64, AtomicU64>,
    oldest_expired: Gauge<f64, AtomicU64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Envelope {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Step {
    step: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Delivery {
    kind: &'static str,
    outcome: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("secure_secret"),
            connections: Family::default(),
            openings: Family::default(),
            envelopes: Family::default(),
            acknowledgements: Family::new_with_constructor(|| {
                Histogram::new(ACKNOWLEDGEMENT_BUCKETS)
            }),
            deliveries: Family::default(),
            sweeps: Family::default(),
            destroyed: Counter::default(),
            purged: Counter::default(),
            passed_over: Family::default(),
            waiting: Gauge::default(),
            clock: Gauge::default(),
            held: Gauge::default(),
            strangers: Gauge::default(),
            oldest_delivery: Gauge::default(),
            oldest_expired: Gauge::default(),
        };
        metrics.register();
        // Until a look says otherwise.
        metrics.clock(true);
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let version: [(&str, &str); 1] = [("version", env!("CARGO_PKG_VERSION"))];
        registry
            .sub_registry_with_labels(
                version
                    .into_iter()
                    .map(|(name, value)| (name.into(), value.into())),
            )
            .register("build", "The program's version", ConstGauge::new(1_i64));
        registry.register(
            "socket_connections",
            "Socket Mode connections by state",
            self.connections.clone(),
        );
        registry.register(
            "socket_openings",
            "Tries to open a Socket Mode connection",
            self.openings.clone(),
        );
        registry.register(
            "envelopes",
            "Envelopes from Slack by what they are and how they were handled",
            self.envelopes.clone(),
        );
        registry.register_with_unit(
            "acknowledgement",
            "From an envelope's arrival until its acknowledgement is written",
            Unit::Seconds,
            self.acknowledgements.clone(),
        );
        registry.register(
            "deliveries",
            "Tries to post or change a message",
            self.deliveries.clone(),
        );
        registry.register(
            "sweeper_batches",
            "Batches in which expired secrets are destroyed",
            self.sweeps.clone(),
        );
        registry.register(
            "expired_destroyed",
            "Secrets destroyed by the sweeper",
            self.destroyed.clone(),
        );
        registry.register(
            "rows_purged",
            "Secrets that ended long ago whose rows were removed",
            self.purged.clone(),
        );
        registry.register(
            "rows_passed_over",
            "Rows that could not be dealt with as others, by what came upon them",
            self.passed_over.clone(),
        );
        registry.register(
            "deliveries_waiting",
            "Messages to post or to change that wait",
            self.waiting.clone(),
        );
        registry.register(
            "database_clock_sound",
            "1 when the database's clock can be trusted with destroying what is over, else 0",
            self.clock.clone(),
        );
        registry.register(
            "deliveries_held",
            "Messages that wait because Slack takes none from the app as a whole",
            self.held.clone(),
        );
        registry.register(
            "strange_connections",
            "Connections of the Slack app beyond those of this database's bots, as Slack last counted them",
            self.strangers.clone(),
        );
        registry.register_with_unit(
            "oldest_delivery_age",
            "How long the oldest message has been waiting to be posted",
            Unit::Seconds,
            self.oldest_delivery.clone(),
        );
        registry.register_with_unit(
            "oldest_expired_age",
            "How long ago the oldest secret expired that is not destroyed yet",
            Unit::Seconds,
            self.oldest_expired.clone(),
        );
    }

    /// Everything as text; `backlog` is `None` when the database does not answer.
    pub(crate) fn encode(&self, backlog: Option<Backlog>) -> Result<String, std::fmt::Error> {
        let age = |age: fn(&Backlog) -> Duration| {
            backlog
                .as_ref()
                .map_or(f64::NAN, |backlog| age(backlog).as_secs_f64())
        };
        self.oldest_delivery
            .set(age(|backlog| backlog.oldest_delivery));
        self.oldest_expired
            .set(age(|backlog| backlog.oldest_expired));
        let waiting = backlog.map_or(0, |backlog| backlog.deliveries);
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        let held = backlog.map_or(0, |backlog| backlog.held);
        self.held.set(i64::try_from(held).unwrap_or(i64::MAX));
        let mut encoded = String::new();
        text::encode(&mut encoded, &self.registry)?;
        Ok(encoded)
    }

    /// How many connections are in a state.
    pub(crate) fn connections(&self, state: &'static str) -> Gauge {
        self.connections.get_or_create_owned(&State { state })
    }

    pub(crate) fn opening(&self, outcome: &'static str) {
        self.openings.get_or_create(&Outcome { outcome }).inc();
    }

    pub(crate) fn envelope(&self, kind: &'static str, outcome: &'static str) {
        self.envelopes
            .get_or_create(&Envelope { kind, outcome })
            .inc();
    }

    pub(crate) fn acknowledged(&self, kind: &'static str, received: Instant) {
        let taken = received.elapsed().as_secs_f64();
        self.acknowledgements
            .get_or_create(&Kind { kind })
            .observe(taken);
    }

    pub(crate) fn delivery(&self, kind: &'static str, outcome: &'static str) {
        self.deliveries
            .get_or_create(&Delivery { kind, outcome })
            .inc();
    }

    pub(crate) fn passed_over(&self, step: &'static str) {
        self.passed_over.get_or_create(&Step { step }).inc();
    }

    pub(crate) fn clock(&self, is_sound: bool) {
        self.clock.set(i64::from(is_sound));
    }

    pub(crate) fn strangers(&self, connections: u32) {
        self.strangers.set(i64::from(connections));
    }

    pub(crate) fn is_clock_sound(&self) -> bool {
        self.clock.get() == 1
    }

    pub(crate) fn sweep(&self, destroyed: Option<u32>) {
        let outcome = if destroyed.is_some() {
            "done"
        } else {
            "failed"
        };
        self.sweeps.get_or_create(&Outcome { outcome }).inc();
        self.destroyed.inc_by(destroyed.unwrap_or_default().into());
    }

    pub(crate) fn purged(&self, secrets: u32) {
        self.purged.inc_by(secrets.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_in_the_text() {
        let metrics = Metrics::new();
        metrics.connections("open").inc();
        metrics.envelope("slash_command", "opened");
        metrics.acknowledged("slash_command", Instant::now());
        metrics.delivery("recipient_message", "sent");
        metrics.sweep(Some(3));
        let backlog = Backlog {
            deliveries: 2,
            held: 1,
            oldest_delivery: Duration::from_millis(1500),
            oldest_expired: Duration::ZERO,
        };
        let text = metrics.encode(Some(backlog)).unwrap();
        for line in [
            "secure_secret_socket_connections{state=\"open\"} 1",
            "secure_secret_envelopes_total{kind=\"slash_command\",outcome=\"opened\"} 1",
            "secure_secret_acknowledgement_seconds_count{kind=\"slash_command\"} 1",
            "secure_secret_deliveries_total{kind=\"recipient_message\",outcome=\"sent\"} 1",
            "secure_secret_expired_destroyed_total 3",
            "secure_secret_deliveries_waiting 2",
            "secure_secret_deliveries_held 1",
            "secure_secret_oldest_delivery_age_seconds 1.5",
            "secure_secret_build{version=",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(text.ends_with("# EOF\n"));
        let text = metrics.encode(None).unwrap();
        assert!(
            text.contains("secure_secret_oldest_delivery_age_seconds NaN"),
            "{text}"
        );
    }
}
