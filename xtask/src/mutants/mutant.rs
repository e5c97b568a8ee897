//! A mutant: a mistake made on purpose, and the test that has to notice it.
//!
//! One file each in `mutants/`, written like a diff without line numbers and context, so that it is
//! easily kept: lines of `-` stand together in the file exactly once, whatever their indentation,
//! and lines of `+` take their place.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};

use xtask::cargo;

/// The folder of the mutants, from the workspace's.
const FOLDER: &str = "mutants";

/// A mistake made on purpose.
#[derive(Debug)]
pub(crate) struct Mutant {
    /// The file's name.
    pub(crate) name: String,
    /// The promise that is broken.
    pub(crate) breaks: String,
    /// The test that fails by it.
    pub(crate) test: TestName,
    changes: Vec<Change>,
}

/// A test's full name: that of its target (a crate, or an integration test of `e2e`), and what the
/// test program calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TestName {
    pub(crate) target: String,
    pub(crate) path: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Change {
    file: PathBuf,
    from: Vec<String>,
    to: Vec<String>,
}

/// Every mutant, or those of these names.
pub(crate) fn chosen(names: &[String]) -> anyhow::Result<Vec<Mutant>> {
    let folder = cargo::workspace().join(FOLDER);
    let mut files = fs::read_dir(&folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    files.sort();
    let mut mutants = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        if names.is_empty() || names.iter().any(|chosen| *chosen == name) {
            let text = fs::read_to_string(&file)?;
            let mutant = Mutant::parse(&name, &text);
            mutants.push(mutant.with_context(|| file.display().to_string())?);
        }
    }
    for name in names {
        let is_known = mutants.iter().any(|mutant| mutant.name == *name);
        ensure!(is_known, "{FOLDER} has no mutant {name}");
    }
    ensure!(!mutants.is_empty(), "{FOLDER} has no mutants");
    Ok(mutants)
}

impl Mutant {
    fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let (mut breaks, mut killer) = (None, None);
        let mut changes: Vec<Change> = Vec::new();
        let mut file = None;
        for line in text.lines() {
            if let Some(value) = line.strip_prefix("Breaks: ") {
                breaks = Some(value.to_owned());
            } else if let Some(value) = line.strip_prefix("Killed by: ") {
                killer = Some(TestName::parse(value)?);
            } else if let Some(value) = line.strip_prefix("--- ") {
                file = Some(PathBuf::from(value));
            } else if let Some(removed) = line.strip_prefix('-') {
                let file = file.clone().context("a change before any `--- file`")?;
                match changes.last_mut() {
                    Some(change) if change.to.is_empty() && change.file == file => {
                        change.from.push(removed.to_owned());
                    }
                    _ => changes.push(Change {
                        file,
                        from: vec![removed.to_owned()],
                        to: Vec::new(),
                    }),
                }
            } else if let Some(added) = line.strip_prefix('+') {
                let change = changes
                    .last_mut()
                    .context("a `+` without a `-` before it")?;
                change.to.push(added.to_owned());
            } else {
                ensure!(line.is_empty(), "not understood: {line}");
            }
        }
        ensure!(!changes.is_empty(), "nothing is changed");
        Ok(Self {
            name: name.to_owned(),
            breaks: breaks.context("`Breaks: ` is missing")?,
            test: killer.context("`Killed by: ` is missing")?,
            changes,
        })
    }

    /// Makes the mistake in the sources below a folder.
    pub(crate) fn apply(&self, root: &Path) -> anyhow::Result<()> {
        for change in &self.changes {
            let path = root.join(&change.file);
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let changed = change.of(&text);
            fs::write(&path, changed.with_context(|| path.display().to_string())?)?;
        }
        Ok(())
    }
}

