//! `cargo xtask test`: everything. What is missing is installed; what can't run makes it fail.

use std::num::NonZeroUsize;

use xtask::cargo::{self, binaries, succeed};

use crate::surroundings::Surroundings;

pub(crate) fn run(filter: &[String]) -> anyhow::Result<()> {
    let around = Surroundings::provide()?;
    succeed(cargo::cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    let mut test = cargo::cargo();
    test.args(["test", "--workspace", "--locked"])
        .arg("--")
        // Most of them wait most of the time.
        .arg(format!("--test-threads={}", 3 * processors()))
        .args(filter);
    around.tell(&mut test, &binaries("debug"));
    succeed(&mut test)?;
    if filter.is_empty() {
        follow_guide(false)?;
    }
    Ok(())
}

/// Follows the install guide (`xtask/guide`), which only this builds.
pub(crate) fn follow_guide(write: bool) -> anyhow::Result<()> {
    let mut guide = cargo::cargo();
    guide.args(["run", "--package", "guide", "--locked", "--"]);
    guide.args(write.then_some("--write"));
    succeed(&mut guide)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
