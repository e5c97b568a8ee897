//! What a sender types: the secret and the note.
//!
//! Both are wiped when dropped and can't be printed: neither type has `Debug` or `Display` of its
//! content, and both are opened only through `expose`, which a search finds.

use std::fmt;

use zeroize::Zeroizing;

use crate::domain::characters;

/// Most characters (Unicode scalar values) that one Slack input takes.
///
/// Source: Slack's reference of the plain-text input element, `max_length`.
pub const SECRET_PART_MAX_CHARS: usize = 3_000;

/// Most parts in which a secret is typed.
pub const SECRET_MAX_PARTS: usize = 4;

/// Most characters of a secret.
pub const SECRET_MAX_CHARS: usize = SECRET_MAX_PARTS * SECRET_PART_MAX_CHARS;

/// Most characters (Unicode scalar values) of a note.
pub const NOTE_MAX_CHARS: usize = 500;

/// A secret, byte for byte as it was typed: 1 to [`SECRET_MAX_CHARS`] characters, none of them
/// NUL, not all of them invisible.
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes what was typed; nothing is trimmed or normalized.
    pub fn parse(typed: Zeroizing<String>) -> Result<Self, SecretTextError> {
        if typed.is_empty() {
            return Err(SecretTextError::Empty);
        }
        check(&typed, SECRET_MAX_CHARS)?;
        if typed.chars().all(characters::is_invisible) {
            return Err(SecretTextError::OnlyInvisible);
        }
        Ok(Self(typed))
    }

    /// Takes what was typed in several fields, joined with nothing in between. A mistake comes with
    /// the number of its part, counted from 0.
    pub fn join(mut parts: Vec<Zeroizing<String>>) -> Result<Self, (usize, SecretTextError)> {
        for (part, typed) in parts.iter().enumerate() {
            check(typed, SECRET_PART_MAX_CHARS).map_err(|error| (part, error))?;
        }
        let whole = if parts.len() == 1 {
            parts.remove(0)
        } else {
            // Reserved at once: growing would leave copies behind that nobody wipes.
            let bytes = parts.iter().map(|part| part.len()).sum();
            let mut whole = Zeroizing::new(String::with_capacity(bytes));
            for part in &parts {
                whole.push_str(part);
            }
            whole
        };
        Self::parse(whole).map_err(|error| (0, error))
    }

    /// Whether there are characters that devices put in by themselves, such as curly quotes.
    #[must_use]
    pub fn is_typographic(&self) -> bool {
        characters::are_typographic(&self.0)
    }

    /// The plaintext. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What was sealed once and therefore passed [`parse`](Self::parse) then.
    pub(crate) const fn from_sealed(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText([redacted])")
    }
}

/// A note beside the secret: 1 to [`NOTE_MAX_CHARS`] characters, none of them NUL.
#[derive(Clone)]
pub struct NoteText(Zeroizing<String>);

impl NoteText {
    /// Takes what was typed; nothing but white space, or else invisible, is no note.
    pub fn parse_optional(typed: Zeroizing<String>) -> Result<Option<Self>, SecretTextError> {
        check(&typed, NOTE_MAX_CHARS)?;
        if typed.chars().all(characters::is_invisible) {
            return Ok(None);
        }
        Ok(Some(Self(typed)))
    }

    /// The note's text. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What was sealed once and therefore passed [`parse_optional`](Self::parse_optional) then.
    pub(crate) const fn from_sealed(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

impl fmt::Debug for NoteText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoteText([redacted])")
    }
}

/// Why a text can't be a secret or a note. Holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretTextError {
    /// Nothing was typed.
    #[error("the text is empty")]
    Empty,
    /// Only what nobody sees was typed: spaces, line ends, characters without a shape.
    #[error("nothing in the text can be seen")]
    OnlyInvisible,
    /// There is a NUL character, which no web page can show.
    #[error("the text contains a NUL character")]
    ContainsNul,
    /// More characters than fit.
    #[error("the text has {chars} characters, {limit} fit")]
    TooLong {
        /// Most characters that fit.
        limit: usize,
        /// Characters there are.
        chars: usize,
    },
}

fn check(typed: &str, limit: usize) -> Result<(), SecretTextError> {
    if typed.contains('\0') {
        return Err(SecretTextError::ContainsNul);
    }
    let chars = typed.chars().count();
    if chars > limit {
        return Err(SecretTextError::TooLong { limit, chars });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SecretText, SecretTextError> {
        SecretText::parse(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn a_secret_is_kept_as_typed() {
        for text in [" x ", "\r\nline\n\n", "🔑", "\u{202e}abc", "a"] {
            assert_eq!(parse(text).unwrap().expose(), text);
        }
    }

    #[test]
    fn what_can_not_be_a_secret_is_named() {
        assert_eq!(parse("").unwrap_err(), SecretTextError::Empty);
        assert_eq!(
            parse(" \n\t\u{3000}").unwrap_err(),
            SecretTextError::OnlyInvisible
        );
        assert_eq!(parse("a\0b").unwrap_err(), SecretTextError::ContainsNul);
        assert!(parse(&"é".repeat(SECRET_MAX_CHARS)).is_ok());
        assert_eq!(
            parse(&"é".repeat(SECRET_MAX_CHARS + 1)).unwrap_err(),
            SecretTextError::TooLong {
                limit: 12_000,
                chars: 12_001
            }
        );
    }

    #[test]
    fn parts_are_joined_exactly_and_mistakes_name_their_part() {
        let join = |parts: &[&str]| {
            let parts = parts.iter().map(|part| Zeroizing::new((*part).to_owned()));
            SecretText::join(parts.collect()).map(|secret| secret.expose().to_owned())
        };
        assert_eq!(join(&["a\n", "", " b"]).as_deref(), Ok("a\n b"));
        assert_eq!(join(&["one"]).as_deref(), Ok("one"));
        let full = "🔑".repeat(SECRET_PART_MAX_CHARS);
        assert_eq!(
            join(&[full.as_str(); 4]).unwrap().chars().count(),
            SECRET_MAX_CHARS
        );
        let long = "x".repeat(SECRET_PART_MAX_CHARS + 1);
        let too_long = SecretTextError::TooLong {
            limit: 3_000,
            chars: 3_001,
        };
        assert_eq!(join(&["a", &long]), Err((1, too_long)));
        assert_eq!(
            join(&["a", "b", "c\0"]),
            Err((2, SecretTextError::ContainsNul))
        );
        assert_eq!(
            join(&["", " ", "\n"]),
            Err((0, SecretTextError::OnlyInvisible))
        );
        assert_eq!(join(&[]), Err((0, SecretTextError::Empty)));
    }

    #[test]
    fn a_blank_note_is_no_note() {
        let note = |text: &str| NoteText::parse_optional(Zeroizing::new(text.to_owned()));
        assert!(note(" \n").unwrap().is_none());
        assert_eq!(
            note(" for the VPN ").unwrap().unwrap().expose(),
            " for the VPN "
        );
        assert!(note(&"n".repeat(NOTE_MAX_CHARS + 1)).is_err());
    }

    #[test]
    fn neither_can_be_printed() {
        let note = NoteText::parse_optional(Zeroizing::new("canary".into())).unwrap();
        let printed = format!("{:?} {note:?}", parse("canary").unwrap());
        assert!(!printed.contains("canary"), "{printed}");
    }
}
