//! Characters that nobody sees, and those that devices put in by themselves.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory,
        PrependedConcatenationMark, VariationSelector,
    },
};

/// What is drawn as nothing though its properties don't tell: an empty Braille cell, a note's head
/// that is null, Khitan's filler.
const EMPTY: [char; 3] = ['\u{2800}', '\u{1d159}', '\u{16fe4}'];

/// Joins neighbors, such as the parts of an emoji.
const JOINER: char = '\u{200d}';

/// Whether a character leaves nothing to see: white space, what is ignored when there is no support
/// for it, controls, format characters. Source: Unicode Standard Annex 44, `White_Space`,
/// `Default_Ignorable_Code_Point`, `Cc`, `Cf`.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let is_format = category == GeneralCategory::Format
        // Those that embrace digits are seen.
        && !CodePointSetData::new::<PrependedConcatenationMark>().contains(c);
    c.is_whitespace()
        || category == GeneralCategory::Control
        || is_format
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || EMPTY.contains(&c)
}

/// Whether there are characters in a text that phones, Macs and word processors put in by
/// themselves: curly quotes, long dashes, an ellipsis, other spaces than the plain one, characters
/// without a shape. What makes an emoji is none of them.
#[must_use]
pub fn are_typographic(text: &str) -> bool {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        if is_typographic(c) && !(c == JOINER && next.is_some_and(is_pictographic)) {
            return true;
        }
    }
    false
}

fn is_typographic(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    match c {
        // Flags are made of tags.
        ' ' | '\t' | '\n' | '\r' | '-' | '\u{e0020}'..='\u{e007f}' => false,
        '…' | '\u{2018}'..='\u{201f}' | '«' | '»' | '‹' | '›' => true,
        _ => {
            // All dashes but the one on keyboards; all spaces but the plain one.
            matches!(
                category,
                GeneralCategory::DashPunctuation
                    | GeneralCategory::SpaceSeparator
                    | GeneralCategory::LineSeparator
                    | GeneralCategory::ParagraphSeparator
            ) || (is_invisible(c)
                && category != GeneralCategory::Control
                && !CodePointSetData::new::<VariationSelector>().contains(c))
        }
    }
}

fn is_pictographic(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every kind of what can't be seen, by where Unicode has it.
    const INVISIBLE: [(&str, &[(u32, u32)]); 12] = [
        ("controls", &[(0x01, 0x1f), (0x7f, 0x9f)]),
        (
            "spaces",
            &[
                (0x20, 0x20),
                (0xa0, 0xa0),
                (0x1680, 0x1680),
                (0x2000, 0x200a),
            ],
        ),
        (
            "more spaces",
            &[(0x202f, 0x202f), (0x205f, 0x205f), (0x3000, 0x3000)],
        ),
        ("line ends", &[(0x2028, 0x2029), (0x85, 0x85)]),
        (
            "zero-width and marks of direction",
            &[(0x200b, 0x200f), (0x202a, 0x202e)],
        ),
        (
            "joiners, invisible operators",
            &[(0x2060, 0x206f), (0x034f, 0x034f)],
        ),
        (
            "soft hyphen, byte order mark",
            &[(0xad, 0xad), (0xfeff, 0xfeff), (0x061c, 0x061c)],
        ),
        (
            "fillers of Hangul",
            &[(0x115f, 0x1160), (0x3164, 0x3164), (0xffa0, 0xffa0)],
        ),
        (
            "other fillers",
            &[
                (0x2800, 0x2800),
                (0x17b4, 0x17b5),
                (0x180b, 0x180f),
                (0x16fe4, 0x16fe4),
            ],
        ),
        (
            "variation selectors",
            &[(0xfe00, 0xfe0f), (0xe0100, 0xe01ef)],
        ),
        ("tags", &[(0xe0001, 0xe0001), (0xe0020, 0xe007f)]),
        (
            "format of music, shorthand, annotations",
            &[
                (0x1d159, 0x1d159),
                (0x1d173, 0x1d17a),
                (0x1bca0, 0x1bca3),
                (0xfff9, 0xfffb),
            ],
        ),
    ];

    fn invisible() -> impl Strategy<Value = char> {
        let all: Vec<char> = INVISIBLE
            .iter()
            .flat_map(|(_, ranges)| ranges.iter())
            .flat_map(|(from, to)| (*from..=*to).filter_map(char::from_u32))
            .collect();
        prop::sample::select(all)
    }

    #[test]
    fn each_kind_is_invisible() {
        for (kind, ranges) in INVISIBLE {
            for (from, to) in ranges {
                for c in (*from..=*to).filter_map(char::from_u32) {
                    assert!(is_invisible(c), "{kind}: {c:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_drawn_is_seen() {
        // Arabic signs that embrace digits are format characters, too.
        for c in "aé-_.1字🔑\u{301}\u{600}\u{6dd}\u{fffc}\u{fffd}\u{e000}".chars() {
            assert!(!is_invisible(c), "{c:?}");
        }
    }

    #[test]
    fn what_devices_put_in_is_told_from_what_people_type() {
        for c in "‘’‚‛“”„‟«»‹›–—‒―‑‐…\u{a0}\u{202f}\u{2009}\u{3000}\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}\u{200e}\u{2028}"
            .chars()
        {
            assert!(are_typographic(&format!("a{c}b")), "{c:?}");
            assert!(are_typographic(&c.to_string()), "{c:?}");
        }
        for text in [
            "-----BEGIN KEY-----\r\n\tab==\n",
            "p@ss'w\"o`rd <>&$-_",
            "motdepassé ß 字 Ж",
            // An emoji of several, with a selector; a flag of tags.
            "👩‍💻 ❤️‍🔥 🏳️‍🌈 ☎️",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "\u{1b}[0m",
        ] {
            assert!(!are_typographic(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_of_invisible_characters_is_a_secret(text in prop::collection::vec(invisible(), 1..40)) {
            let text: String = text.into_iter().collect();
            let secret = crate::domain::secret::SecretText::parse(zeroize::Zeroizing::new(text.clone()));
            prop_assert!(secret.is_err(), "{text:?}");
        }

        #[test]
        fn one_character_that_is_seen_makes_a_secret_that_is_not_changed(
            before in prop::collection::vec(invisible(), 0..20),
            seen in "[!-~À-ÖØ-öǍ-ǜ]",
            after in prop::collection::vec(invisible(), 0..20),
        ) {
            let text: String = before.into_iter().chain(seen.chars()).chain(after).collect();
            let secret = crate::domain::secret::SecretText::parse(zeroize::Zeroizing::new(text.clone()));
            let secret = secret.unwrap();
            prop_assert_eq!(secret.expose(), text);
        }
    }
}
