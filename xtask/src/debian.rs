//! Installs Debian packages.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context as _, bail};

use crate::cargo::succeed;

/// Installs what is missing, as root or by `sudo`.
pub(crate) fn install(packages: &[&str]) -> anyhow::Result<()> {
    let list = packages.join(" ");
    if on_path("apt-get").is_none() {
        bail!("please install: {list} (this is no Debian, so it can't be done from here)");
    }
    println!("installing {list}");
    succeed(&mut apt_get(&["update", "--quiet=2"]))?;
    let mut install = vec!["install", "--yes", "--quiet=2", "--no-install-recommends"];
    install.extend(packages);
    succeed(&mut apt_get(&install))
        .with_context(|| format!("please install by hand: apt-get install {list}"))
}

/// The program's path, if it is there.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Whether this runs as root.
pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = if is_root() {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["--non-interactive", "apt-get"]);
        sudo
    };
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The mirror that the machine's own sources name, or Debian's.
pub(crate) fn mirror() -> String {
    named_mirror().unwrap_or_else(|| "http://deb.debian.org/debian".to_owned())
}

fn named_mirror() -> Option<String> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(parts) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(parts.flatten().map(|part| part.path()));
    }
    let text: String = files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .collect();
    text.lines()
        .filter(|line| line.starts_with("deb ") || line.starts_with("URIs:"))
        .flat_map(str::split_whitespace)
        .find(|word| word.contains("://") && word.trim_end_matches('/').ends_with("/debian"))
        .map(str::to_owned)
}
