//! What tests need around them: browsers, proxies, a MySQL server, and so on. What is missing is
//! installed.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use xtask::{debian, mysql};

use crate::{browser, deployment, java, node, python};

/// The library that moves a program's clock.
pub(crate) fn faketime() -> anyhow::Result<PathBuf> {
    let find = || {
        let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        folders
            .map(|folder| folder.path().join("faketime/libfaketime.so.1"))
            .find(|library| library.is_file())
    };
    if find().is_none() {
        debian::install(&["libfaketime"])?;
    }
    find().context(
        "libfaketime is installed, and there is no faketime/libfaketime.so.1 below /usr/lib",
    )
}

/// All of it. The MySQL server stops when this is dropped.
pub(crate) struct Surroundings {
    variables: Vec<(&'static str, OsString)>,
    _server: mysql::Server,
}

impl Surroundings {
    /// Finds or installs everything, and starts the server.
    pub(crate) fn provide() -> anyhow::Result<Self> {
        let browsers = browser::provide()?;
        let python = python::provide()?;
        let node = node::provide()?;
        let java = java::provide()?;
        if debian::on_path("systemd-analyze").is_none() {
            debian::install(&["systemd"])?;
        }
        let faketime = faketime()?;
        let tools = deployment::provide()?;
        let server = mysql::start()?;
        let mut variables: Vec<(&'static str, OsString)> = vec![
            ("TEST_MYSQL_URL", server.url.clone().into()),
            ("TEST_MYSQLD", server.program.clone().into()),
            ("SLACK_BOLT_PYTHON", python.into()),
            ("SLACK_BOLT_NODE", node.node.into()),
            ("AXE", node.modules.join("axe-core/axe.min.js").into()),
            ("JAVA", java.into()),
            ("LIBFAKETIME", faketime.into()),
            (
                "NU_CHECKER",
                node.modules.join("vnu-jar/build/dist/vnu.jar").into(),
            ),
            ("NODE_PATH", node.modules.into()),
            ("CADDY", tools.caddy.into()),
            ("NGINX", tools.nginx.into()),
            ("DOCKER_COMPOSE", tools.compose.into()),
            ("SHELLCHECK", tools.shellcheck.into()),
            ("CHECK_JSONSCHEMA_PYTHON", tools.python.into()),
            ("TEST_MYSQL_CLIENT", mysql::client()?.into()),
        ];
        let browsers = browsers.variables().into_iter();
        variables.extend(browsers.map(|(name, path)| (name, path.into())));
        Ok(Self {
            variables,
            _server: server,
        })
    }

    /// Tells a test program where everything is, and where our own programs were built.
    pub(crate) fn tell(&self, test: &mut Command, binaries: &Path) {
        test.envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("SECURE_SECRET_BIN_DIR", binaries);
    }
}
