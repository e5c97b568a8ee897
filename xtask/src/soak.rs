//! `cargo xtask soak`: random faults under load.

use xtask::{
    cargo,
    cargo::{binaries, succeed},
    mysql,
};

use crate::surroundings::faketime;

pub(crate) fn run(engine: &str, seed: u64, minutes: u64) -> anyhow::Result<()> {
    succeed(cargo::cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    let bin = binaries("debug");
    let mut soak = std::process::Command::new(bin.join("soak"));
    soak.args([engine, &seed.to_string(), &minutes.to_string()])
        .env("TEST_MYSQLD", mysql::program()?)
        .env("LIBFAKETIME", faketime()?)
        .env("SECURE_SECRET_BIN_DIR", &bin);
    succeed(&mut soak)
}
