//! `cargo xtask races`: secrets taken back while they are delivered, opened and swept.

use xtask::{
    cargo,
    cargo::{binaries, succeed},
    mysql,
};

pub(crate) fn run() -> anyhow::Result<()> {
    let server = mysql::start()?;
    succeed(cargo::cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    let bin = binaries("debug");
    let mut races = std::process::Command::new(bin.join("races"));
    races
        .env("TEST_MYSQL_URL", &server.url)
        .env("SECURE_SECRET_BIN_DIR", &bin);
    succeed(&mut races)
}
