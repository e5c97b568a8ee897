//! What differs from run to run. Two outputs are the same when they are once that is masked.

use regex::{Captures, Regex};

/// Name and form of what varies, the first that fits wins. What is named `same` does not vary: it
/// only looks like something that does.
const FORMS: [(&str, &str); 12] = [
    (
        "time",
        r"\b(?:[A-Z][a-z]{2},? )?[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z| ?UTC)?)?",
    ),
    (
        "journal",
        r"\b[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}\b",
    ),
    (
        "id",
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
    ),
    ("token", r"[A-Za-z0-9_-]{43}=?"),
    ("same", r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b"),
    ("version", r"\b[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.]+)?\b"),
    (
        "duration",
        r"\b[0-9]+(?:\.[0-9]+)? ?(?:ms|s|seconds?|milliseconds?)\b",
    ),
    ("hex", r"\b[0-9a-f]{16,64}\b"),
    ("port", r":[0-9]{5}\b"),
    ("process", r"\[[0-9]+\]|-command-[0-9]+"),
    ("millis", r"\b1[0-9]{12}\b"),
    ("connections", r"\b[0-9]+ connections? open\b"),
];

/// Compares outputs.
pub(crate) struct Masks(Regex);

impl Masks {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let forms = FORMS.map(|(name, form)| format!("(?P<{name}>{form})"));
        Ok(Self(Regex::new(&format!("(?-u){}", forms.join("|")))?))
    }

    /// Whether two outputs are the same but for what varies.
    pub(crate) fn are_alike(&self, one: &str, other: &str) -> bool {
        self.masked(one) == self.masked(other)
    }

    fn masked(&self, text: &str) -> Vec<String> {
        let lines = text.trim_end().lines();
        lines.map(|line| self.masked_line(line)).collect()
    }

    fn masked_line(&self, line: &str) -> String {
        let masked = self.0.replace_all(line, |found: &Captures<'_>| {
            let name = FORMS.iter().find(|(name, _)| found.name(name).is_some());
            match name {
                Some((name, _)) if *name != "same" => format!("<{name}>"),
                _ => found[0].to_owned(),
            }
        });
        // Columns are as wide as what varies in them.
        let words: Vec<_> = masked.split_whitespace().collect();
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_is_compared_by_its_form() {
        let masks = Masks::new().unwrap();
        for (one, other) in [
            (
                "2026-11-24 23:34:26 UTC  created",
                "2027-01-02 03:04:05 UTC  created",
            ),
            ("2026-11-24T23:34:26.88Z   a", "2026-11-24T23:34:26.123Z  a"),
            (
                "2026-11-24T23:34:26.123Z INFO",
                "2026-11-24T23:34:27.9Z INFO",
            ),
            ("Nov  4 23:34:26 secrets", "Dec 24 01:02:03 secrets"),
            (
                "019ac0de-0000-7000-8000-00000000000a viewed",
                "019ac0de-ffff-7000-8000-00000000000b viewed",
            ),
            ("pong after 12 ms", "pong after 1.5 s"),
            ("clock differs by 0.2s", "clock differs by 2ms"),
            ("secure-secret-bot 0.1.0", "secure-secret-bot 1.12.3-rc.1"),
            (
                "/s/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                "/s/BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            ),
            (
                "/s/-AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                "/s/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-",
            ),
            ("bot[123]: a  \n", "bot[4]: a"),
            ("/run/x-command-12.service", "/run/x-command-3.service"),
            ("expires_at=1795567487986", "expires_at=1795567487987"),
            ("ok, 1 connections open", "ok, 2 connections open"),
        ] {
            assert!(masks.are_alike(one, other), "{one}\n{other}");
        }
    }

    #[test]
    fn anything_else_must_be_the_same() {
        let masks = Masks::new().unwrap();
        for (one, other) in [
            ("viewed", "created"),
            ("2026-11-24 23:34:26 UTC", "yesterday"),
            ("192.0.2.10", "192.0.2.20"),
            ("5 migrations applied", "4 migrations applied"),
            ("a\nb", "a"),
            ("pong after 12 ms", "pong after"),
        ] {
            assert!(!masks.are_alike(one, other), "{one}\n{other}");
        }
    }
}
