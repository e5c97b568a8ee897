//! `cargo xtask test`: everything. What is missing is installed; what can't run makes it fail.

use std::num::NonZeroUsize;

use crate::{
    browser, cargo,
    cargo::{binaries, succeed},
    debian, deployment, guide, java, mysql, node, python,
};

pub(crate) fn run(filter: &[String]) -> anyhow::Result<()> {
    let browsers = browser::provide()?;
    let python = python::provide()?;
    let node = node::provide()?;
    let java = java::provide()?;
    if debian::on_path("systemd-analyze").is_none() {
        debian::install(&["systemd"])?;
    }
    let tools = deployment::provide()?;
    let server = mysql::start()?;
    succeed(cargo::cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    let mut test = cargo::cargo();
    test.args(["test", "--workspace", "--locked"])
        .arg("--")
        // Most of them wait most of the time.
        .arg(format!("--test-threads={}", 2 * processors()))
        .args(filter)
        .env("TEST_MYSQL_URL", &server.url)
        .env("TEST_MYSQLD", &server.program)
        .envs(browsers.variables())
        .env("SLACK_BOLT_PYTHON", python)
        .env("SLACK_BOLT_NODE", node.node)
        .env("AXE", node.modules.join("axe-core/axe.min.js"))
        .env("JAVA", java)
        .env(
            "NU_CHECKER",
            node.modules.join("vnu-jar/build/dist/vnu.jar"),
        )
        .env("NODE_PATH", node.modules)
        .env("CADDY", tools.caddy)
        .env("NGINX", tools.nginx)
        .env("DOCKER_COMPOSE", tools.compose)
        .env("SHELLCHECK", tools.shellcheck)
        .env("CHECK_JSONSCHEMA_PYTHON", tools.python)
        .env("TEST_MYSQL_CLIENT", mysql::client()?)
        .env("SECURE_SECRET_BIN_DIR", binaries("debug"));
    succeed(&mut test)?;
    if filter.is_empty() {
        guide::run(false)?;
    }
    Ok(())
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
