//! `cargo xtask generate`: writes what documents take from the code.

use xtask::{cargo, cargo::succeed};

/// The tests that hold the documents against the code write them instead.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut test = cargo::cargo();
    test.args(["test", "--package", "e2e", "--test", "docs", "--locked"])
        .args(["--", "configuration::", "trail::"])
        .env("WRITE_DOCUMENTS", "1");
    succeed(&mut test)
}
