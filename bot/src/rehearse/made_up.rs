//! What the operator types: made up for each run, with what editors, phones and Slack like to
//! change.

use rand::RngExt as _;

/// Characters of base64.
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A secret in two parts, which go on within a line.
pub(super) struct MadeUp {
    pub(super) first: String,
    pub(super) second: String,
}

impl MadeUp {
    pub(super) fn new() -> Self {
        let first = format!(
            "{} \"straight\" 'quotes' \u{201c}curly\u{201d} \u{2019}quotes\u{2019}\n\
             dashes - \u{2013} \u{2014} and three dots ... \u{2026}\n\
             emoji \u{1f511} \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{2764}\u{fe0f} :key: *bold* `code`\n\
             <@U0> &amp; <b> https://example.org/ \u{e9} e\u{301}",
            random(12)
        );
        let mut second = "-----BEGIN MADE UP KEY-----\n".to_owned();
        for _ in 0..4 {
            second.push_str(&random(64));
            second.push('\n');
        }
        second.push_str(&random(22));
        second.push_str("==\n-----END MADE UP KEY-----");
        Self {
            first: first + "|",
            second: "|".to_owned() + &second,
        }
    }

    /// How what came back differs, by code points; `None` if it does not.
    pub(super) fn difference(&self, came_back: &str) -> Option<String> {
        let sent = format!("{}{}", self.first, self.second);
        if sent == came_back {
            return None;
        }
        let mut pairs = sent.chars().zip(came_back.chars());
        let same = pairs.by_ref().take_while(|(a, b)| a == b).count();
        let line = sent.chars().take(same).filter(|c| *c == '\n').count() + 1;
        let at = |text: &str| match text.chars().nth(same) {
            Some(character) => format!("U+{:04X}", u32::from(character)),
            None => "the end".to_owned(),
        };
        Some(format!(
            "line {line}: {} became {} ({} characters were typed, {} came back)",
            at(&sent),
            at(came_back),
            sent.chars().count(),
            came_back.chars().count()
        ))
    }
}

fn random(length: usize) -> String {
    let mut random = rand::rng();
    let one = |_| char::from(BASE64[random.random_range(0..BASE64.len())]);
    (0..length).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_another_each_time_and_fits_into_its_fields() {
        let (one, other) = (MadeUp::new(), MadeUp::new());
        assert_ne!(one.first, other.first);
        assert_ne!(one.second, other.second);
        for part in [&one.first, &one.second] {
            assert!(part.chars().count() < shared::domain::secret::SECRET_PART_MAX_CHARS);
            // A terminal takes no longer line; the end of a paste is a line with a dot.
            assert!(part.lines().all(|line| line.len() < 1_000 && line != "."));
        }
        assert_eq!(
            one.difference(&format!("{}{}", one.first, one.second)),
            None
        );
    }

    #[test]
    fn any_change_is_told_without_what_was_typed() {
        let made_up = MadeUp::new();
        let sent = format!("{}{}", made_up.first, made_up.second);
        for (from, to, told) in [
            (
                "\"straight",
                "\u{201c}straight",
                "line 1: U+0022 became U+201C",
            ),
            ("\u{2014}", "--", "line 2: U+2014 became U+002D"),
            ("\u{200d}", "", "line 3: U+200D became U+1F469"),
            ("e\u{301}", "\u{e9}", "line 4: U+0065 became U+00E9"),
            ("-----END MADE UP KEY-----", "", "became the end"),
            ("\n", "\r\n", "line 1: U+000A became U+000D"),
        ] {
            let difference = made_up.difference(&sent.replace(from, to)).unwrap();
            assert!(difference.contains(told), "{difference}");
        }
        assert!(made_up.difference("").unwrap().contains("became the end"));
        assert!(
            made_up
                .difference(&(sent + "\n"))
                .unwrap()
                .contains("the end became U+000A")
        );
    }
}
