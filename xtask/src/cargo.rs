//! Builds, and where they end up.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

/// Variables that are about this program.
const OWN: [&str; 5] = [
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_",
];

/// The workspace's folder.
#[must_use]
pub fn workspace() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// `cargo` in the workspace's folder.
///
/// What `cargo run` tells this program about itself is not passed on: build scripts that look at it
/// would build again, and everything after them.
#[must_use]
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace());
    for (name, _) in env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| OWN.iter().any(|own| name.starts_with(own)))
        {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Where the binaries of a profile are.
pub fn binaries(profile: &str) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| PathBuf::from("target"));
    workspace().join(target).join(profile)
}

/// Runs a command and wants it to succeed.
pub fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("{name} can't be started: is it installed?"))?;
    ensure!(status.success(), "{name} failed ({status})");
    Ok(())
}
