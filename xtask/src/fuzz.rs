//! `cargo xtask fuzz`: what strangers can send, made up by the million.

use anyhow::Context as _;

use xtask::{cargo, cargo::succeed, debian};

/// The targets in `fuzz/`.
const TARGETS: [&str; 4] = ["token", "forwarded", "form", "language"];

/// Runs each target for so many minutes. A finding fails, and is kept in `fuzz/artifacts`.
pub(crate) fn run(minutes: u64) -> anyhow::Result<()> {
    if debian::on_path("cargo-fuzz").is_none() {
        println!("installing cargo-fuzz");
        succeed(cargo::cargo().args(["install", "cargo-fuzz", "--locked"]))?;
    }
    for target in TARGETS {
        let mut fuzz = cargo::cargo();
        // The sanitizers want a nightly compiler; counting coverage does not. There is no unsafe
        // code here for them to find fault with.
        fuzz.args(["fuzz", "run", "--sanitizer", "none", target, "--"])
            .arg(format!("-max_total_time={}", minutes * 60));
        succeed(&mut fuzz).with_context(|| format!("the target {target}"))?;
    }
    Ok(())
}
