//! What the forge runs for us is named by the hash of its commit: a tag can be moved to other code.

use std::collections::BTreeMap;

use crate::repository;

/// An action as a workflow names it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pinned<'a> {
    action: &'a str,
    commit: &'a str,
    version: &'a str,
}

/// What a line of a workflow uses, if it uses something of others.
fn used(line: &str) -> Option<Result<Pinned<'_>, &'static str>> {
    let line = line.trim_start();
    let line = line.strip_prefix("- ").unwrap_or(line).trim_start();
    let value = line.strip_prefix("uses:")?.trim();
    // An action of this repository is of the same commit.
    (!value.starts_with("./")).then(|| pinned(value))
}

fn pinned(value: &str) -> Result<Pinned<'_>, &'static str> {
    let (named, version) = value
        .split_once(" # ")
        .ok_or("no version in a comment behind it")?;
    let (action, commit) = named.split_once('@').ok_or("no commit")?;
    let is_hash = commit.len() == 40
        && commit
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hash {
        return Err("not the 40 hexadecimal digits of a commit");
    }
    let numbers = version
        .strip_prefix('v')
        .ok_or("the version has no v")?
        .split('.');
    if numbers.clone().count() != 3 || numbers.clone().any(|part| part.parse::<u32>().is_err()) {
        return Err("the version is not one release, such as v1.2.3");
    }
    Ok(Pinned {
        action,
        commit,
        version,
    })
}

#[test]
fn every_action_is_pinned_to_a_commit_and_says_which_version_it_is() {
    let files = [".yml", ".yaml"]
        .iter()
        .flat_map(|ending| repository::files(".github", ending));
    let (mut wrong, mut known) = (Vec::new(), BTreeMap::new());
    for file in files {
        for (index, line) in repository::read(&file).lines().enumerate() {
            let place = format!("{}:{}", file.display(), index + 1);
            match used(line) {
                None => {}
                Some(Err(why)) => wrong.push(format!("{place}: {why}: {}", line.trim())),
                Some(Ok(Pinned {
                    action,
                    commit,
                    version,
                })) => {
                    let this = (commit.to_owned(), version.to_owned());
                    let first = known
                        .entry(action.to_owned())
                        .or_insert_with(|| this.clone());
                    if *first != this {
                        wrong.push(format!("{place}: elsewhere {action} is another one"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(known.len() >= 2, "only {known:?} were found");
}

#[test]
fn what_is_not_pinned_is_seen() {
    let hash = "0123456789abcdef0123456789abcdef01234567";
    let is_pinned = |line: &str| used(line).map(|found| found.is_ok());
    for (line, expected) in [
        ("  - run: cargo test", None),
        ("  # uses: a/b@v1", None),
        ("  - uses: ./.github/actions/ours", None),
        (&format!("  - uses: a/b@{hash} # v1.2.3"), Some(true)),
        (&format!("    uses: a/b/c@{hash} # v1.2.3"), Some(true)),
        ("  - uses: a/b@v4", Some(false)),
        ("  - uses: a/b@main # v1.2.3", Some(false)),
        ("  - uses: a/b", Some(false)),
        ("  - uses: docker://a/b:1", Some(false)),
        (&format!("  - uses: a/b@{hash}"), Some(false)),
        (&format!("  - uses: a/b@{hash} # v4"), Some(false)),
        (&format!("  - uses: a/b@{hash} # the newest"), Some(false)),
        (
            &format!("  - uses: a/b@{} # v1.2.3", &hash[1..]),
            Some(false),
        ),
        (
            &format!("  - uses: a/b@{}g # v1.2.3", &hash[1..]),
            Some(false),
        ),
    ] {
        assert_eq!(is_pinned(line), expected, "{line}");
    }
}
