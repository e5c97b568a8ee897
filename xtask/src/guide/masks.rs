//! What differs from run to run. Two outputs are the same when they are once that is masked.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Name and form of what varies, the first that fits wins. What is named `same` does not vary: it only
/// looks like something that does.
const FORMS: [(&str, &str); 10] = [
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
    ("token", r"\b[A-Za-z0-9_-]{43}\b=?"),
    ("same", r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b"),
    ("version", r"\b[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.]+)?\b"),
    (
        "duration",
        r"\b[0-9]+(?:\.[0-9]+)? ?(?:ms|s|seconds?|milliseconds?)\b",
    ),
    ("hex", r"\b[0-9a-f]{16,64}\b"),
    ("port", r":[0-9]{5}\b"),
    ("process", r"\[[0-9]+\]"),
];

static VARYING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let forms = FORMS.map(|(name, form)| format!("(?P<{name}>{form})"));
    Regex::new(&forms.join("|")).ok()
});

/// Whether two outputs are the same but for what varies.
pub(crate) fn are_alike(one: &str, other: &str) -> bool {
    masked(one) == masked(other)
}

fn masked(text: &str) -> Vec<String> {
    let lines = text.trim_end().lines();
    lines.map(|line| masked_line(line.trim_end())).collect()
}

fn masked_line(line: &str) -> String {
    let Some(varying) = VARYING.as_ref() else {
        return line.to_owned();
    };
    let masked = varying.replace_all(line, |found: &Captures<'_>| {
        let name = FORMS.iter().find(|(name, _)| found.name(name).is_some());
        match name {
            Some((name, _)) if *name != "same" => format!("<{name}>"),
            _ => found[0].to_owned(),
        }
    });
    masked.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_can_be_read() {
        assert!(VARYING.is_some());
    }

    #[test]
    fn what_varies_is_compared_by_its_form() {
        for (one, other) in [
            (
                "2026-11-24 23:34:26 UTC  created",
                "2027-01-02 03:04:05 UTC  created",
            ),
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
            ("bot[123]: a  \n", "bot[4]: a"),
        ] {
            assert!(are_alike(one, other), "{one}\n{other}");
        }
    }

    #[test]
    fn anything_else_must_be_the_same() {
        for (one, other) in [
            ("viewed", "created"),
            ("2026-11-24 23:34:26 UTC", "yesterday"),
            ("192.0.2.10", "192.0.2.20"),
            ("5 migrations applied", "4 migrations applied"),
            ("a\nb", "a"),
            ("pong after 12 ms", "pong after"),
        ] {
            assert!(!are_alike(one, other), "{one}\n{other}");
        }
    }
}
