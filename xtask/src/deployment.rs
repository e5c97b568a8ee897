//! What the files in `deploy` and `compose.yaml` are for: the proxies in front of reveal-web,
//! Docker Compose, and those who check such files.

use std::path::PathBuf;

use anyhow::Context as _;

use xtask::unstable;

use xtask::debian;

use crate::python;

/// Pinned: it brings the schemas with it.
const PACKAGES: [&str; 1] = ["check-jsonschema==0.39.0"];

/// Programs of an operator.
pub(crate) struct Tools {
    pub(crate) caddy: PathBuf,
    pub(crate) nginx: PathBuf,
    /// Docker's plugin, which is a program of its own.
    pub(crate) compose: PathBuf,
    pub(crate) shellcheck: PathBuf,
    /// A Python with check-jsonschema, which brings a YAML parser too.
    pub(crate) python: PathBuf,
}

/// Finds them, or installs them.
pub(crate) fn provide() -> anyhow::Result<Tools> {
    let missing: Vec<_> = [("nginx", "nginx-light"), ("shellcheck", "shellcheck")]
        .into_iter()
        .filter(|(program, _)| find(program).is_none())
        .map(|(_, package)| package)
        .collect();
    if !missing.is_empty() {
        debian::install(&missing)?;
    }
    // The newest ones: Caddy as in compose.yaml, and a Compose that Debian's stable suite does not
    // have.
    let newest = unstable::provide("caddy-and-compose", "30 MB", &["caddy", "docker-compose"])
        .context("caddy and docker-compose, as Debian's unstable suite has them, are needed")?;
    Ok(Tools {
        caddy: newest.join("usr/bin/caddy"),
        nginx: find("nginx").context("nginx is still not there: please install it")?,
        compose: newest.join("usr/libexec/docker/cli-plugins/docker-compose"),
        shellcheck: find("shellcheck")
            .context("shellcheck is still not there: please install it")?,
        python: python::environment("check-jsonschema-0.39.0", &PACKAGES)?,
    })
}

/// On the PATH, or where Debian has servers, which is on root's PATH alone.
fn find(program: &str) -> Option<PathBuf> {
    debian::on_path(program).or_else(|| {
        let server = PathBuf::from("/usr/sbin").join(program);
        server.is_file().then_some(server)
    })
}
