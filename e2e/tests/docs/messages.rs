//! Every message that the programs have for operators is in docs/troubleshooting.md, and every
//! message there is one of the programs'.
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
    ("(from …)", "of a mistake in a setting"),
    (". It should be: …", "of a mistake in a setting"),
    ("environment variable …", "of a mistake in a setting"),
    ("file … (…)", "of a mistake in a setting"),
    ("default", "of a mistake in a setting"),
    ("ready", "of what `health` prints"),
    ("ok", "of what `health` prints"),
    ("NOT OK", "of what `health` prints"),
    ("WARNING", "of what `doctor` prints"),
    ("skipped", "of what `doctor` prints"),
    ("… of … checks are not ok", "of what `doctor` prints"),
    ("…do: …", "of what `doctor` prints"),
    ("only opens", "of what `config check` prints"),
    ("seals", "of what `config check` prints"),
    ("… key…", "of what `config check` prints"),
    ("secure-secret-…", "a program's name"),
    ("… in …", "of a mistake in a setting"),
    ("…. It was: …", "says which grant failed, after its reason"),
];

#[test]
fn every_message_has_its_entry_and_every_entry_its_message() {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in sources::messages() {
        let files = told.entry(message.text).or_default();
        files.push(message.file.display().to_string());
    }
    assert!(told.len() > 80, "only {} messages were found", told.len());
    let document = Document::read(DOCUMENT);
    let mut wrong = Vec::new();
    let mut entries = BTreeSet::new();
    for entry in &document.leading {
        let place = document.place(entry.line);
        if !told.contains_key(&entry.text) {
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
