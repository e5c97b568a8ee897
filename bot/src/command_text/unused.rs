//! What stood after the command and was not used: its kinds, and never itself.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use shared::text::{Locale, Message, text};

/// A kind of thing that was not used, in the order in which people read of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UnusedKind {
    /// More than one person: none was taken.
    People,
    /// A person whom Slack does not let stand in the dialog.
    Unshown,
    Group,
    /// `@here` and the like.
    Everybody,
    Channel,
    Email,
    /// A name with `@` that Slack did not resolve.
    Name,
    /// Another time than the one that was taken.
    SecondTime,
    /// A time for which no link works.
    NoSuchTime,
    /// Words that are no secret.
    Words,
    /// What could be a secret.
    MaybeSecret,
}

/// Every kind, its code in the dialog, and what people read.
const KINDS: [(UnusedKind, &str, Message<'static>); 11] = [
    (UnusedKind::People, "people", Message::UnusedPeople),
    (UnusedKind::Unshown, "unshown", Message::UnusedUnshown),
    (UnusedKind::Group, "group", Message::UnusedGroup),
    (UnusedKind::Everybody, "everybody", Message::UnusedEverybody),
    (UnusedKind::Channel, "channel", Message::UnusedChannel),
    (UnusedKind::Email, "email", Message::UnusedEmail),
    (UnusedKind::Name, "name", Message::UnusedName),
    (
        UnusedKind::SecondTime,
        "second_time",
        Message::UnusedSecondTime,
    ),
    (
        UnusedKind::NoSuchTime,
        "no_such_time",
        Message::UnusedNoSuchTime,
    ),
    (UnusedKind::Words, "words", Message::UnusedWords),
    (
        UnusedKind::MaybeSecret,
        "maybe_secret",
        Message::UnusedWords,
    ),
];

/// The kinds of what was not used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unused(BTreeSet<UnusedKind>);

impl Unused {
    /// As a dialog of an earlier version has it, which knew of one kind only.
    pub(crate) fn unknown_words() -> Self {
        Self(BTreeSet::from([UnusedKind::MaybeSecret]))
    }

    /// One of every kind: the longest that a dialog can say of it.
    pub(crate) fn everything() -> Self {
        Self(KINDS.iter().map(|(kind, _, _)| *kind).collect())
    }

    pub(crate) fn insert(&mut self, kind: UnusedKind) {
        self.0.insert(kind);
    }

    pub(crate) fn has(&self, kind: UnusedKind) -> bool {
        self.0.contains(&kind)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In words, a line each; none where all was used. That a secret is to be changed is said only
    /// where one may have been typed.
    pub(crate) fn lines(&self, locale: Locale) -> Vec<String> {
        let found = KINDS.iter().filter(|(kind, _, _)| self.has(*kind));
        let mut lines: Vec<_> = found
            .map(|(_, _, message)| text(locale, *message))
            .collect();
        lines.dedup();
        if self.has(UnusedKind::Name) || self.has(UnusedKind::MaybeSecret) {
            lines.push(text(locale, Message::UnusedMaybeSecret));
        }
        lines
    }
}

impl Serialize for Unused {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let found = KINDS.iter().filter(|(kind, _, _)| self.has(*kind));
        serializer.collect_seq(found.map(|(_, code, _)| code))
    }
}

/// What another version wrote and this one does not know is left out.
impl<'de> Deserialize<'de> for Unused {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let codes = Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default();
        let kind = |code: &String| {
            let row = KINDS.iter().find(|(_, known, _)| known == code);
            row.map(|(kind, _, _)| *kind)
        };
        Ok(Self(codes.iter().filter_map(kind).collect()))
    }
}
