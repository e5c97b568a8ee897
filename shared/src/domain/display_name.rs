//! Names as people are shown them. Whoever has a name chose it: nothing in it may turn round, hide
//! or push apart the sentence in which it stands.

use std::{fmt, sync::LazyLock};

use icu_properties::{
    CodePointMapData, CodePointSetData, CodePointSetDataBorrowed,
    props::{
        BidiControl, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup,
        GraphemeExtend, NoncharacterCodePoint,
    },
};

use crate::domain::ids::UserId;

/// Longest name that is shown, in characters; what Slack lets people choose is no longer.
const MAX_CHARS: usize = 80;

/// First Strong Isolate and Pop Directional Isolate: what stands between them has its own
/// direction, and leaves what stands around it alone. Source: UAX #9, section 2.4.
const ISOLATE: char = '\u{2068}';
const POP_ISOLATE: char = '\u{2069}';

/// Joiners, by which emoji become one and Persian or Indic words are spelled.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// Letters and symbols whose picture is empty, though Unicode calls them neither white space nor
/// ignorable.
const BLANK: [char; 3] = ['\u{2800}', '\u{1d159}', '\u{fffc}'];

/// What is cut off is shown as missing.
const ELLIPSIS: char = '…';

static IGNORABLE: LazyLock<CodePointSetDataBorrowed<'static>> =
    LazyLock::new(CodePointSetData::new::<DefaultIgnorableCodePoint>);
static BIDI_CONTROL: LazyLock<CodePointSetDataBorrowed<'static>> =
    LazyLock::new(CodePointSetData::new::<BidiControl>);
static NO_CHARACTER: LazyLock<CodePointSetDataBorrowed<'static>> =
    LazyLock::new(CodePointSetData::new::<NoncharacterCodePoint>);
static EXTENDS: LazyLock<CodePointSetDataBorrowed<'static>> =
    LazyLock::new(CodePointSetData::new::<GraphemeExtend>);

