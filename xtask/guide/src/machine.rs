//! A machine of one run: systemd boots on a fresh root, and everything it writes stays in memory.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};

use crate::shell::Shell;
use xtask::{
    cargo::succeed,
    processes::{self, Process},
};

const BOOT_PATIENCE: Duration = Duration::from_mins(1);

/// The machine's address and its database server's, of a network for documentation (RFC 5737).
pub(crate) const ADDRESS: &str = "192.0.2.10";
pub(crate) const DATABASE_ADDRESS: &str = "192.0.2.20";

/// A running machine; shut down when dropped.
pub(crate) struct Machine {
    leader: u32,
    _process: Process,
}

impl Machine {
    /// Boots on a root folder, which stays as it is; `clone` is shown as `/root/secure-secret`.
    pub(crate) fn boot(root: &Path, clone: &Path, log: &Path) -> anyhow::Result<Self> {
        let mut process = Process::start("systemd-nspawn", &mut nspawn(root, clone, log)?)?;
        let mut leader = None;
        processes::wait_for("the machine did not boot", BOOT_PATIENCE, || {
            if let Some(status) = process.ended() {
                bail!("systemd-nspawn ended ({status})");
            }
            leader = child_of(process.child().id());
            Ok(leader.is_some_and(is_up))
        })
        .with_context(|| fs::read_to_string(log).unwrap_or_default())?;
        let machine = Self {
            leader: leader.context("the machine has no first process")?,
            _process: process,
        };
        machine.name_addresses()?;
        Ok(machine)
    }

    /// The machine's first process, as this machine counts.
    pub(crate) const fn leader(&self) -> u32 {
        self.leader
    }

    /// Puts a file there.
    pub(crate) fn write(&self, path: &str, content: &str) -> anyhow::Result<()> {
        let path = self.path(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, content).with_context(|| path.display().to_string())
    }

    /// A shell as root has it after logging in.
    pub(crate) fn shell(&self) -> anyhow::Result<Shell> {
        // Not asked to end but killed: it stops when the machine stops its shell, and would be
        // waited for.
        let mut command = processes::bound_by("KILL", "nsenter");
        command.arg(format!("--target={}", self.leader)).args([
            "--all",
            "--",
            "env",
            "--ignore-environment",
            "HOME=/root",
            "USER=root",
            "LANG=C.UTF-8",
            "DEBIAN_FRONTEND=noninteractive",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "bash",
            "--noprofile",
            "--norc",
            "-e",
        ]);
        Shell::start(&mut command)
    }

    fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.leader))
    }

    /// The machine has a network of its own, with nobody in it but itself and its database server.
    fn name_addresses(&self) -> anyhow::Result<()> {
        let hosts = format!(
            "127.0.0.1 localhost\n{ADDRESS} secrets.example.org secrets\n{DATABASE_ADDRESS} db.example.org\n"
        );
        self.write("/etc/hosts", &hosts)?;
        let (own, database) = (format!("{ADDRESS}/32"), format!("{DATABASE_ADDRESS}/32"));
        self.ip(&["address", "add", &own, "dev", "lo"])?;
        self.ip(&["address", "add", &database, "dev", "lo"])?;
        // So that the database server sees the machine's address, and not its own.
        self.ip(&[
            "route", "replace", "local", &database, "dev", "lo", "src", ADDRESS, "table", "local",
        ])
    }

    fn ip(&self, arguments: &[&str]) -> anyhow::Result<()> {
        succeed(
            Command::new("nsenter")
                .arg(format!("--target={}", self.leader))
                .args(["--net", "--", "ip"])
                .args(arguments),
        )
    }
}

fn nspawn(root: &Path, clone: &Path, log: &Path) -> anyhow::Result<Command> {
    let log = fs::File::create(log)?;
    let mut command = processes::bound_by("TERM", "systemd-nspawn");
    command
        .arg(format!("--directory={}", root.display()))
        .arg(format!("--machine=secure-secret-guide-{}", process::id()))
        .arg(format!("--bind-ro={}:/root/secure-secret", clone.display()))
        .args([
            "--boot",
            "--read-only",
            "--volatile=overlay",
            "--private-network",
            "--resolv-conf=off",
            "--timezone=off",
            "--register=no",
            "--keep-unit",
            "--console=pipe",
        ])
        .env("SYSTEMD_NSPAWN_TMPFS_TMP", "1")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    Ok(command)
}

/// The only child of a process, once there is one.
fn child_of(process: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// Whether systemd has started everything.
fn is_up(leader: u32) -> bool {
    let asked = Command::new("nsenter")
        .arg(format!("--target={leader}"))
        .args(["--all", "--", "systemctl", "is-system-running"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    asked.is_ok_and(|answer| answer.stdout.trim_ascii() == b"running")
}

/// What can only be done where processes can be given a world of their own.
pub(crate) fn check() -> anyhow::Result<()> {
    let made = Command::new("unshare")
        .args(["--mount", "--pid", "--net", "--fork", "true"])
        .output()
        .context("unshare can't be started")?;
    ensure!(
        made.status.success(),
        "no machine can be booted here, as namespaces can't be made (in a container: run it with \
         --privileged): {}",
        String::from_utf8_lossy(&made.stderr)
    );
    Ok(())
}
