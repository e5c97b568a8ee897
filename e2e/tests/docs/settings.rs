//! Settings that documents name are settings that there are.

use std::collections::BTreeSet;

use shared::operate::settings::definitions;

use crate::{markdown::Document, repository};

/// Names of the same form that are no settings of the programs.
const OTHER_NAMES: [(&str, &str); 11] = [
    (
        "BEFORE_ON_PRIMARY_FAILOVER",
        "MySQL: how up to date a server of a group is",
    ),
    ("ENV_FILE", "names the file with settings itself"),
    ("FERNET_KEY", "the mistake that is told"),
    ("NAME_FILE", "stands for all of them"),
    (
        "OFFLINE_MODE",
        "MySQL: what a server does that left its group",
    ),
    ("PR_SET_DUMPABLE", "Linux"),
    ("READ_COMMITTED", "MySQL"),
    ("SECURE_SECRET_BIN_DIR", "for the tests"),
    ("TEST_MYSQL_URL", "for the tests"),
    ("VERIFY_CA", "MySQL: how a certificate is checked"),
    ("VERIFY_IDENTITY", "MySQL: how a certificate is checked"),
];

#[test]
fn every_setting_named_is_one_that_there_is() {
    let known = known();
    assert!(known.len() > 40, "the settings were not found: {known:?}");
    let mut wrong = Vec::new();
    for document in Document::all() {
        let spans = document.spans.iter().map(|span| (span.line, &span.text));
        let blocks = document
            .blocks
            .iter()
            .map(|block| (block.line, &block.text));
        for (line, text) in spans.chain(blocks) {
            for name in names(text).filter(|name| !known.contains(*name)) {
                wrong.push(format!("{}: {name} is no setting", document.place(line)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The settings with the variants that take a file; and what the files that we install set.
fn known() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for setting in definitions::ALL {
        known.insert(setting.file_variable());
        known.insert(setting.name.to_owned());
    }
    known.extend(OTHER_NAMES.map(|(name, _)| name.to_owned()));
    let compose = repository::files("", "compose.yaml").into_iter();
    for file in compose.chain(repository::files("deploy", "")) {
        known.extend(names(&repository::read(file)).map(str::to_owned));
    }
    known
}

/// Words of capitals with a low line between them; what a bracket follows is a function of SQL.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split_inclusive(move |c: char| !of_name(c));
    let no_calls = words.filter(|word| !word.ends_with('('));
    let words = no_calls.map(move |word| word.trim_end_matches(|c: char| !of_name(c)));
    words.filter(|word| {
        let capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        word.contains('_')
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && !word.ends_with('_')
            && word.chars().all(capital)
    })
}
