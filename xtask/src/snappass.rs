//! What the benchmark compares with: snappass with gunicorn, and Redis.

use std::process::Command;

use xtask::{processes, unstable};

use crate::python;

/// Pinned: another version has other figures. Python 3.12 and later have no `distutils` but this.
const PACKAGES: [&str; 3] = ["snappass==1.6.2", "gunicorn==27.0.1", "setuptools>=70,<81"];

/// Has it there, and tells the benchmark where.
pub(crate) fn tell(bench: &mut Command) -> anyhow::Result<()> {
    let python = python::environment("snappass-1.6.2", &PACKAGES)?;
    let root = unstable::provide_whole("redis", "20 MB", &["redis-server"])?;
    let redis = unstable::command(&root, "usr/bin/redis-server");
    bench
        .env("SNAPPASS_PYTHON", python)
        .env("REDIS_SERVER", processes::words(&redis));
    Ok(())
}
