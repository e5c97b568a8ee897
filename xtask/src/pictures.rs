//! `cargo xtask pictures`: the README's pictures, of the real programs.

use std::{path::Path, process::Command};

use xtask::{
    cargo,
    cargo::{binaries, succeed},
    debian,
};

use crate::browser;

/// Without it browsers draw empty boxes for emoji.
const EMOJI: (&str, &str) = (
    "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
    "fonts-noto-color-emoji",
);

pub(crate) fn run() -> anyhow::Result<()> {
    let browsers = browser::provide()?;
    let (font, package) = EMOJI;
    if !Path::new(font).exists() {
        debian::install(&[package])?;
    }
    succeed(cargo::cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    let bin = binaries("debug");
    let mut pictures = Command::new(bin.join("pictures"));
    pictures
        .envs(browsers.variables())
        .env("SECURE_SECRET_BIN_DIR", &bin)
        // The zone of the simulated people: the stamps are the browser's to write.
        .env("TZ", "America/Toronto");
    succeed(&mut pictures)
}
