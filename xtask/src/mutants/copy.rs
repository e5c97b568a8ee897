//! A copy of the working tree in `target/mutants`, in which mistakes are made, and what tests say
//! to them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::ensure;

use super::mutant::{Mutant, TestName};
use xtask::cargo;

use crate::surroundings::Surroundings;

/// Seconds that a test may take. None of those that mutants name takes one minute.
const PATIENCE: &str = "300";

/// The copy, with builds of its own, which go on from one mutant to the next.
pub(crate) struct Copy {
    tree: PathBuf,
    builds: PathBuf,
}

/// What a test says.
pub(crate) enum Verdict {
    /// It fails, and nothing else does.
    Red,
    Green,
    /// Neither: why.
    None(String),
}

impl Copy {
    pub(crate) fn new() -> Self {
        let folder = cargo::workspace().join("target/mutants");
        Self {
            tree: folder.join("tree"),
            builds: folder.join("builds"),
        }
    }

    /// Makes the copy the same as the working tree again. What is the same already is not touched,
    /// so that it is not built again.
    pub(crate) fn refresh(&self) -> anyhow::Result<()> {
        let wanted = working_tree()?;
        for file in files_below(&self.tree)? {
            if !wanted.contains(&file) {
                fs::remove_file(self.tree.join(file))?;
            }
        }
        for file in &wanted {
            let content = fs::read(cargo::workspace().join(file))?;
            let copied = self.tree.join(file);
            if fs::read(&copied).ok().as_ref() != Some(&content) {
                fs::create_dir_all(copied.parent().unwrap_or(&self.tree))?;
                fs::write(&copied, content)?;
            }
        }
        Ok(())
    }

    /// Makes a mistake in the copy.
    pub(crate) fn apply(&self, mutant: &Mutant) -> anyhow::Result<()> {
        mutant.apply(&self.tree)
    }

    /// Builds what a test needs, and runs it.
    pub(crate) fn ask(&self, test: &TestName, around: &Surroundings) -> anyhow::Result<Verdict> {
        if test.needs_programs() {
            let mut programs = self.cargo();
            programs.args(["build", "--workspace", "--bins", "--locked"]);
            if let Some(why) = unbuilt(programs)? {
                return Ok(Verdict::None(why));
            }
        }
        let mut compiling = self.cargo();
        compiling.arg("test").args(test.cargo_arguments());
        compiling.args(["--locked", "--no-run"]);
        if let Some(why) = unbuilt(compiling)? {
            return Ok(Verdict::None(why));
        }
        let mut run = Command::new("timeout");
        let cargo = self.cargo();
        run.current_dir(&self.tree)
            .args(["--kill-after=10", PATIENCE])
            .arg(cargo.get_program());
        for (name, value) in cargo.get_envs() {
            match value {
                Some(value) => run.env(name, value),
                None => run.env_remove(name),
            };
        }
        run.arg("test")
            .args(test.cargo_arguments())
            .args(["--locked", "--", "--exact", &test.path]);
        around.tell(&mut run, &self.builds.join("debug"));
        let ran = run.output()?;
        let said = String::from_utf8_lossy(&ran.stdout);
        Ok(if said.contains(". 0 passed; 1 failed;") {
            Verdict::Red
        } else if said.contains(". 1 passed; 0 failed;") {
            Verdict::Green
        } else if said.contains(". 0 passed; 0 failed;") {
            Verdict::None(format!("there is no test {test}"))
        } else {
            Verdict::None(told("the test came to no end", &ran))
        })
    }

    fn cargo(&self) -> Command {
        let mut cargo = cargo::cargo();
        cargo
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.builds);
        cargo
    }
}

/// Why something can't be built, if it can't.
fn unbuilt(mut command: Command) -> anyhow::Result<Option<String>> {
    let done = command.output()?;
    Ok((!done.status.success()).then(|| told("it does not compile", &done)))
}

/// What went wrong, with the end of what was printed.
fn told(what: &str, output: &Output) -> String {
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    let printed = String::from_utf8_lossy(&printed);
    let lines: Vec<_> = printed.lines().collect();
    let end = lines[lines.len().saturating_sub(30)..].join("\n");
    format!("{what}\n{end}")
}

/// Every file that is git's, or would be.
fn working_tree() -> anyhow::Result<BTreeSet<PathBuf>> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(cargo::workspace())
        .output()?;
    ensure!(listed.status.success(), "git can't list the files");
    let names = String::from_utf8(listed.stdout)?;
    let names = names.split('\0').filter(|name| !name.is_empty());
    Ok(names
        .map(PathBuf::from)
        .filter(|file| cargo::workspace().join(file).is_file())
        .collect())
}

fn files_below(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fs::create_dir_all(root)?;
    let (mut files, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(root)?.to_owned());
            }
        }
    }
    Ok(files)
}
