//! `cargo xtask presses`: the button, pressed twice in every way.

use xtask::{
    cargo,
    cargo::{binaries, succeed},
};

use crate::browser;

pub(crate) fn run(browsers: u64) -> anyhow::Result<()> {
    let provided = browser::provide()?;
    succeed(cargo::cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    let bin = binaries("debug");
    let mut presses = std::process::Command::new(bin.join("presses"));
    presses
        .args(["all", &browsers.to_string()])
        .envs(provided.variables())
        .env("SECURE_SECRET_BIN_DIR", &bin);
    succeed(&mut presses)
}
