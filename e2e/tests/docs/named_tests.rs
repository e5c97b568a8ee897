//! The full name of every test in our sources: its target, and what the test program calls it. What
//! is written down as proof of something is held against them.

use std::{collections::BTreeSet, path::Path};

use proc_macro2::{Delimiter, TokenTree};

use crate::{repository, tokens::tokens};

/// Targets by their name, and where their sources are.
const TARGETS: [(&str, &str); 9] = [
    ("bot", "bot/src"),
    ("docs", "e2e/tests/docs"),
    ("fidelity", "slack-sim/tests/fidelity"),
    ("migration", "migration/src"),
    ("reveal_web", "reveal-web/src"),
    ("shared", "shared/src"),
    ("slack_sim", "slack-sim/src"),
    ("suite", "e2e/tests/suite"),
    ("xtask", "xtask/src"),
];

/// Every test. One that runs on each engine is there with each engine, too.
pub(crate) fn all() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (target, folder) in TARGETS {
        for file in repository::files(folder, ".rs") {
            let module = module(target, file.strip_prefix(folder).unwrap());
            visit(&tokens(&repository::read(&file)), &module, &mut found);
        }
    }
    found
}

fn module(target: &str, file: &Path) -> String {
    let path = file.with_extension("");
    let parts = path.iter().map(|part| part.to_str().unwrap());
    let parts = parts.filter(|part| !["lib", "main", "mod"].contains(part));
    std::iter::once(target)
        .chain(parts)
        .collect::<Vec<_>>()
        .join("::")
}

fn visit(tokens: &[TokenTree], module: &str, found: &mut BTreeSet<String>) {
    let mut is_test = false;
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] if hash.as_char() == '#' => {
                let text: String = attribute.stream().to_string().split_whitespace().collect();
                is_test |= text == "test" || text.starts_with("tokio::test");
                at += 2;
            }
            [TokenTree::Ident(word), TokenTree::Ident(name), rest @ ..] if word == "mod" => {
                if let Some(TokenTree::Group(body)) = rest.first() {
                    let inner: Vec<_> = body.stream().into_iter().collect();
                    visit(&inner, &format!("{module}::{name}"), found);
                }
                is_test = false;
                at += 3;
            }
            [
                TokenTree::Ident(word),
                TokenTree::Punct(_),
                TokenTree::Group(body),
                ..,
            ] if word == "on_each_engine" => {
                for name in functions(&body.stream().into_iter().collect::<Vec<_>>()) {
                    for ending in ["", "::mysql", "::sqlite"] {
                        found.insert(format!("{module}::{name}{ending}"));
                    }
                }
                at += 3;
            }
            [
                TokenTree::Ident(word),
                TokenTree::Punct(_),
                TokenTree::Group(body),
                ..,
            ] if word == "with_each_proxy" => {
                for name in body.stream() {
                    for proxy in ["caddy", "nginx"] {
                        found.insert(format!("{module}::{proxy}::{name}"));
                    }
                }
                at += 3;
            }
            [TokenTree::Ident(word), TokenTree::Ident(name), ..] if word == "fn" => {
                if is_test {
                    found.insert(format!("{module}::{name}"));
                }
                is_test = false;
                at += 2;
            }
            [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Brace => {
                visit(
                    &group.stream().into_iter().collect::<Vec<_>>(),
                    module,
                    found,
                );
                at += 1;
            }
            _ => at += 1,
        }
    }
}

fn functions(tokens: &[TokenTree]) -> impl Iterator<Item = String> {
    tokens.windows(2).filter_map(|pair| match pair {
        [TokenTree::Ident(word), TokenTree::Ident(name)] if word == "fn" => Some(name.to_string()),
        _ => None,
    })
}

/// A mutant is killed by a test that exists (`cargo xtask mutants` finds out whether it is).
#[test]
fn every_mutant_names_a_test() {
    let all = all();
    let mutants = repository::files("mutants", ".diff");
    assert!(mutants.len() > 5, "the mutants were not found");
    for mutant in mutants {
        let text = repository::read(&mutant);
        let mut lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("Killed by: "));
        let name = lines.next().unwrap_or_default();
        assert!(all.contains(name), "{}: no test {name}", mutant.display());
    }
}

#[test]
fn tests_are_found_by_their_full_names() {
    let source = r#"
        fn helper() { let a = 1; }
        #[test]
        fn plain() {}
        #[tokio::test(flavor = "multi_thread")]
        async fn waits() {}
        on_each_engine! {
            /// What for.
            async fn both(engine) { helper(); }
        }
        mod tests {
            proptest! { #[test] fn random(a in any::<u8>()) {} }
        }
        mod elsewhere;
        fn not_a_test() {}
    "#;
    let mut found = BTreeSet::new();
    visit(&tokens(source), "suite::file", &mut found);
    let expected = [
        "both",
        "both::mysql",
        "both::sqlite",
        "plain",
        "tests::random",
        "waits",
    ];
    let expected = expected.map(|name| format!("suite::file::{name}"));
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
}
