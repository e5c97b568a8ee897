//! Times as people write them, English and French: `4h`, `60 min`, `une heure`, `a quarter of an
//! hour`.

use std::time::Duration;

use shared::domain::lifetime::Lifetime;

use super::tokens::{Token, Word};

/// A time that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Lifetime(Lifetime),
    /// No link works for so long.
    NoSuch,
}

/// What a word is for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Atom {
    /// Thousandths.
    Number(u64),
    /// The same, written as a word.
    NumberWord(u64),
    /// A part of what follows, in thousandths.
    Part(u64),
    /// In seconds.
    Unit(u64),
    /// `of`, `and`, `d’`
    Link,
}

/// Most digits of a number that is a time of which there is none, and no secret.
const LONGEST_NUMBER: usize = 3;

/// Most words of a time.
const LONGEST: usize = 8;

const ONE: u64 = 1000;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Units in seconds; a month and a year only have to be no lifetime.
const UNITS: [(u64, &str); 6] = [
    (1, "s sec secs second seconds seconde secondes"),
    (60, "m mn mns min mins minute minutes"),
    (HOUR, "h hr hrs hre hres hour hours heure heures"),
    (
        DAY,
        "d day days j jr jrs jour jours journée journees journee journées",
    ),
    (7 * DAY, "w wk wks week weeks sem semaine semaines"),
    (30 * DAY, "month months mois year years année années"),
];

const NUMBERS: [(u64, &str); 24] = [
    (1, "a an one un une"),
    (2, "two deux"),
    (3, "three trois"),
    (4, "four quatre"),
    (5, "five cinq"),
    (6, "six"),
    (7, "seven sept"),
    (8, "eight huit"),
    (9, "nine neuf"),
    (10, "ten dix"),
    (11, "eleven onze"),
    (12, "twelve douze"),
    (15, "fifteen quinze"),
    (20, "twenty vingt"),
    (30, "thirty trente"),
    (40, "forty quarante"),
    (45, "quarante-cinq"),
    (48, "quarante-huit"),
    (50, "fifty cinquante"),
    (60, "sixty soixante"),
    (70, "soixante-dix seventy"),
    (72, "soixante-douze"),
    (80, "quatre-vingt quatre-vingts eighty"),
    (90, "quatre-vingt-dix ninety"),
];

const PARTS: [(u64, &str); 3] = [
    (250, "quarter quarters quart quarts ¼"),
    (500, "half demi demie ½"),
    (750, "¾"),
];

const LINKS: &str = "of and de et d'";

