//! The report of a rehearsal, for the maintainers: no names, ids, links or secrets.

use std::fmt::Write as _;

use super::steps::Step;

/// Most characters of what somebody said.
const MOST_CHARS: usize = 200;

/// Longest word that can't be an identifier.
const LONGEST_MIXED: usize = 6;

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The program saw it itself.
    Checked(String),
    /// The operator says so.
    Said(String),
    /// It was not looked at.
    Skipped(String),
    /// It is not as it should be.
    Failed(String),
}

/// What is noted of each step.
pub(super) struct Report {
    outcomes: Vec<(Step, Outcome)>,
    /// The people's names and ids, in lower case: they stay out.
    private: Vec<String>,
}

impl Report {
    pub(super) const fn new() -> Self {
        Self {
            outcomes: Vec::new(),
            private: Vec::new(),
        }
    }

    /// Words that must not stand in it.
    pub(super) fn keep_out(&mut self, words: &str) {
        let words = words
            .split_whitespace()
            .filter(|word| word.chars().count() > 1);
        self.private.extend(words.map(str::to_lowercase));
    }

    pub(super) fn note(&mut self, step: Step, outcome: Outcome) {
        self.outcomes.push((step, outcome));
    }

    pub(super) fn failures(&self) -> usize {
        let failed = |(_, outcome): &&(Step, Outcome)| matches!(outcome, Outcome::Failed(_));
        self.outcomes.iter().filter(failed).count()
    }

    /// What somebody typed, without what could name people or lead to something.
    pub(super) fn harmless(&self, said: &str) -> String {
        let said: String = said.chars().take(MOST_CHARS).collect();
        let words = said.split_whitespace().map(|word| {
            if self.is_harmless(word) {
                word.escape_debug().to_string().replace('|', "/")
            } else {
                "[left out]".to_owned()
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn is_harmless(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        let is_mixed = word.chars().count() > LONGEST_MIXED
            && word.chars().any(|c| c.is_ascii_digit())
            && word.chars().any(char::is_alphabetic);
        let leads_on = ["@", "://", "www.", "<", ">"]
            .iter()
            .any(|mark| word.contains(mark));
        !is_mixed && !leads_on && !self.private.iter().any(|private| lower.contains(private))
    }

    /// In Markdown. `about` are lines on the installation.
    pub(super) fn markdown(&self, about: &[(&str, String)]) -> String {
        let mut text = "# Rehearsal of Secure Secret\n\n".to_owned();
        for (name, value) in about {
            let _written = writeln!(text, "- {name}: {value}");
        }
        text.push_str("\n| step | how it went | what was seen |\n|---|---|---|\n");
        for step in Step::ALL {
            let outcome = self.outcomes.iter().find(|(known, _)| known == step);
            let (word, seen) = match outcome.map(|(_, outcome)| outcome) {
                Some(Outcome::Checked(seen)) => ("checked", seen.as_str()),
                Some(Outcome::Said(seen)) => ("said", seen.as_str()),
                Some(Outcome::Skipped(why)) => ("not checked", why.as_str()),
                Some(Outcome::Failed(what)) => ("FAILED", what.as_str()),
                None => ("not checked", "the rehearsal ended before"),
            };
            let (number, title) = (step.number(), step.title());
            let _written = writeln!(text, "| {number}. {title} | {word} | {seen} |");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_name_somebody_or_lead_on_is_left_out() {
        let mut report = Report::new();
        report.keep_out("Alice Tremblay");
        report.keep_out("U0123ABCD");
        for (said, kept) in [
            ("it rang twice", "it rang twice"),
            ("alice's phone rang", "[left out] phone rang"),
            ("(Tremblay) saw it", "[left out] saw it"),
            ("see https://s.example.org/s/x", "see [left out]"),
            ("<@U999> and @bob", "[left out] and [left out]"),
            ("W012ABCDEF wrote", "[left out] wrote"),
            ("iOS 26.1, 3 s late", "iOS 26.1, 3 s late"),
            ("a | b \u{1b}[2J", "a / b \\u{1b}[2J"),
        ] {
            assert_eq!(report.harmless(said), kept);
        }
        let long = "word ".repeat(100);
        assert!(report.harmless(&long).chars().count() <= MOST_CHARS);
    }

    #[test]
    fn every_step_has_its_row_whether_it_was_reached_or_not() {
        let mut report = Report::new();
        report.note(Step::Dialog, Outcome::Said("yes".to_owned()));
        report.note(Step::Message, Outcome::Failed("no".to_owned()));
        let text = report.markdown(&[("version", "1.2.3".to_owned())]);
        assert!(text.contains("- version: 1.2.3\n"), "{text}");
        assert!(
            text.contains("| 1. the dialog opens | said | yes |\n"),
            "{text}"
        );
        assert!(
            text.contains("| 4. the message arrives | FAILED | no |\n"),
            "{text}"
        );
        let rows = text.lines().filter(|line| line.starts_with("| ")).count();
        assert_eq!(rows, Step::ALL.len() + 1);
        assert_eq!(report.failures(), 1);
    }
}
