//! A real browser for the tests.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::debian;

/// Chromium and its driver.
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

/// Finds Chromium and ChromeDriver, or installs them.
pub(crate) fn provide() -> anyhow::Result<Browser> {
    if let Some(browser) = find() {
        return Ok(browser);
    }
    debian::install(&["chromium", "chromium-driver"])?;
    find().context("chromium and chromedriver are still not on the PATH: please install both")
}

fn find() -> Option<Browser> {
    Some(Browser {
        chromium: debian::on_path("chromium")?,
        driver: debian::on_path("chromedriver")?,
    })
}