/// The time with which these tokens begin, and how many of them it takes.
pub(super) fn read(tokens: &[Token<'_>]) -> Option<(Time, usize)> {
    let Token::Word(first) = tokens.first()? else {
        return None;
    };
    let mut atoms = Vec::new();
    for (index, token) in tokens.iter().enumerate().take(LONGEST) {
        let Token::Word(word) = token else { break };
        let Some(found) = atoms_of(word) else { break };
        atoms.extend(found.into_iter().map(|atom| (atom, index + 1)));
    }
    let only: Vec<_> = atoms.iter().map(|(atom, _)| *atom).collect();
    let links = only.iter().take_while(|atom| **atom == Atom::Link).count();
    // Not half of a word.
    let whole = |(_, length): &(u64, usize)| {
        let next = atoms.get(*length).map(|(_, index)| *index);
        next != atoms.get(length.wrapping_sub(1)).map(|(_, index)| *index)
    };
    let found = amount(only.get(links..).unwrap_or_default());
    let found = found.map(|(millis, length)| (millis, links + length));
    let Some((millis, length)) = found.filter(whole) else {
        return is_bare(first).then_some((Time::NoSuch, 1));
    };
    let words = atoms.get(length.checked_sub(1)?)?.1;
    let lifetime = Lifetime::ALL
        .into_iter()
        .find(|lifetime| lifetime.duration() == Duration::from_millis(millis));
    match lifetime {
        Some(lifetime) => Some((Time::Lifetime(lifetime), words)),
        // A long number could be a secret.
        None if tokens.iter().take(words).any(has_long_number) => None,
        None => Some((Time::NoSuch, words)),
    }
}

fn has_long_number(token: &Token<'_>) -> bool {
    let Token::Word(word) = token else {
        return false;
    };
    let digits = word.core().bytes().take_while(u8::is_ascii_digit);
    digits.count() > LONGEST_NUMBER
}

/// Whether a word is one of those with which times are written.
pub(super) fn is_time_word(word: &Word<'_>) -> bool {
    let is_word = |atom: &Atom| !matches!(atom, Atom::Number(_));
    atoms_of(word).is_some_and(|atoms| atoms.iter().all(is_word))
}

/// A number without a unit.
fn is_bare(word: &Word<'_>) -> bool {
    (1..=2).contains(&word.core().len()) && word.core().bytes().all(|sign| sign.is_ascii_digit())
}

/// Milliseconds, and how many atoms they take.
fn amount(atoms: &[Atom]) -> Option<(u64, usize)> {
    let at = |index: usize| atoms.get(index).copied();
    let (mut number, mut next) = match (at(0)?, at(1)) {
        (Atom::NumberWord(tens), Some(Atom::NumberWord(ones)))
            if (20 * ONE..100 * ONE).contains(&tens) && ones < 10 * ONE =>
        {
            (tens + ones, 2)
        }
        (Atom::Number(number) | Atom::NumberWord(number), _) => (number, 1),
        (Atom::Part(_), _) => (ONE, 0),
        (Atom::Unit(_) | Atom::Link, _) => return None,
    };
    if let Some(Atom::Part(part)) = at(next) {
        number = number * part / ONE;
        next += 1;
        while matches!(at(next), Some(Atom::Link | Atom::NumberWord(ONE))) {
            next += 1;
        }
    }
    let Some(Atom::Unit(unit)) = at(next) else {
        return None;
    };
    let (more, length) = rest_of(atoms.get(next + 1..).unwrap_or_default(), unit);
    let millis = number.checked_mul(unit)?.checked_add(more)?;
    Some((millis, next + 1 + length))
}

/// What goes on after a unit: `30`, `30 min`, `and a half`.
fn rest_of(atoms: &[Atom], unit: u64) -> (u64, usize) {
    let linked = usize::from(atoms.first() == Some(&Atom::Link));
    match atoms.get(linked..).unwrap_or_default() {
        [Atom::NumberWord(ONE), Atom::Part(part), ..] => (part * unit, linked + 2),
        [Atom::Part(part), ..] => (part * unit, linked + 1),
        [
            Atom::Number(number) | Atom::NumberWord(number),
            Atom::Unit(smaller),
            ..,
        ] if number.saturating_mul(*smaller) < unit * ONE => {
            (number.saturating_mul(*smaller), linked + 2)
        }
        [Atom::Number(number), after @ ..]
            if unit == HOUR
                && linked == 0
                && *number < 60 * ONE
                && !matches!(after.first(), Some(Atom::Unit(_) | Atom::Part(_))) =>
        {
            (number.saturating_mul(60), 1)
        }
        _ => (0, 0),
    }
}

/// What a word is for a time; `None` if nothing.
fn atoms_of(word: &Word<'_>) -> Option<Vec<Atom>> {
    let core = word.core();
    if let Some(atom) = known(core) {
        return Some(vec![atom]);
    }
    for linked in ["d'", "l'"] {
        if let Some(rest) = core.strip_prefix(linked) {
            return Some(vec![Atom::Link, known(rest)?]);
        }
    }
    if core.contains('-') && !core.starts_with(|sign: char| sign.is_ascii_digit()) {
        return core.split('-').map(known).collect();
    }
    let mut atoms = Vec::new();
    let mut rest = core;
    while !rest.is_empty() {
        let (number, after) = digits(rest);
        atoms.push(Atom::Number(thousandths(number)?));
        let after = after.strip_prefix('-').unwrap_or(after);
        let end = after.find(|sign: char| sign.is_ascii_digit());
        let (unit, following) = after.split_at(end.unwrap_or(after.len()));
        if !unit.is_empty() {
            atoms.push(known(unit).filter(|atom| matches!(atom, Atom::Unit(_)))?);
        }
        rest = following;
    }
    (!atoms.is_empty()).then_some(atoms)
}

fn known(word: &str) -> Option<Atom> {
    let of = |table: &[(u64, &str)]| {
        let row = table
            .iter()
            .find(|(_, words)| words.split_whitespace().any(|known| known == word));
        row.map(|(value, _)| *value)
    };
    if LINKS.split_whitespace().any(|link| link == word) {
        return Some(Atom::Link);
    }
    of(&UNITS)
        .map(Atom::Unit)
        .or_else(|| of(&NUMBERS).map(|number| Atom::NumberWord(number * ONE)))
        .or_else(|| of(&PARTS).map(Atom::Part))
}

/// A number's digits, with a comma or point among them, and what follows.
fn digits(text: &str) -> (&str, &str) {
    let is_part = |sign: char| sign.is_ascii_digit() || sign == '.' || sign == ',';
    let end = text.find(|sign| !is_part(sign)).unwrap_or(text.len());
    text.split_at(end)
}

/// `1`, `1.5`, `1,5`: up to six digits, and three behind the point.
fn thousandths(number: &str) -> Option<u64> {
    let (whole, part) = number.split_once(['.', ',']).unwrap_or((number, ""));
    let plain = |digits: &str| digits.bytes().all(|sign| sign.is_ascii_digit());
    if !(1..=6).contains(&whole.len()) || part.len() > 3 || !plain(whole) || !plain(part) {
        return None;
    }
    let part: u64 = format!("{part:0<3}").parse().ok()?;
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(ONE)?
        .checked_add(part)
}
