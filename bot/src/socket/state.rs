//! How the connections are, counted for operators and for readiness.

use std::sync::Arc;

use prometheus_client::metrics::gauge::Gauge;

use crate::metrics::Metrics;

/// The state of one connection of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Being opened, up to Slack's hello.
    Connecting,
    /// Slack can send envelopes over it.
    Open,
    /// Slack is about to end it; what still comes is answered.
    Draining,
    /// There is none just now; the next try follows after a pause.
    Waiting,
}

impl State {
    const fn code(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Open => "open",
            Self::Draining => "draining",
            Self::Waiting => "waiting",
        }
    }
}

/// How many connections are in which state.
#[derive(Clone)]
pub(crate) struct Connections {
    metrics: Arc<Metrics>,
}

impl Connections {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        for state in [
            State::Connecting,
            State::Open,
            State::Draining,
            State::Waiting,
        ] {
            // So that each is in the metrics from the start.
            metrics.connections(state.code()).set(0);
        }
        Self { metrics }
    }

    /// Over how many connections Slack can send envelopes.
    pub(crate) fn open(&self) -> i64 {
        self.metrics.connections(State::Open.code()).get()
    }

    /// Counts a connection until the guard is dropped.
    pub(super) fn enter(&self, state: State) -> Entered {
        let gauge = self.metrics.connections(state.code());
        gauge.inc();
        Entered { gauge }
    }
}

/// A connection that is counted in a state.
pub(super) struct Entered {
    gauge: Gauge,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_counts_while_it_is_in_its_state() {
        let connections = Connections::new(Arc::new(Metrics::new()));
        assert_eq!(connections.open(), 0);
        let one = connections.enter(State::Open);
        let other = connections.enter(State::Open);
        let _draining = connections.enter(State::Draining);
        assert_eq!(connections.open(), 2);
        drop(one);
        drop(other);
        assert_eq!(connections.open(), 0);
    }
}
