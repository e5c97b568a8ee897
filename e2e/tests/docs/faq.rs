//! The questions of staff, in both languages: what is quoted is what people really read.
//!
//! What is bold in the FAQ is a quotation: a text of the catalogue or a part of one, with `…` for
//! what is put in.

use crate::{markdown::Document, repository};

const LANGUAGES: [&str; 2] = ["en", "fr"];

fn faq(language: &str) -> Document {
    Document::read(match language {
        "en" => "docs/faq.md".to_owned(),
        other => format!("docs/faq.{other}.md"),
    })
}

#[test]
fn both_languages_answer_as_many_questions() {
    let [english, french] = LANGUAGES.map(|language| {
        let headings = faq(language).headings;
        let levels: Vec<_> = headings.iter().map(|heading| heading.level).collect();
        levels
    });
    assert!(english.len() > 15, "the questions were not found");
    assert_eq!(english, french);
}

#[test]
fn what_is_quoted_is_what_people_read() {
    let mut wrong = Vec::new();
    for language in LANGUAGES {
        let texts = catalogue(language);
        let document = faq(language);
        assert!(document.strong.len() > 20, "the quotations were not found");
        for quoted in &document.strong {
            if !texts.iter().any(|text| has_words(text, &quoted.text)) {
                wrong.push(format!(
                    "{}: nobody reads: {}",
                    document.place(quoted.line),
                    quoted.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every text, and every variant of those that count.
fn catalogue(language: &str) -> Vec<String> {
    let catalogue = repository::read(format!("shared/src/text/{language}.ftl"));
    catalogue
        .lines()
        .filter_map(|line| {
            let variant = line
                .split_once("] ")
                .filter(|(key, _)| key.trim_start_matches([' ', '*']).starts_with('['));
            variant
                .or_else(|| line.split_once(" = "))
                .map(|(_, text)| with_gaps(text))
        })
        .collect()
}

/// `…` for `{ $name }`.
fn with_gaps(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, placeholder)) = rest.split_once('{') {
        plain.push_str(before);
        plain.push('…');
        rest = placeholder.split_once('}').map_or("", |(_, after)| after);
    }
    plain + rest
}

/// Whether these words stand in a text, from a word's beginning to a word's end.
fn has_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        ![before, after]
            .into_iter()
            .flatten()
            .any(char::is_alphanumeric)
    })
}

/// U+202F before `;` `!` `?`, U+00A0 before `:` and inside guillemets; in code, as it is typed.
#[test]
fn french_has_its_spaces() {
    const THIN: char = '\u{202f}';
    const FIXED: char = '\u{a0}';
    let faq = faq("fr");
    let announcements = Document::read("docs/install.md").blocks;
    let announcements = announcements
        .iter()
        .filter(|block| block.info.ends_with(" fr"));
    let mut texts = vec![faq.text.clone()];
    texts.extend(announcements.map(|block| block.text.clone()));
    assert_eq!(texts.len(), 2, "the announcement in French was not found");
    let mut wrong = Vec::new();
    for text in texts {
        // The comment for whoever changes it begins with a sign of its own.
        let lines = text.lines().filter(|line| !line.starts_with("<!--"));
        for line in lines.map(without_code) {
            let signs: Vec<char> = line.chars().collect();
            for (at, sign) in signs.iter().enumerate() {
                let before = at.checked_sub(1).and_then(|at| signs.get(at));
                let after = signs.get(at + 1);
                let good = match sign {
                    ';' | '!' | '?' => before == Some(&THIN),
                    ':' | '»' => before == Some(&FIXED),
                    '«' => after == Some(&FIXED),
                    '\'' => false,
                    _ => true,
                };
                if !good {
                    wrong.push(format!("{sign} in: {line}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A line without its code and without where its links lead.
fn without_code(line: &str) -> String {
    let plain: String = line.split('`').step_by(2).collect();
    let mut parts = plain.split("](");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once(')').map_or("", |(_, after)| after));
    }
    text
}
