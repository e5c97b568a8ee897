//! What `cargo xtask test` provides.

use std::{env, path::PathBuf};

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

pub(crate) fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"))
}
