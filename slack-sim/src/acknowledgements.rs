//! How fast envelopes were acknowledged, and which were not.

use std::time::Duration;

use serde_json::{Value, json};

/// Upper bounds of the histogram's buckets in milliseconds.
const BUCKETS: [f64; 10] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0, 1000.0, 3000.0,
];

/// Every envelope's fate.
#[derive(Default)]
pub(crate) struct Acknowledgements {
    /// In milliseconds.
    latencies: Vec<f64>,
    never: Vec<Value>,
}

impl Acknowledgements {
    pub(crate) fn came(&mut self, after: Duration) {
        self.latencies.push(after.as_secs_f64() * 1000.0);
    }

    /// Three seconds passed without one.
    pub(crate) fn never_came(&mut self, kind: &str, envelope_id: &str) {
        self.never
            .push(json!({ "type": kind, "envelope_id": envelope_id }));
    }

    pub(crate) fn summary(&self) -> Value {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let within = |bound: f64| sorted.partition_point(|latency| *latency <= bound);
        let histogram: Vec<_> = BUCKETS
            .into_iter()
            .map(|bound| json!({ "le_ms": bound, "count": within(bound) }))
            .collect();
        json!({
            "count": sorted.len(),
            "p50_ms": quantile(&sorted, 1, 2),
            "p99_ms": quantile(&sorted, 99, 100),
            "max_ms": sorted.last(),
            "histogram": histogram,
            "never_acknowledged": self.never,
        })
    }
}

fn quantile(sorted: &[f64], share: usize, of: usize) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get(last * share / of).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_counted_up_to_each_bound() {
        let mut acknowledgements = Acknowledgements::default();
        for millis in [1, 4, 60, 700] {
            acknowledgements.came(Duration::from_millis(millis));
        }
        acknowledgements.never_came("interactive", "e1");
        let summary = acknowledgements.summary();
        assert_eq!(
            (&summary["count"], &summary["max_ms"]),
            (&json!(4), &json!(700.0))
        );
        assert_eq!(summary["histogram"][6], json!({"le_ms": 100.0, "count": 3}));
        assert_eq!(summary["never_acknowledged"][0]["envelope_id"], "e1");
    }
}
