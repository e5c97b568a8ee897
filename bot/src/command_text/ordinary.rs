//! Which words are plainly no secret. The rest could be one, and whoever typed it is told to change
//! it.

use super::{times, tokens::Word};

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// It joins others, or is a comma: of no account.
    Silent,
    /// An ordinary word.
    Known,
    /// Too short to be a secret by itself.
    Short,
    /// Nobody knows.
    MaybeSecret,
}

/// Words that join a person and a time to a sentence.
const JOINING: &str = "a an and at during for in of the to until valid with within \
    à au aux avec d dans de du durant en et jusqu'à jusqu la le les l par pendant pour un une valable \
    valide";

/// Ordinary words that are longer than [`SHORT`].
const KNOWN: &str = "please thanks thank-you secret secrets password passwords passphrase passcode \
    message messages something someone somebody anything everyone everybody colleague recipient \
    private privately confidential urgent urgently account credentials certificate server database \
    command example tomorrow tonight sending shared sharing expires expire lifetime channel \
    goodbye morning evening afternoon support \
    bonjour bonsoir salutations s'il plaît plait envoyer envoie envoyez envoyé partager partage \
    quelqu'un quelque quelques collègue collègues destinataire confidentiel confidentielle privée \
    compte identifiants certificat serveur commande exemple demain aujourd'hui tantôt mot-de-passe \
    passe-partout groupe équipe urgence besoin expiration bientôt";

/// Most letters of a word that is too short to be a secret by itself.
const SHORT: usize = 5;

pub(super) fn sort(word: &Word<'_>) -> Sort {
    let among = |words: &str| words.split_whitespace().any(|known| word.is(known));
    if word.is_mark() || among(JOINING) {
        Sort::Silent
    } else if word.is_empty() {
        Sort::MaybeSecret
    } else if among(KNOWN) || times::is_time_word(word) {
        Sort::Known
    } else if is_short(word) {
        Sort::Short
    } else {
        Sort::MaybeSecret
    }
}

/// A few letters, written as words are.
fn is_short(word: &Word<'_>) -> bool {
    let typed = word.trimmed();
    let is_letter = |sign: char| sign.is_alphabetic() || "'’-".contains(sign);
    let rest_is = |test: fn(char) -> bool| {
        let mut rest = typed.chars().skip(1).filter(|sign| sign.is_alphabetic());
        rest.all(test)
    };
    let is_upper = typed.chars().all(|sign| !sign.is_lowercase());
    typed.chars().count() <= SHORT
        && typed.chars().all(is_letter)
        && (is_upper || rest_is(|sign| !sign.is_uppercase()))
}
