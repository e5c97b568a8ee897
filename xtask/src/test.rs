//! `cargo xtask test`: everything. What is missing is installed; what can't run makes it fail.

use crate::{
    browser, cargo,
    cargo::{binaries, succeed},
    mysql, python,
};

pub(crate) fn run(filter: &[String]) -> anyhow::Result<()> {
    let browser = browser::provide()?;
    let python = python::provide()?;
    let server = mysql::start()?;
    succeed(cargo::cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    let mut test = cargo::cargo();
    test.args(["test", "--workspace", "--locked"])
        .arg("--")
        .args(filter)
        .env("TEST_MYSQL_URL", &server.url)
        .env("CHROMIUM", browser.chromium)
        .env("CHROMEDRIVER", browser.driver)
        .env("SLACK_BOLT_PYTHON", python)
        .env("SECURE_SECRET_BIN_DIR", binaries("debug"));
    succeed(&mut test)
}
