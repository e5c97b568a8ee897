//! Downloads that outlive a build.

use std::{env, fs, path::PathBuf};

use anyhow::Context as _;

/// The folder in which they are kept.
pub fn folder() -> anyhow::Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME is set")?;
    let cache = base.join("secure-secret");
    fs::create_dir_all(&cache)?;
    Ok(cache)
}
