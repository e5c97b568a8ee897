//! `cargo xtask cluster`: a group of MySQL servers in trouble.

use xtask::{
    cargo,
    cargo::{binaries, succeed},
    mysql,
};

pub(crate) fn run(mode: &str, secrets: usize, only: &str) -> anyhow::Result<()> {
    succeed(cargo::cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    let bin = binaries("debug");
    let mut cluster = std::process::Command::new(bin.join("cluster"));
    cluster
        .args([mode, &secrets.to_string(), only])
        .env("TEST_MYSQLD", mysql::program()?)
        .env("SECURE_SECRET_BIN_DIR", &bin);
    succeed(&mut cluster)
}
