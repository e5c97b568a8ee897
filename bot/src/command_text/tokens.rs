//! The text in pieces: what Slack put between `<` and `>`, and the words around that.

use zeroize::Zeroizing;

/// Most signs of punctuation that stand alone and mean nothing.
const MARKS: usize = 3;

/// A piece of the text.
pub(super) enum Token<'a> {
    /// What stands between `<` and `>`: Slack writes people, groups, channels and links so. What
    /// somebody types of these signs arrives as `&lt;` and `&gt;`.
    Markup(&'a str),
    Word(Word<'a>),
}

/// A word. It can be a secret: not printed.
pub(super) struct Word<'a> {
    /// As it was typed.
    pub(super) raw: &'a str,
    /// Without punctuation around it, in lower case, with a straight apostrophe.
    core: Zeroizing<String>,
}

impl<'a> Word<'a> {
    fn new(raw: &'a str) -> Self {
        let trimmed = raw.trim_matches(is_punctuation);
        // With room for all of it, so that no copy is left behind.
        let mut core = Zeroizing::new(String::with_capacity(3 * trimmed.len()));
        let lower = trimmed.chars().flat_map(char::to_lowercase);
        core.extend(lower.map(|sign| if sign == '’' { '\'' } else { sign }));
        Self { raw, core }
    }

    pub(super) fn core(&self) -> &str {
        &self.core
    }

    /// As it was typed, without punctuation around it.
    pub(super) fn trimmed(&self) -> &'a str {
        self.raw.trim_matches(is_punctuation)
    }

    pub(super) fn is(&self, known: &str) -> bool {
        *self.core == known
    }

    /// Whether it is punctuation and nothing else.
    pub(super) fn is_empty(&self) -> bool {
        self.core.is_empty()
    }

    /// Whether it is punctuation that stands alone and means nothing.
    pub(super) fn is_mark(&self) -> bool {
        self.is_empty() && self.raw.chars().count() <= MARKS
    }
}

/// What people put around words, and what Slack's editor puts there for bold, italic and code.
pub(super) fn is_punctuation(sign: char) -> bool {
    ",.;:!?？…'\"’‘‚“”„«»‹›()[]{}*_~`´–—-/\\|".contains(sign)
}

/// The text without characters that nobody sees: pasted text is full of them.
pub(super) fn visible(text: &str) -> Zeroizing<String> {
    let mut visible = Zeroizing::new(String::with_capacity(text.len()));
    visible.extend(text.chars().filter(|sign| !is_invisible(*sign)));
    visible
}

/// Controls that are no white space, and what Unicode calls default-ignorable.
/// Source: <https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt>.
fn is_invisible(sign: char) -> bool {
    let is_control = sign.is_control() && !matches!(sign, '\t'..='\r' | '\u{85}');
    is_control
        || matches!(sign,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The pieces in order. Markup needs no space around it, and may have spaces within.
pub(super) fn split(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some((before, inside, after)) = next_markup(rest) {
        tokens.extend(words(before));
        tokens.push(Token::Markup(inside));
        rest = after;
    }
    tokens.extend(words(rest));
    tokens
}

fn words(text: &str) -> impl Iterator<Item = Token<'_>> {
    text.split_whitespace()
        .map(|raw| Token::Word(Word::new(raw)))
}

/// What stands before the next markup, in it and after it. A `<` before another one is just a sign.
fn next_markup(text: &str) -> Option<(&str, &str, &str)> {
    let mut begin = None;
    let mut signs = text.char_indices();
    let (begin, end) = signs.find_map(|(at, sign)| match sign {
        '<' => {
            begin = Some(at);
            None
        }
        '>' => Some((begin?, at)),
        _ => None,
    })?;
    let (before, inside) = (text.get(..begin)?, text.get(begin + 1..end)?);
    Some((before, inside, text.get(end + 1..)?))
}
