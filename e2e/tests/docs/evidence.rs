//! docs/evidence.md names a test for everything that SECURITY.md promises, and each of them exists.

use crate::{markdown::Document, named_tests, repository};

const DOCUMENT: &str = "docs/evidence.md";

/// Tables of SECURITY.md, and where their rows are in the evidence.
const CLAIMS: [(&str, &str); 3] = [
    ("## What is promised, and how", "## Promises"),
    (
        "## Who has what, and can do what",
        "## Who has what, and can do what",
    ),
    ("## Bounds of reveal-web", "## Bounds of reveal-web"),
];

/// The cells of a table's rows, without its head.
fn rows(document: &str, heading: &str) -> Vec<Vec<String>> {
    let text = repository::read(document);
    let (_, section) = text.split_once(&format!("{heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|'));
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    lines.skip(2).map(cells).collect()
}

#[test]
fn every_promise_has_its_evidence() {
    let mut wrong = Vec::new();
    for (there, here) in CLAIMS {
        let claims = rows("SECURITY.md", there);
        let evidence = rows(DOCUMENT, here);
        assert!(claims.len() > 10, "{there} was not found");
        for [claim, proof] in [[&claims, &evidence], [&evidence, &claims]] {
            for row in claim {
                if proof.iter().all(|other| other[0] != row[0]) {
                    wrong.push(format!("in one of the two only: {}", row[0]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_names_tests_that_exist() {
    let all = named_tests::all();
    let document = Document::read(DOCUMENT);
    let mut wrong = Vec::new();
    for span in &document.spans {
        let is_command = span.text.starts_with("cargo ");
        if span.text.contains("::") && !is_command && !all.contains(&span.text) {
            wrong.push(format!(
                "{}: no test {}",
                document.place(span.line),
                span.text
            ));
        }
    }
    for heading in [
        "## Promises",
        "## Who has what, and can do what",
        "## Bounds of reveal-web",
        "## What else SECURITY.md says",
        "## Faults",
    ] {
        let rows = rows(DOCUMENT, heading);
        assert!(rows.len() > 5, "{heading} was not found");
        for row in rows {
            let names_a_test = row.last().is_some_and(|tests| tests.contains("::"));
            if !names_a_test || row.iter().any(String::is_empty) {
                wrong.push(format!("{heading}: not whole: {}", row.join(" | ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
