//! What may stand after `/sendsecret`: a person, a lifetime, both or neither.

use shared::{ids::UserId, lifetime::Lifetime};

/// What was understood of it. The text itself is never kept: people type secrets there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefill {
    pub(crate) recipient: Option<UserId>,
    pub(crate) lifetime: Option<Lifetime>,
    /// Something else stood there, and was not used.
    pub(crate) has_unused_words: bool,
}

/// Reads the words in any order. A name that Slack did not resolve (`@bob`) chooses nobody.
pub(crate) fn parse(text: &str) -> Prefill {
    let mut prefill = Prefill::default();
    for word in words(text) {
        if let Some(recipient) = mention(word) {
            prefill.has_unused_words |= prefill.recipient.replace(recipient).is_some();
        } else if let Some(lifetime) = Lifetime::parse(word) {
            prefill.has_unused_words |= prefill.lifetime.replace(lifetime).is_some();
        } else if !is_unresolved_name(word) {
            prefill.has_unused_words = true;
        }
    }
    prefill
}

/// Words are set apart by white space, but for the name within a mention.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut in_mention = false;
    text.split(move |character: char| {
        match character {
            '<' => in_mention = true,
            '>' => in_mention = false,
            _ => {}
        }
        character.is_whitespace() && !in_mention
    })
    .filter(|word| !word.is_empty())
}

/// `<@U012ABCDEF>` or `<@U012ABCDEF|name>`.
fn mention(word: &str) -> Option<UserId> {
    let inside = word.strip_prefix("<@")?.strip_suffix('>')?;
    let id = inside.split_once('|').map_or(inside, |(id, _)| id);
    UserId::parse(id).ok()
}

fn is_unresolved_name(word: &str) -> bool {
    word.strip_prefix('@').is_some_and(|name| {
        let plain = |character: char| character.is_alphanumeric() || "._-".contains(character);
        (1..=80).contains(&name.chars().count()) && name.chars().all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefill(recipient: Option<&str>, lifetime: Option<Lifetime>, unused: bool) -> Prefill {
        Prefill {
            recipient: recipient.map(|id| UserId::parse(id).unwrap()),
            lifetime,
            has_unused_words: unused,
        }
    }

    #[test]
    fn a_person_and_a_lifetime_are_understood_in_any_order() {
        let day = Some(Lifetime::Hours24);
        for (text, expected) in [
            ("", prefill(None, None, false)),
            ("   ", prefill(None, None, false)),
            ("<@U1>", prefill(Some("U1"), None, false)),
            ("<@U1|bob>", prefill(Some("U1"), None, false)),
            ("<@W1|bob b. smith>", prefill(Some("W1"), None, false)),
            ("24h", prefill(None, day, false)),
            ("<@U1|bob> 24h", prefill(Some("U1"), day, false)),
            (" 24H\t<@U1> ", prefill(Some("U1"), day, false)),
            ("@bob 24h", prefill(None, day, false)),
            ("@bob.b-smith_1", prefill(None, None, false)),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_noticed_and_not_used() {
        for (text, expected) in [
            ("hunter2", prefill(None, None, true)),
            ("<@U1> hunter2", prefill(Some("U1"), None, true)),
            ("<@U1> <@U2>", prefill(Some("U2"), None, true)),
            ("1h 4h", prefill(None, Some(Lifetime::Hours4), true)),
            ("2h", prefill(None, None, true)),
            ("<@>", prefill(None, None, true)),
            ("<@U1", prefill(None, None, true)),
            ("<!channel>", prefill(None, None, true)),
            ("<#C1|general>", prefill(None, None, true)),
            ("@", prefill(None, None, true)),
            ("@p4$$word", prefill(None, None, true)),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
