//! A Java runtime, for the Nu HTML checker.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use xtask::debian;

/// The oldest that the checker runs on, as its own help says.
const OLDEST: u32 = 17;

/// Finds a `java`, or installs Debian's.
pub(crate) fn provide() -> anyhow::Result<PathBuf> {
    if let Some(java) = find() {
        return Ok(java);
    }
    debian::install(&["default-jre-headless"])?;
    find().with_context(|| {
        format!("no java of version {OLDEST} or newer is on the PATH: please install one")
    })
}

/// On the PATH, or Debian's own where an older one stands before it.
fn find() -> Option<PathBuf> {
    [debian::on_path("java"), Some("/usr/bin/java".into())]
        .into_iter()
        .flatten()
        .find(|java| major_version(java).is_some_and(|version| version >= OLDEST))
}

fn major_version(java: &Path) -> Option<u32> {
    let output = Command::new(java).arg("-version").output().ok()?;
    major(&String::from_utf8(output.stderr).ok()?)
}

/// The major version in what `java -version` says: `openjdk version "17.0.15" 2025-04-15`.
fn major(said: &str) -> Option<u32> {
    let (_, version) = said.split_once("version \"")?;
    let end = version.find(|character: char| !character.is_ascii_digit())?;
    version.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn versions_of_all_times_are_read() {
        for (said, version) in [
            ("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK", Some(17)),
            ("java version \"1.8.0_402\"", Some(1)),
            ("openjdk version \"25\" 2025-09-16", Some(25)),
            ("openjdk version \"26-ea\" 2026-03-17", Some(26)),
            ("Error: could not find java.dll", None),
        ] {
            assert_eq!(major(said), version, "{said}");
        }
    }
}
