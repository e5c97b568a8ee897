//! Packages of Debian's unstable suite, where its stable one has none or older ones: unpacked into
//! a folder of the cache and run from there. Nothing of the machine's own changes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::ensure;

use crate::{cache, cargo::succeed, debian};

/// Packages without what they depend on; `size` is about how much is fetched. The folder where they
/// are.
pub fn provide(
    name: &str,
    size: &str,
    packages: &'static [&'static str],
) -> anyhow::Result<PathBuf> {
    let packages = packages.iter().map(|&package| package.to_owned()).collect();
    unpack(name, size, |_| Ok(packages))
}

/// The same with what they depend on, but for what is on every Debian.
pub fn provide_whole(name: &str, size: &str, packages: &[&str]) -> anyhow::Result<PathBuf> {
    unpack(name, size, |apt| apt.with_dependencies(packages))
}

fn unpack(
    name: &str,
    size: &str,
    packages: impl FnOnce(&Apt) -> anyhow::Result<Vec<String>>,
) -> anyhow::Result<PathBuf> {
    let root = cache::folder()?.join(name);
    if root.join("complete").exists() {
        return Ok(root);
    }
    ensure!(debian::on_path("apt-get").is_some(), "this is no Debian");
    println!(
        "fetching {name} from Debian (once, about {size}) into {}",
        root.display()
    );
    let work = tempfile::Builder::new()
        .prefix(&format!("{name}-"))
        .tempdir_in(cache::folder()?)?;
    let apt = Apt::new(work.path())?;
    apt.run("apt-get", &["update", "--quiet=2"])?;
    let packages = packages(&apt)?;
    let downloads = work.path().join("downloads");
    fs::create_dir_all(&downloads)?;
    let mut download = apt.command("apt-get");
    download
        .current_dir(&downloads)
        .args(["download", "--quiet=2"])
        .args(&packages);
    succeed(&mut download)?;
    let unpacked = work.path().join("root");
    for package in fs::read_dir(&downloads)? {
        succeed(
            Command::new("dpkg")
                .arg("-x")
                .arg(package?.path())
                .arg(&unpacked),
        )?;
    }
    fs::write(unpacked.join("complete"), "")?;
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    fs::rename(&unpacked, &root)?;
    Ok(root)
}

/// Debian's package manager with a state of its own, looking at the `sid` suite of the mirror that
/// the machine uses.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn new(work: &Path) -> anyhow::Result<Self> {
        let (sources, lists, cache) = (
            work.join("sources.list"),
            work.join("lists"),
            work.join("cache"),
        );
        fs::create_dir_all(lists.join("partial"))?;
        fs::create_dir_all(cache.join("archives/partial"))?;
        let mirror = debian::mirror();
        let line = format!(
            "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} sid main\n"
        );
        fs::write(&sources, line)?;
        let options = [
            ("Dir::Etc::sourcelist", sources.as_path()),
            ("Dir::Etc::sourceparts", Path::new("/dev/null")),
            ("Dir::State::Lists", &lists),
            ("Dir::Cache", &cache),
        ];
        let options = options.map(|(name, path)| format!("-o{name}={}", path.display()));
        let mut options = options.to_vec();
        options.push("-oAPT::Sandbox::User=root".to_owned());
        Ok(Self { options })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(&self.options);
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> anyhow::Result<()> {
        succeed(self.command(program).args(arguments))
    }

    /// Packages and what they need that is not on every Debian.
    fn with_dependencies(&self, packages: &[&str]) -> anyhow::Result<Vec<String>> {
        let mut depends = self.command("apt-cache");
        depends.args(["depends", "--recurse"]);
        for kind in [
            "recommends",
            "suggests",
            "conflicts",
            "breaks",
            "replaces",
            "enhances",
        ] {
            depends.arg(format!("--no-{kind}"));
        }
        let output = depends.args(packages).output()?;
        ensure!(output.status.success(), "apt-cache depends failed");
        let all: Vec<_> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric()))
            .filter(|name| !is_everywhere(name))
            .map(str::to_owned)
            .collect();
        ensure!(
            !all.is_empty(),
            "Debian's mirror has no {}",
            packages.join(", ")
        );
        Ok(all)
    }
}

fn is_everywhere(package: &str) -> bool {
    let prefixes = [
        "perl", "debconf", "dpkg", "tar", "gcc-", "libdb", "libperl", "cdebconf",
    ];
    prefixes.iter().any(|prefix| package.starts_with(prefix))
}

/// A program of unpacked packages. They bring their own C library, so it is run by their own
/// loader.
#[must_use]
pub fn command(root: &Path, program: &str) -> Command {
    let path = |path: &str| root.join(path).display().to_string();
    let mut command = Command::new(root.join("usr/lib64/ld-linux-x86-64.so.2"));
    command
        .arg("--library-path")
        .arg(format!(
            "{}:{}",
            path("usr/lib/x86_64-linux-gnu"),
            path("usr/lib/mysql/private")
        ))
        .arg(root.join(program));
    command
}
