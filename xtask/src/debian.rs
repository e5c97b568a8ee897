//! Installs Debian packages.

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};

/// How long a package manager that somebody else uses is waited for.
const PATIENCE: Duration = Duration::from_mins(10);

/// What `apt-get` says when somebody else holds one of its locks.
const LOCKED: &str = "Could not get lock";

/// Installs what is missing, as root or by `sudo`.
pub fn install(packages: &[&str]) -> anyhow::Result<()> {
    let list = packages.join(" ");
    if on_path("apt-get").is_none() {
        bail!("please install: {list} (this is no Debian, so it can't be done from here)");
    }
    println!("installing {list}");
    apt_get(&["update", "--quiet=2"])?;
    let mut install = vec!["install", "--yes", "--quiet=2", "--no-install-recommends"];
    install.extend(packages);
    apt_get(&install).with_context(|| format!("please install by hand: apt-get install {list}"))
}

/// The program's path, if it is there.
#[must_use]
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Whether this runs as root.
#[must_use]
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    apt_get_once_free(arguments, || {
        println!("another package manager is at work: waiting for it");
    })
}

/// Runs `apt-get` once nobody else does; says once that it waits. Its own option waits for the lock
/// of dpkg alone.
fn apt_get_once_free(arguments: &[&str], say: impl FnOnce()) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut say = Some(say);
    loop {
        let output = apt_get_command(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .and_then(std::process::Child::wait_with_output)
            .context("apt-get can't be started")?;
        if output.status.success() {
            return Ok(());
        }
        let is_locked = String::from_utf8_lossy(&output.stderr).contains(LOCKED);
        if !is_locked || begun.elapsed() > PATIENCE {
            io::stderr().write_all(&output.stderr)?;
        }
        ensure!(is_locked, "apt-get failed ({})", output.status);
        ensure!(
            begun.elapsed() < PATIENCE,
            "apt-get waited {} minutes for another package manager",
            PATIENCE.as_secs() / 60
        );
        if let Some(say) = say.take() {
            say();
        }
        thread::sleep(Duration::from_secs(1));
    }
}

fn apt_get_command(arguments: &[&str]) -> Command {
    // Its messages are looked at, so they must be in English; and `sudo` passes nothing on.
    let environment = ["env", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive"];
    let with_sudo = (!is_root()).then_some(["sudo", "--non-interactive"]);
    let mut words = with_sudo.iter().flatten().chain(&environment);
    let mut command = Command::new(words.next().unwrap_or(&"env"));
    command.args(words).arg("apt-get").args(arguments);
    command
}

/// The mirror that the machine's own sources name, or Debian's.
#[must_use]
pub fn mirror() -> String {
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

#[cfg(test)]
mod tests {
    use rustix::fs::{FlockOperation, fcntl_lock};

    use super::*;

    #[test]
    fn a_package_manager_at_work_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let lists = folder.path().display().to_string();
        let lock = fs::File::create(folder.path().join("lock")).unwrap();
        fcntl_lock(&lock, FlockOperation::LockExclusive).unwrap();
        let lists = format!("Dir::State::Lists={lists}");
        let (waits, waiting) = std::sync::mpsc::channel();
        let update = thread::spawn(move || {
            let nowhere =
                ["SourceList", "SourceParts"].map(|part| format!("Dir::Etc::{part}=/dev/null"));
            let update = ["-o", &lists, "-o", &nowhere[0], "-o", &nowhere[1], "update"];
            apt_get_once_free(&update, || waits.send(()).unwrap())
        });
        waiting.recv().unwrap();
        drop(lock);
        update.join().unwrap().unwrap();
    }
}
