//! `cargo xtask test`: everything. What is missing is installed; what can't run makes it fail.

use std::num::NonZeroUsize;

use crate::{
    cargo,
    cargo::{binaries, succeed},
    guide,
    surroundings::Surroundings,
};

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
        guide::run(false)?;
    }
    Ok(())
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
