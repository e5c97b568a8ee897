//! Every log line, error and mistake in settings that the programs have for operators is in
//! docs/troubleshooting.md, and every message there is one of the programs' texts.
//!
//! In the document a message is the code with which an item of a list begins; `…` stands for what
//! the program puts in. Two messages can share an item: `` - `one`, `two`: what they mean ``.

use std::collections::{BTreeMap, BTreeSet};

use crate::{markdown::Document, sources};

const DOCUMENT: &str = "docs/troubleshooting.md";

/// What needs no entry, and why.
const NO_ENTRY: &[(&str, &str)] = &[
    // Never printed.
    (
        "… can't be read",
        "logged as a payload that could not be understood",
    ),
    ("the body is no form", "the visitor's page says it"),
    (
        "the body has more than … bytes",
        "the visitor's page says it",
    ),
    ("the body ended early", "nobody is there any more"),
    (
        "the form has not just the fields of the confirm page",
        "the visitor's page says it",
    ),
    ("the field holds no token", "the visitor's page says it"),
    ("the text is empty", "the dialog says it"),
    ("nothing in the text can be seen", "the dialog says it"),
    ("the text contains a NUL character", "the dialog says it"),
    ("the text has … characters, … fit", "the dialog says it"),
    ("logging was started before", "a program starts it once"),
    ("DATABASE_URL is missing", "it has a default"),
    // Parts of messages, which the document shows whole where it introduces them.
    ("DATABASE_URL", "stands before the database's own message"),
    ("… of … checks are not ok", "of what `doctor` prints"),
    ("…. It was: …", "says which grant failed, after its reason"),
];

#[test]
fn every_message_has_its_entry_and_every_entry_its_message() {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let said = sources::said();
    for message in said.messages {
        let files = told.entry(message.text).or_default();
        files.push(message.file.display().to_string());
    }
    assert!(told.len() > 80, "only {} messages were found", told.len());
    let document = Document::read(DOCUMENT);
    let mut wrong = Vec::new();
    let mut entries = BTreeSet::new();
    for entry in &document.leading {
        let place = document.place(entry.line);
        if !said.texts.contains(&entry.text) && !told.contains_key(&entry.text) {
            wrong.push(format!("{place}: no program says any more: {}", entry.text));
        }
        if !entries.insert(entry.text.clone()) {
            wrong.push(format!("{place}: a second entry for: {}", entry.text));
        }
    }
    for (text, why) in NO_ENTRY.iter().copied() {
        if !told.contains_key(text) {
            wrong.push(format!(
                "NO_ENTRY: no program says any more: {text} ({why})"
            ));
        }
        if entries.contains(text) {
            wrong.push(format!("NO_ENTRY: has an entry all the same: {text}"));
        }
    }
    for (text, files) in &told {
        let wants_entry = NO_ENTRY.iter().all(|(other, _)| other != text);
        if wants_entry && !entries.contains(text) {
            wrong.push(format!(
                "{}: no entry in {DOCUMENT}: {text}",
                files.join(", ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
