//! Whom the text names: one person, or what is none.

use shared::domain::ids::UserId;

use super::{
    UnusedKind,
    tokens::{Word, is_punctuation},
};

/// Who or what is named.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Addressed {
    Person(UserId),
    Other(UnusedKind),
}

/// How Slack writes what is none, by what its markup begins with. The first row that fits counts.
/// Source: <https://docs.slack.dev/messaging/formatting-message-text>.
const MARKUP: [(&str, UnusedKind); 4] = [
    ("!subteam^", UnusedKind::Group),
    ("!", UnusedKind::Everybody),
    ("#", UnusedKind::Channel),
    ("mailto:", UnusedKind::Email),
];

/// Names that Slack gives to everybody at once.
const EVERYBODY: [&str; 4] = ["here", "channel", "everyone", "group"];

/// Longest top-level domain, and the shortest.
const TOP_LEVEL: std::ops::RangeInclusive<usize> = 1..=24;

/// What stands between `<` and `>`. A link can be a secret, or hold one.
pub(super) fn of_markup(inside: &str) -> Addressed {
    if let Some(person) = inside.strip_prefix('@') {
        let id = person.split_once('|').map_or(person, |(id, _)| id);
        let person = UserId::parse(id)
            .ok()
            .filter(|_| id.starts_with(['U', 'W']));
        return person.map_or(Addressed::Other(UnusedKind::MaybeSecret), Addressed::Person);
    }
    let kind = MARKUP.iter().find(|(begin, _)| inside.starts_with(begin));
    Addressed::Other(kind.map_or(UnusedKind::MaybeSecret, |(_, kind)| *kind))
}

/// A word that begins with `@`, or is an e-mail address.
pub(super) fn of_word(word: &Word<'_>) -> Option<Addressed> {
    let typed = word.trimmed();
    if let Some(name) = typed.strip_prefix('@') {
        let name = name.trim_matches(is_punctuation);
        let is_everybody = EVERYBODY
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name));
        return Some(Addressed::Other(match name {
            "" => UnusedKind::Words,
            _ if is_everybody => UnusedKind::Everybody,
            _ => UnusedKind::Name,
        }));
    }
    is_email(typed).then_some(Addressed::Other(UnusedKind::Email))
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let Some((host, top)) = domain.rsplit_once('.') else {
        return false;
    };
    let plain =
        |marks: &'static str| move |sign: char| sign.is_alphanumeric() || marks.contains(sign);
    !local.is_empty()
        && local.chars().all(plain("._+-"))
        && !host.is_empty()
        && host.chars().all(plain(".-"))
        && TOP_LEVEL.contains(&top.chars().count())
        && top.chars().all(char::is_alphabetic)
}