impl Change {
    fn of(&self, text: &str) -> anyhow::Result<String> {
        let lines: Vec<_> = text.lines().collect();
        let is_here = |at: &usize| {
            let there = lines[*at..].iter().map(|line| line.trim());
            there
                .take(self.from.len())
                .eq(self.from.iter().map(|line| line.trim()))
        };
        let places: Vec<_> = (0..lines.len()).filter(is_here).collect();
        let at = match places.as_slice() {
            [at] => *at,
            [] => bail!("these lines are no longer there:\n{}", self.from.join("\n")),
            _ => bail!(
                "these lines are there more than once:\n{}",
                self.from.join("\n")
            ),
        };
        let (before, rest) = lines.split_at(at);
        let after = &rest[self.from.len()..];
        let added = self.to.iter().map(String::as_str);
        let changed = before
            .iter()
            .copied()
            .chain(added)
            .chain(after.iter().copied());
        Ok(changed.flat_map(|line| [line, "\n"]).collect())
    }
}

impl TestName {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (target, path) = text
            .split_once("::")
            .with_context(|| format!("no test's full name: {text}"))?;
        Ok(Self {
            target: target.to_owned(),
            path: path.to_owned(),
        })
    }

    /// How cargo is told to build just the program that has the test.
    pub(crate) fn cargo_arguments(&self) -> Vec<String> {
        let package = self.target.replace('_', "-");
        let words: &[&str] = match self.target.as_str() {
            "suite" | "docs" | "fidelity" => &["--workspace", "--test", &self.target],
            "bot" | "slack_sim" | "xtask" => &["--package", &package, "--bins"],
            _ => &["--package", &package, "--lib"],
        };
        words.iter().map(|&word| word.to_owned()).collect()
    }

    /// Whether the test runs the programs.
    pub(crate) fn needs_programs(&self) -> bool {
        matches!(self.target.as_str(), "suite" | "docs" | "fidelity")
    }
}

impl std::fmt::Display for TestName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}::{}", self.target, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "Breaks: nothing is greeted\nKilled by: shared::tests::greets\n\n\
                           --- a.rs\n-if a {\n-    b();\n+if !a {\n+    b();\n\n-return;\n+\n";

    /// What changed in the sources since is changed in `mutants/` too.
    #[test]
    fn every_mutant_can_still_be_made() {
        for mutant in chosen(&[]).unwrap() {
            assert!(mutant.breaks.len() > 10, "{}", mutant.name);
            for change in &mutant.changes {
                let text = fs::read_to_string(cargo::workspace().join(&change.file)).unwrap();
                let changed = change
                    .of(&text)
                    .map_err(|error| format!("{}: {error}", mutant.name));
                assert_ne!(changed.unwrap(), text, "{} changes nothing", mutant.name);
            }
        }
    }

    #[test]
    fn lines_are_found_whatever_their_indentation() {
        let mutant = Mutant::parse("example", EXAMPLE).unwrap();
        assert_eq!(mutant.test.to_string(), "shared::tests::greets");
        let [first, second] = mutant.changes.as_slice() else {
            panic!("{mutant:?}");
        };
        let text = "fn f() {\n    if a {\n        b();\n    }\n    return;\n}\n";
        let changed = second.of(&first.of(text).unwrap()).unwrap();
        assert_eq!(changed, "fn f() {\nif !a {\n    b();\n    }\n\n}\n");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mutant = Mutant::parse("example", EXAMPLE).unwrap();
        let change = &mutant.changes[1];
        for (text, complaint) in [
            ("fn f() {}\n", "no longer there"),
            ("return;\nreturn;\n", "more than once"),
        ] {
            let error = change.of(text).unwrap_err().to_string();
            assert!(error.contains(complaint), "{error}");
        }
        for (text, complaint) in [
            ("-a\n", "before any"),
            ("--- a\n+b\n", "without a `-`"),
            ("--- a\n b\n", "not understood"),
            ("Breaks: x\nKilled by: y::z\n", "nothing is changed"),
            ("Killed by: y::z\n--- a\n-b\n", "`Breaks: ` is missing"),
            ("Breaks: x\n--- a\n-b\n", "`Killed by: ` is missing"),
            (
                "Breaks: x\nKilled by: y\n--- a\n-b\n",
                "no test's full name",
            ),
        ] {
            let error = Mutant::parse("example", text).unwrap_err().to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }
}
