//! A fresh Debian, with the packages that the guide installs beside it: made once and kept in the
//! cache.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};

use xtask::{cache, cargo::succeed, debian};

/// What a small server has that debootstrap's smallest set has not.
const BASE: &str = "systemd,systemd-sysv,dbus,ca-certificates";

/// Provides the root folder; nobody writes to it.
pub(crate) fn provide(packages: &[String]) -> anyhow::Result<PathBuf> {
    let suite = suite(&fs::read_to_string("/etc/os-release")?);
    let kept = cache::folder()?.join("guide");
    let root = kept.join("root");
    let mark = kept.join("complete");
    let wanted = format!("{suite} {BASE} {}\n", packages.join(" "));
    if fs::read_to_string(&mark).is_ok_and(|made| made == wanted) {
        return Ok(root);
    }
    println!(
        "making a fresh Debian {suite} in {} (once, about a minute)",
        root.display()
    );
    let work = tempfile::Builder::new()
        .prefix("guide-")
        .tempdir_in(cache::folder()?)?;
    let fresh = work.path().join("root");
    debootstrap(&suite, &fresh)?;
    add_packages(&fresh, packages)?;
    fs::write(fresh.join("etc/hostname"), "secrets\n")?;
    if kept.exists() {
        fs::remove_dir_all(&kept)?;
    }
    fs::create_dir_all(&kept)?;
    fs::rename(&fresh, &root)?;
    fs::write(&mark, wanted)?;
    Ok(root)
}

fn debootstrap(suite: &str, root: &Path) -> anyhow::Result<()> {
    let output = Command::new("debootstrap")
        .args(["--variant=minbase", &format!("--include={BASE}"), suite])
        .arg(root)
        .arg(debian::mirror())
        .stdin(Stdio::null())
        .output()
        .context("debootstrap can't be started")?;
    ensure!(
        output.status.success(),
        "debootstrap failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Puts the packages into a repository on the root's own disk, for a machine that has no network.
fn add_packages(root: &Path, packages: &[String]) -> anyhow::Result<()> {
    apt_get(root, &["update", "--quiet=2"], &[])?;
    let download = ["install", "--download-only", "--yes", "--quiet=2"];
    apt_get(root, &download, packages)?;
    let repository = root.join("srv/packages");
    fs::create_dir_all(&repository)?;
    for archive in fs::read_dir(root.join("var/cache/apt/archives"))? {
        let archive = archive?;
        if archive.path().extension().is_some_and(|end| end == "deb") {
            fs::rename(archive.path(), repository.join(archive.file_name()))?;
        }
    }
    let index = fs::File::create(repository.join("Packages"))?;
    succeed(
        Command::new("dpkg-scanpackages")
            .args(["--multiversion", "."])
            .current_dir(&repository)
            .stdout(index)
            .stderr(Stdio::null()),
    )?;
    let source = "deb [trusted=yes] file:/srv/packages ./\n";
    fs::write(root.join("etc/apt/sources.list"), source)?;
    fs::remove_dir_all(root.join("var/lib/apt/lists"))?;
    fs::remove_file(root.join("etc/resolv.conf")).ok();
    Ok(())
}

fn apt_get(root: &Path, arguments: &[&str], packages: &[String]) -> anyhow::Result<()> {
    succeed(
        Command::new("chroot")
            .arg(root)
            .arg("apt-get")
            .args(arguments)
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::null()),
    )
}

/// The suite of this machine, since the programs are built here; Debian 12 where that is no Debian.
fn suite(os_release: &str) -> String {
    let value = |name: &str| {
        let line = os_release.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    let is_debian = value("ID=").is_some_and(|id| id == "debian");
    let codename = value("VERSION_CODENAME=").filter(|_| is_debian);
    codename.unwrap_or_else(|| "bookworm".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suite_is_this_machines_if_it_is_a_debian() {
        assert_eq!(suite("ID=debian\nVERSION_CODENAME=trixie\n"), "trixie");
        assert_eq!(suite("ID=ubuntu\nVERSION_CODENAME=noble\n"), "bookworm");
        assert_eq!(suite("ID=debian\n"), "bookworm");
    }
}