/// A name in which everything is seen: never empty, on one line, at most [81](MAX_CHARS) characters
/// with the sign that some were cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// What is left of a name once all is gone that can't be seen; `None` where that is nothing.
    ///
    /// Joiners stay between characters that are seen, one at a time: emoji and whole languages need
    /// them.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut shown = String::with_capacity(name.len());
        let mut joiner = None;
        let mut is_apart = false;
        for character in name.chars() {
            match kind_of(character) {
                Kind::Space => is_apart = true,
                Kind::Joiner => joiner = joiner.or(Some(character)),
                Kind::Unseen => {}
                // A mark with nothing below it would fall upon what stands before the name.
                Kind::Mark if shown.is_empty() || is_apart => {}
                Kind::Mark | Kind::Seen => {
                    if is_apart && !shown.is_empty() {
                        shown.push(' ');
                    } else if !shown.is_empty() {
                        shown.extend(joiner);
                    }
                    shown.push(character);
                    (joiner, is_apart) = (None, false);
                }
            }
        }
        (!shown.is_empty()).then(|| Self(shortened(shown)))
    }

    /// A name as a row has it, of a version that took every name perhaps; its owner's id where
    /// nothing is left of it.
    #[must_use]
    pub fn stored(name: &str, owner: &str) -> Self {
        let known = Self::parse(name).or_else(|| Self::parse(owner));
        known.unwrap_or_else(|| Self("?".to_owned()))
    }

    /// What stands for the name of somebody who has none.
    #[must_use]
    pub fn of_nameless(owner: &UserId) -> Self {
        Self(owner.to_string())
    }

    /// The name, for a place of its own.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name for a sentence in plain text, between marks that keep its direction to itself.
    #[must_use]
    pub fn isolated(&self) -> String {
        format!("{ISOLATE}{}{POP_ISOLATE}", self.0)
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

enum Kind {
    Seen,
    /// Seen upon the character before it.
    Mark,
    Space,
    Joiner,
    Unseen,
}

fn kind_of(character: char) -> Kind {
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    if JOINERS.contains(&character) {
        Kind::Joiner
    } else if character.is_whitespace() || BLANK.contains(&character) {
        Kind::Space
    } else if IGNORABLE.contains(character)
        || BIDI_CONTROL.contains(character)
        || NO_CHARACTER.contains(character)
        || is_annotation(character)
        || matches!(
            category,
            GeneralCategory::Control | GeneralCategory::PrivateUse
        )
    {
        Kind::Unseen
    } else if GeneralCategoryGroup::Mark.contains(category) {
        Kind::Mark
    } else {
        Kind::Seen
    }
}

/// The marks of interlinear annotations: they have no picture, and no place in plain text.
const fn is_annotation(character: char) -> bool {
    matches!(character, '\u{fff9}'..='\u{fffb}')
}

/// At most so many characters, none of them without what belongs to it.
fn shortened(name: String) -> String {
    let Some((mut end, _)) = name.char_indices().nth(MAX_CHARS) else {
        return name;
    };
    // Not between a character and its marks, nor behind a joiner.
    let whole = end;
    while let Some(last) = name[..end].chars().next_back() {
        let next = name[end..].chars().next();
        let is_split = next.is_some_and(|next| EXTENDS.contains(next) || JOINERS.contains(&next));
        if !is_split && last != ' ' && !JOINERS.contains(&last) {
            break;
        }
        end -= last.len_utf8();
    }
    // One character with nothing but marks is cut where it is.
    let end = if end == 0 { whole } else { end };
    let mut short = name;
    short.truncate(end);
    short.push(ELLIPSIS);
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(name: &str) -> Option<String> {
        DisplayName::parse(name).map(|name| name.to_string())
    }

    /// Every character that turns text round or is not seen, by Unicode's own properties.
    fn unseen() -> Vec<char> {
        let all = ('\u{0}'..=char::MAX).filter(|character| {
            IGNORABLE.contains(*character)
                || BIDI_CONTROL.contains(*character)
                || character.is_control()
        });
        all.chain(BLANK).collect()
    }

    #[test]
    fn the_list_has_what_people_have_tried() {
        let unseen = unseen();
        for character in [
            '\u{202a}',
            '\u{202b}',
            '\u{202c}',
            '\u{202d}',
            '\u{202e}',
            '\u{2066}',
            '\u{2067}',
            '\u{2068}',
            '\u{2069}',
            '\u{200e}',
            '\u{200f}',
            '\u{61c}',
            '\u{ad}',
            '\u{34f}',
            '\u{115f}',
            '\u{1160}',
            '\u{3164}',
            '\u{ffa0}',
            '\u{17b4}',
            '\u{180e}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{2060}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{2800}',
            '\u{0}',
            '\n',
            '\u{7f}',
            '\u{85}',
        ] {
            assert!(unseen.contains(&character), "{character:?}");
        }
        assert!(unseen.len() > 4000, "{}", unseen.len());
    }

    #[test]
    fn no_unseen_character_is_a_name_or_in_one() {
        for character in unseen() {
            let one = character.to_string();
            assert_eq!(shown(&one), None, "{character:?}");
            assert_eq!(shown(&one.repeat(100)), None, "{character:?}");
            for around in [
                format!("{one}Ana"),
                format!("Ana{one}"),
                format!("{one}Ana{one}"),
            ] {
                assert_eq!(shown(&around).as_deref(), Some("Ana"), "{character:?}");
            }
            let within = shown(&format!("An{one}{one}a")).unwrap();
            let stays = JOINERS.contains(&character);
            let splits = character.is_whitespace() || BLANK.contains(&character);
            let expected = match (stays, splits) {
                (true, _) => format!("An{character}a"),
                (_, true) => "An a".to_owned(),
                _ => "Ana".to_owned(),
            };
            assert_eq!(within, expected, "{character:?}");
        }
    }

    #[test]
    fn names_of_people_stay_as_they_are() {
        for name in [
            "Alice Tremblay",
            "Chloé Gagnon-Lévesque",
            "Chloe\u{301}",
            "O’Neil, Jr. (IT)",
            "<!channel> *bold* & co",
            "שרה כהן",
            "محمد‌رضا", // With the joiner that Persian spells it with.
            "शर्मा",
            "क्‍ष",
            "Nguyễn Thị Minh",
            "山田太郎",
            "김민수",
            "Ana 🔑",
            "👩‍💻 Ana",
            "👨‍👩‍👧‍👦",
            "🇨🇦",
            "👍🏽",
        ] {
            assert_eq!(shown(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn joiners_stay_only_where_they_join() {
        for (name, expected) in [
            ("a\u{200d}\u{200d}\u{200c}b", "a\u{200d}b"),
            ("a \u{200d}b", "a b"),
            ("a\u{200d} b", "a b"),
            ("a\u{200d}\u{202e}b", "a\u{200d}b"),
            ("👩\u{200d}", "👩"),
        ] {
            assert_eq!(shown(name).as_deref(), Some(expected), "{name:?}");
        }
    }

    #[test]
    fn marks_have_something_to_stand_on() {
        assert_eq!(shown("\u{301}\u{301}"), None);
        assert_eq!(shown(" \u{301}a").as_deref(), Some("a"));
        assert_eq!(shown("a \u{20dd}b").as_deref(), Some("a b"));
    }

    #[test]
    fn a_name_is_one_line_of_bounded_length() {
        assert_eq!(shown(" a\r\n\n\tb\u{2028}c ").as_deref(), Some("a b c"));
        assert_eq!(shown(&"x".repeat(80)).unwrap(), "x".repeat(80));
        assert_eq!(
            shown(&"x".repeat(81)).unwrap(),
            format!("{}…", "x".repeat(80))
        );
        // No mark, family or word is cut in two.
        let accented = "e\u{301}".repeat(60);
        assert_eq!(
            shown(&accented).unwrap(),
            format!("{}…", "e\u{301}".repeat(40))
        );
        let marked = format!("{}e\u{301}", "x".repeat(79));
        assert_eq!(shown(&marked).unwrap(), format!("{}…", "x".repeat(79)));
        let family = format!("{}👩\u{200d}👧", "x".repeat(78));
        assert_eq!(shown(&family).unwrap(), format!("{}…", "x".repeat(78)));
        assert_eq!(
            shown(&format!("{} b", "x".repeat(79))).unwrap(),
            format!("{}…", "x".repeat(79))
        );
        let heap = shown(&format!("a{}", "\u{301}".repeat(500))).unwrap();
        assert_eq!(heap.chars().count(), MAX_CHARS + 1);
    }

    #[test]
    fn who_has_no_name_has_an_id() {
        for (name, owner, expected) in [
            ("\u{202e}Ana", "U1", "Ana"),
            ("\u{202e}\u{3164}", "U1", "U1"),
            ("", "", "?"),
        ] {
            assert_eq!(DisplayName::stored(name, owner).as_str(), expected);
        }
        let id = UserId::parse("U1").unwrap();
        assert_eq!(DisplayName::of_nameless(&id).as_str(), "U1");
    }

    proptest! {
        /// Whatever somebody is called: what is left has nothing unseen in it, and nothing more
        /// goes when it is read again.
        #[test]
        fn nothing_unseen_is_left(
            pieces in proptest::collection::vec(
                prop_oneof![
                    proptest::sample::select(unseen()).prop_map(String::from),
                    "\\PC{1,8}",
                    any::<char>().prop_map(String::from),
                ],
                0..60,
            ),
        ) {
            let Some(name) = DisplayName::parse(&pieces.concat()) else { return Ok(()) };
            let text = name.as_str();
            prop_assert!(!text.trim().is_empty() && text.trim() == text);
            prop_assert!(text.chars().count() <= MAX_CHARS + 1);
            for character in text.chars() {
                prop_assert!(!BIDI_CONTROL.contains(character) && !character.is_control());
                prop_assert!(!IGNORABLE.contains(character) || JOINERS.contains(&character));
            }
            prop_assert!(!text.starts_with(JOINERS) && !text.ends_with(JOINERS));
            let isolated = name.isolated();
            prop_assert_eq!(isolated.matches([ISOLATE, POP_ISOLATE]).count(), 2);
            if !text.ends_with(ELLIPSIS) {
                let again = shown(text);
                prop_assert_eq!(again.as_deref(), Some(text));
            }
        }
    }
}
