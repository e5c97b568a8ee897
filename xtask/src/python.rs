//! Slack's own client, for proving that the simulator is like Slack.

use std::{fs, path::PathBuf, process::Command};

use xtask::{cache, cargo::succeed, debian};

/// Pinned: another version is another witness.
const PACKAGES: [&str; 3] = [
    "slack_bolt==1.30.0",
    "slack_sdk==3.47.0",
    "aiohttp>=3.10,<4",
];

/// A Python with Slack Bolt.
pub(crate) fn provide() -> anyhow::Result<PathBuf> {
    environment("slack-bolt-1.30.0", &PACKAGES)
}

/// A Python with these packages, made once and kept in the cache under a name.
pub(crate) fn environment(name: &str, packages: &[&str]) -> anyhow::Result<PathBuf> {
    let venv = cache::folder()?.join(name);
    let python = venv.join("bin/python");
    if venv.join("complete").exists() {
        return Ok(python);
    }
    println!("making a Python environment in {}", venv.display());
    if venv.exists() {
        fs::remove_dir_all(&venv)?;
    }
    if !makes_venv(&venv) {
        debian::install(&["python3", "python3-venv"])?;
        succeed(
            Command::new("/usr/bin/python3")
                .args(["-m", "venv"])
                .arg(&venv),
        )?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet"]).args(packages);
    succeed(&mut pip)?;
    fs::write(venv.join("complete"), "")?;
    Ok(python)
}

fn makes_venv(venv: &PathBuf) -> bool {
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(venv)
        .output();
    made.is_ok_and(|output| output.status.success())
}
