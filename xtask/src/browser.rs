//! Real browsers for the tests.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};

use xtask::{cache, cargo, cargo::succeed, debian};

/// Pinned: another driver presses keys in another way.
const GECKODRIVER: &str = "0.37.1";

/// A browser and its driver.
pub(crate) struct Browser {
    pub(crate) program: PathBuf,
    pub(crate) driver: PathBuf,
}

/// Both engines.
pub(crate) struct Browsers {
    pub(crate) chromium: Browser,
    pub(crate) firefox: Browser,
}

impl Browsers {
    /// The variables by which tests find them.
    pub(crate) fn variables(&self) -> [(&'static str, &PathBuf); 4] {
        [
            ("CHROMIUM", &self.chromium.program),
            ("CHROMEDRIVER", &self.chromium.driver),
            ("FIREFOX", &self.firefox.program),
            ("GECKODRIVER", &self.firefox.driver),
        ]
    }
}

/// Finds the browsers and their drivers, or installs them.
pub(crate) fn provide() -> anyhow::Result<Browsers> {
    let missing: Vec<_> = [
        (
            chromium().is_none(),
            ["chromium", "chromium-driver"].as_slice(),
        ),
        (firefox().is_none(), ["firefox-esr"].as_slice()),
    ]
    .into_iter()
    .filter_map(|(is_missing, packages)| is_missing.then_some(packages))
    .flatten()
    .copied()
    .collect();
    if !missing.is_empty() {
        debian::install(&missing)?;
    }
    let chromium = chromium()
        .context("chromium and chromedriver are still not on the PATH: please install both")?;
    let program = firefox()
        .context("neither firefox-esr nor firefox is on the PATH: please install one of them")?;
    let driver = geckodriver()?;
    Ok(Browsers {
        chromium,
        firefox: Browser { program, driver },
    })
}

fn chromium() -> Option<Browser> {
    Some(Browser {
        program: debian::on_path("chromium")?,
        driver: debian::on_path("chromedriver")?,
    })
}

fn firefox() -> Option<PathBuf> {
    debian::on_path("firefox-esr").or_else(|| debian::on_path("firefox"))
}

/// Firefox's driver, which Debian's stable suite does not have: a crate, compiled once and kept in
/// the cache.
fn geckodriver() -> anyhow::Result<PathBuf> {
    let root = cache::folder()?.join(format!("geckodriver-{GECKODRIVER}"));
    // Cargo puts it there when it is complete.
    let driver = root.join("bin/geckodriver");
    if driver.exists() {
        return Ok(driver);
    }
    println!("compiling geckodriver in {}", root.display());
    let mut install = cargo::cargo();
    install
        .args(["install", "geckodriver", "--version", GECKODRIVER])
        .args(["--locked", "--quiet", "--root"])
        .arg(&root);
    succeed(&mut install).with_context(|| {
        format!("please install by hand: cargo install geckodriver --version {GECKODRIVER} --locked --root {}", root.display())
    })?;
    ensure!(
        driver.exists(),
        "cargo install left no {}",
        driver.display()
    );
    Ok(driver)
}
