//! The wings of this crate, and which of them may look at which.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use regex::Regex;

/// A wing, and those it stands on.
const WINGS: [(&str, &[&str]); 5] = [
    ("domain", &[]),
    ("crypto", &["domain"]),
    ("store", &["domain", "crypto"]),
    ("text", &["domain"]),
    ("operate", &["domain", "crypto", "store", "text"]),
];

#[test]
fn each_wing_looks_only_at_those_it_stands_on() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(&source).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name == "lib.rs" {
            continue;
        }
        let (_, stands_on) = WINGS
            .into_iter()
            .find(|(wing, _)| *wing == name)
            .unwrap_or_else(|| panic!("{name} stands outside of the wings"));
        for used in used_by(&source.join(&name)) {
            let may = used == name || stands_on.contains(&&*used);
            assert!(may, "{name} looks at {used}");
        }
    }
}

/// The first names behind `crate::` in all files below a folder.
fn used_by(folder: &Path) -> Vec<String> {
    let path = Regex::new(r"\bcrate::(?:(\w+)|\{([^;]*)\};)").unwrap();
    let nested = Regex::new(r"\{[^{}]*\}").unwrap();
    let mut used = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap().path();
        if entry.is_dir() {
            used.extend(used_by(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            for found in path.captures_iter(&fs::read_to_string(entry).unwrap()) {
                let mut names = found.get(1).or(found.get(2)).unwrap().as_str().to_owned();
                while nested.is_match(&names) {
                    names = nested.replace_all(&names, "").into_owned();
                }
                let firsts = names
                    .split(',')
                    .map(|name| name.split("::").next().unwrap());
                used.extend(firsts.map(|name| name.trim().to_owned()));
            }
        }
    }
    used.retain(|name| !name.is_empty());
    used
}
