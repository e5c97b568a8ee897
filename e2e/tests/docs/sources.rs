//! What stands in our own sources, by Rust's tokens: comments, tests and line breaks don't confuse
//! it.
//!
//! What counts as a message is decided by [`Scan::marked`]: a new way of telling operators
//! something gets a line there.

use std::path::PathBuf;

use proc_macro2::{Delimiter, Group, TokenTree};

use crate::{
    repository,
    tokens::{all, body, first, is_test, item_length, log_message, says_something, tokens},
};

/// The programs and what they share.
const FOLDERS: [&str; 4] = ["bot/src", "migration/src", "reveal-web/src", "shared/src"];

/// A message, with `…` for what is put in.
pub(crate) struct Message {
    pub(crate) file: PathBuf,
    pub(crate) text: String,
}

/// Every message that operators can get to see.
pub(crate) fn messages() -> Vec<Message> {
    let files = FOLDERS
        .iter()
        .flat_map(|folder| repository::files(folder, ".rs"));
    files
        .flat_map(|file| {
            let mut scan = Scan(Vec::new());
            scan.tokens(&tokens(&repository::read(&file)));
            let texts = scan.0.into_iter();
            let messages = texts.map(move |text| Message {
                file: file.clone(),
                text,
            });
            messages.collect::<Vec<_>>()
        })
        .collect()
}

struct Scan(Vec<String>);

impl Scan {
    fn tokens(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            if is_test(&tokens[at..]) {
                at += 2 + item_length(&tokens[at + 2..]);
                continue;
            }
            self.marked(&tokens[..at], &tokens[at..]);
            if let TokenTree::Group(group) = &tokens[at] {
                self.tokens(&group.stream().into_iter().collect::<Vec<_>>());
            }
            at += 1;
        }
    }

    /// Takes what begins here, if it is a message for operators.
    fn marked(&mut self, before: &[TokenTree], here: &[TokenTree]) {
        let is_after = |mark: &str| before.last().is_some_and(|token| token.to_string() == mark);
        match (words(here, 4).as_slice(), here) {
            // tracing::warn!(a = 1, "message")
            (["warn" | "error", "!", ..], [_, _, TokenTree::Group(group), ..]) => {
                self.add(log_message(group));
            }
            // Of what goes well, only that a program stops.
            (["info", "!", ..], [_, _, TokenTree::Group(group), ..]) => {
                self.add(log_message(group).filter(|text| text.starts_with("stop")));
            }
            (["bail" | "anyhow" | "ensure", "!", ..], [_, _, TokenTree::Group(group), ..]) => {
                self.add(first(group));
            }
            // anyhow's .context("message") and .with_context(|| format!("message"))
            (["context" | "with_context", ..], [_, TokenTree::Group(group), ..])
                if is_after(".") =>
            {
                self.add(first(group));
            }
            // thiserror's #[error("message")]
            (["error", ..], [_, TokenTree::Group(group)]) if before.is_empty() => {
                self.add(first(group));
            }
            // Mistakes in settings.
            (["Invalid", ":", ":", "because"] | ["Problem", ":", ":", "new"], _) => {
                if let Some(TokenTree::Group(group)) = here.get(4) {
                    self.add(first(group));
                }
            }
            (["let", "reason", "=", ..], _) => {
                let end = here.iter().position(|token| token.to_string() == ";");
                let statement = here[..end.unwrap_or(here.len())].iter().cloned().collect();
                self.add(first(&Group::new(Delimiter::None, statement)));
            }
            // impl Display for ... { ... }
            (["Display", "for", ..], _) => {
                if let Some(body) = body(here) {
                    all(&body, &mut self.0);
                }
            }
            // What an error advises to do.
            (["fn", "advice", ..], _) => {
                if let Some(body) = body(here) {
                    let mut texts = Vec::new();
                    all(&body, &mut texts);
                    self.0
                        .extend(texts.into_iter().filter(|text| text.contains(' ')));
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, text: Option<String>) {
        self.0.extend(text.filter(|text| says_something(text)));
    }
}

fn words(tokens: &[TokenTree], most: usize) -> Vec<&'static str> {
    // Only these words matter; what is none of them is "".
    const WORDS: [&str; 21] = [
        "warn",
        "error",
        "info",
        "!",
        "bail",
        "anyhow",
        "ensure",
        "context",
        "with_context",
        "Invalid",
        "Problem",
        ":",
        "because",
        "new",
        "let",
        "reason",
        "=",
        "Display",
        "for",
        "fn",
        "advice",
    ];
    let word = |token: &TokenTree| match token {
        TokenTree::Ident(_) | TokenTree::Punct(_) => {
            let text = token.to_string();
            WORDS.into_iter().find(|word| *word == text).unwrap_or("")
        }
        _ => "",
    };
    tokens.iter().take(most).map(word).collect()
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
    let mut scan = Scan(Vec::new());
    scan.tokens(&tokens(source));
    let expected = [
        "the disk … is full",
        "does not begin with …",
        "it broke",
        "stopping",
        "…: … is taken",
        "is {odd}",
        "it failed",
    ];
    assert_eq!(scan.0, expected);
}
