//! What `cargo xtask test` provides.

use std::{
    env,
    path::{Path, PathBuf},
};

/// A program that was built.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    PathBuf::from(variable("SECURE_SECRET_BIN_DIR")).join(name)
}

/// An administrator's URL of a MySQL server.
#[must_use]
pub fn mysql_url() -> String {
    variable("TEST_MYSQL_URL")
}

/// How a MySQL server is started: its program, then its first arguments.
pub(crate) fn mysqld() -> Vec<String> {
    words("TEST_MYSQLD")
}

/// How MySQL's command-line client is started: its program, then its first arguments.
#[must_use]
pub fn mysql_client() -> Vec<String> {
    words("TEST_MYSQL_CLIENT")
}

/// A program that is not ours, by the name of its variable, e.g. `CADDY`.
#[must_use]
pub fn tool(name: &str) -> PathBuf {
    PathBuf::from(variable(name))
}

/// The folder of the whole project.
#[must_use]
pub fn project() -> PathBuf {
    let e2e = Path::new(env!("CARGO_MANIFEST_DIR"));
    e2e.parent().unwrap().to_owned()
}

/// A command in a variable, one word a line.
pub(crate) fn words(name: &str) -> Vec<String> {
    variable(name).lines().map(str::to_owned).collect()
}

pub(crate) fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"))
}
