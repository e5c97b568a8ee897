//! What stands in our own sources, by Rust's tokens: comments, tests and line breaks don't confuse
//! it.

use std::{collections::BTreeSet, path::PathBuf};

use proc_macro2::TokenTree;

use crate::{
    repository,
    tokens::{first, is_test, item_length, literal, log_message, says_something, tokens},
};

/// The programs and what they share.
const FOLDERS: [&str; 4] = ["bot/src", "migration/src", "reveal-web/src", "shared/src"];

/// A message, with `…` for what is put in.
pub(crate) struct Message {
    pub(crate) file: PathBuf,
    pub(crate) text: String,
}

/// What the programs say.
#[derive(Default)]
pub(crate) struct Said {
    /// What operators get to see for sure: log lines, errors, and mistakes in settings.
    pub(crate) messages: Vec<Message>,
    /// Every text that there is.
    pub(crate) texts: BTreeSet<String>,
}

/// All of it.
pub(crate) fn said() -> Said {
    let mut said = Said::default();
    for folder in FOLDERS {
        for file in repository::files(folder, ".rs") {
            let mut scan = Scan::default();
            scan.tokens(&tokens(&repository::read(&file)));
            let messages = scan.messages.into_iter();
            said.messages.extend(messages.map(|text| Message {
                file: file.clone(),
                text,
            }));
            said.texts.extend(scan.texts);
        }
    }
    said
}

#[derive(Default)]
struct Scan {
    messages: Vec<String>,
    texts: Vec<String>,
}

impl Scan {
    fn tokens(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            if is_test(&tokens[at..]) {
                at += 2 + item_length(&tokens[at + 2..]);
                continue;
            }
            self.marked(&tokens[..at], &tokens[at..]);
            self.texts.extend(literal(&tokens[at]));
            if let TokenTree::Group(group) = &tokens[at] {
                self.tokens(&group.stream().into_iter().collect::<Vec<_>>());
            }
            at += 1;
        }
    }

    /// Takes what begins here, if it is a message for operators.
    fn marked(&mut self, before: &[TokenTree], here: &[TokenTree]) {
        let words: Vec<_> = here.iter().take(5).map(word).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let group = |at: usize| match here.get(at) {
            Some(TokenTree::Group(group)) => Some(group),
            _ => None,
        };
        let is_method = || before.last().is_some_and(|token| word(token) == ".");
        let message = match *words.as_slice() {
            // tracing::warn!(a = 1, "message")
            ["warn" | "error", "!", ..] => group(2).and_then(log_message),
            // Of what goes well, only that a program stops.
            ["info", "!", ..] => group(2)
                .and_then(log_message)
                .filter(|text| text.starts_with("stop")),
            ["bail" | "anyhow" | "ensure", "!", ..] => group(2).and_then(first),
            // anyhow's .context("message") and .with_context(|| format!("message"))
            ["context" | "with_context", ..] if is_method() => group(1).and_then(first),
            // thiserror's #[error("message")]
            ["error", ..] if before.is_empty() && here.len() == 2 => group(1).and_then(first),
            ["Invalid", ":", ":", "because", ..] => group(4).and_then(first),
            _ => None,
        };
        self.messages
            .extend(message.filter(|text| says_something(text)));
    }
}

/// A name or a sign; nothing of all else.
fn word(token: &TokenTree) -> String {
    match token {
        TokenTree::Ident(_) | TokenTree::Punct(_) => token.to_string(),
        _ => String::new(),
    }
}

#[test]
fn messages_are_found_in_the_ways_that_they_are_told() {
    let source = r#"
        #[error("the disk {path} is full")]
        struct Full;
        #[error(transparent)]
        struct Other;
        slack_token! { $name, Err(Invalid::because(concat!("does not begin with ", $prefix))) }
        fn tell() {
            tracing::warn!(slot = 1, name = "no message", %error, "it \
                broke");
            tracing::info!("all is well");
            tracing::info!("stopping");
            work().with_context(|| format!("{}: {address} is taken", x))?;
            let reason = if a { "is {{odd}}" };
            // tracing::warn!("a comment");
        }
        #[cfg(test)]
        mod tests { fn test() { tracing::error!("a test") } }
        impl fmt::Display for Failure { fn fmt() { f.write_str(match self { A => "it failed", B => "x" }) } }
    "#;
    let mut scan = Scan::default();
    scan.tokens(&tokens(source));
    let expected = [
        "the disk … is full",
        "does not begin with …",
        "it broke",
        "stopping",
        "…: … is taken",
    ];
    assert_eq!(scan.messages, expected);
    for other in ["is {odd}", "it failed"] {
        assert!(scan.texts.contains(&other.to_owned()), "{other}");
    }
    for text in &scan.texts {
        assert!(
            !text.contains("test") && !text.contains("comment"),
            "{text}"
        );
    }
}
