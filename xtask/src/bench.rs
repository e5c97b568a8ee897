//! `cargo xtask bench`: a release build on a real MySQL.

use xtask::{
    cargo,
    cargo::{binaries, succeed},
    mysql,
};

pub(crate) fn run() -> anyhow::Result<()> {
    succeed(cargo::cargo().args(["build", "--workspace", "--bins", "--release", "--locked"]))?;
    let server = mysql::start()?;
    let bin = binaries("release");
    let mut bench = std::process::Command::new(bin.join("bench"));
    bench
        .env("TEST_MYSQL_URL", &server.url)
        .env("SECURE_SECRET_BIN_DIR", &bin);
    succeed(&mut bench)
}
