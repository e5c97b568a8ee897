//! Figures of several rounds, and the table that they make.

use serde_json::{Value, json};

/// A line of the table: one figure, as each round had it.
pub struct Row {
    /// What was measured, with the engine and how many did it at a time.
    pub figure: String,
    /// What it is counted in; empty for a ratio.
    pub unit: &'static str,
    /// What it should be.
    pub goal: Option<Goal>,
    /// One value a round.
    pub rounds: Vec<f64>,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
}

impl Row {
    pub(super) fn new(figure: impl Into<String>, unit: &'static str, rounds: Vec<f64>) -> Self {
        Self {
            figure: figure.into(),
            unit,
            goal: None,
            rounds,
        }
    }

    pub(super) const fn at_least(mut self, goal: f64) -> Self {
        self.goal = Some(Goal::AtLeast(goal));
        self
    }

    pub(super) const fn at_most(mut self, goal: f64) -> Self {
        self.goal = Some(Goal::AtMost(goal));
        self
    }

    /// The middle one of its rounds.
    #[must_use]
    pub fn median(&self) -> f64 {
        quantile(&self.rounds, 0.5)
    }

    /// Whether the median is as it should be; `None` without a goal.
    #[must_use]
    pub fn is_met(&self) -> Option<bool> {
        let median = self.median();
        self.goal.map(|goal| match goal {
            Goal::AtLeast(least) => median >= least,
            Goal::AtMost(most) => median <= most,
        })
    }

    /// The heading of the lines that [`Row::line`] makes.
    #[must_use]
    pub fn heading() -> String {
        line("figure", "median", "[least, most]", "goal", "")
    }

    /// As a line of the printed table.
    #[must_use]
    pub fn line(&self) -> String {
        let spread = format!(
            "[{}, {}]",
            short(quantile(&self.rounds, 0.0)),
            short(quantile(&self.rounds, 1.0))
        );
        let goal = self.goal.map_or_else(String::new, |goal| match goal {
            Goal::AtLeast(least) => format!(">= {least}"),
            Goal::AtMost(most) => format!("<= {most}"),
        });
        let verdict = match self.is_met() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        };
        let median = format!("{} {}", short(self.median()), self.unit);
        line(&self.figure, &median, &spread, &goal, verdict)
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let goal = self.goal.map(|goal| match goal {
            Goal::AtLeast(least) => json!({ "at_least": least }),
            Goal::AtMost(most) => json!({ "at_most": most }),
        });
        json!({
            "figure": self.figure,
            "unit": self.unit,
            "median": self.median(),
            "rounds": self.rounds,
            "goal": goal,
            "met": self.is_met(),
        })
    }
}

fn line(figure: &str, median: &str, spread: &str, goal: &str, verdict: &str) -> String {
    let line = format!("{figure:<64} {median:>12} {spread:>20} {goal:>9} {verdict}");
    line.trim_end().to_owned()
}

/// With about three digits.
fn short(value: f64) -> String {
    let decimals = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

/// How long each of many took, and how long all of them together.
pub(super) struct Times {
    /// In milliseconds.
    each: Vec<f64>,
    /// How many a second.
    pub(super) rate: f64,
}

impl Times {
    #[expect(clippy::cast_precision_loss, reason = "a count of seconds' work")]
    pub(super) fn new(each: Vec<f64>, all: std::time::Duration) -> Self {
        let rate = each.len() as f64 / all.as_secs_f64();
        Self { each, rate }
    }

    pub(super) fn p50(&self) -> f64 {
        quantile(&self.each, 0.5)
    }

    pub(super) fn p99(&self) -> f64 {
        quantile(&self.each, 0.99)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index"
)]
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values
        .get((last as f64 * share).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_held_against_the_median() {
        let row = |rounds: &[f64]| Row::new("ratio", "", rounds.to_vec());
        assert_eq!(row(&[1.0, 9.0, 2.0]).at_most(2.0).is_met(), Some(true));
        assert_eq!(row(&[1.0, 9.0, 2.0]).at_least(2.0).is_met(), Some(true));
        assert_eq!(row(&[0.9, 0.1, 0.85]).at_least(0.85).is_met(), Some(true));
        assert_eq!(row(&[0.9, 0.1, 0.84]).at_least(0.85).is_met(), Some(false));
        assert_eq!(row(&[1.5, 9.0, 1.0]).at_most(1.5).is_met(), Some(true));
        assert_eq!(row(&[1.0]).is_met(), None);
    }
}
