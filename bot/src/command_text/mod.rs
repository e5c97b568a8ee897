//! What may stand after `/sendsecret`: a person, a time, both, neither, or a wish for help.
//!
//! What is understood is used, and of all else only its kind is remembered: people type secrets
//! there. Nothing of the text is kept, printed or repeated.

mod ordinary;
mod people;
mod times;
mod tokens;
mod unused;

use shared::domain::{ids::UserId, lifetime::Lifetime};

pub(crate) use unused::{Unused, UnusedKind};

use self::{
    people::Addressed,
    times::Time,
    tokens::{Token, Word},
};

/// What somebody wants who typed the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To read how it goes.
    Help,
    /// The dialog.
    Dialog(Prefill),
}

/// What the dialog begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefill {
    pub(crate) recipient: Option<UserId>,
    pub(crate) lifetime: Option<Lifetime>,
    /// What else stood there.
    pub(crate) unused: Unused,
}

/// So many short words in a row could be a passphrase.
const PASSPHRASE: usize = 4;

/// Reads the text in any order, English or French.
pub(crate) fn parse(text: &str) -> Wish {
    let text = tokens::visible(text);
    let tokens = tokens::split(&text);
    if wants_help(&tokens) {
        return Wish::Help;
    }
    let mut reading = Reading::default();
    let mut rest = &tokens[..];
    while let Some((token, after)) = rest.split_first() {
        if let Some((time, length)) = times::read(rest) {
            reading.time(time);
            rest = rest.get(length..).unwrap_or_default();
        } else {
            reading.token(token);
            rest = after;
        }
    }
    Wish::Dialog(reading.finish())
}

/// `help`, `aide` or `?`, and nothing else.
fn wants_help(tokens: &[Token<'_>]) -> bool {
    let asks = |token: &Token<'_>| match token {
        Token::Word(word) if word.is("help") || word.is("aide") => Some(true),
        Token::Word(word) if word.is_mark() => Some(word.raw.contains(['?', '？'])),
        Token::Word(_) | Token::Markup(_) => None,
    };
    let asked: Option<Vec<bool>> = tokens.iter().map(asks).collect();
    asked.is_some_and(|asked| asked.contains(&true))
}

/// What was found so far.
#[derive(Default)]
struct Reading {
    recipient: Option<UserId>,
    lifetime: Option<Lifetime>,
    unused: Unused,
    /// Short words of which nobody knows what they are.
    short_words: usize,
}

impl Reading {
    /// A time that comes again is the same; of two the first one counts.
    fn time(&mut self, time: Time) {
        match time {
            Time::Lifetime(lifetime) => {
                if *self.lifetime.get_or_insert(lifetime) != lifetime {
                    self.unused.insert(UnusedKind::SecondTime);
                }
            }
            Time::NoSuch => self.unused.insert(UnusedKind::NoSuchTime),
        }
    }

    /// Somebody who is named again is the same; of two neither counts.
    fn person(&mut self, person: UserId) {
        match &self.recipient {
            None => self.recipient = Some(person),
            Some(known) if *known == person => {}
            Some(_) => self.unused.insert(UnusedKind::People),
        }
    }

    fn token(&mut self, token: &Token<'_>) {
        let addressed = match token {
            Token::Markup(inside) => Some(people::of_markup(inside)),
            Token::Word(word) => people::of_word(word),
        };
        match (addressed, token) {
            (Some(Addressed::Person(person)), _) => self.person(person),
            (Some(Addressed::Other(kind)), _) => self.unused.insert(kind),
            (None, Token::Word(word)) => self.word(word),
            (None, Token::Markup(_)) => {}
        }
    }

    fn word(&mut self, word: &Word<'_>) {
        match ordinary::sort(word) {
            ordinary::Sort::Silent => {}
            ordinary::Sort::Known => self.unused.insert(UnusedKind::Words),
            ordinary::Sort::Short => {
                self.short_words += 1;
                self.unused.insert(UnusedKind::Words);
            }
            ordinary::Sort::MaybeSecret => self.unused.insert(UnusedKind::MaybeSecret),
        }
    }

    fn finish(mut self) -> Prefill {
        if self.short_words >= PASSPHRASE {
            self.unused.insert(UnusedKind::MaybeSecret);
        }
        let is_one = !self.unused.has(UnusedKind::People);
        Prefill {
            recipient: self.recipient.filter(|_| is_one),
            lifetime: self.lifetime,
            unused: self.unused,
        }
    }
}

#[cfg(test)]
mod tests;
