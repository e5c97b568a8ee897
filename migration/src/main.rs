//! `secure-secret-migrate`: creates and changes the tables.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]

mod command;

use std::process::ExitCode;

use shared::{
    domain::program::Program,
    operate::{lifecycle, settings::SettingsError},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let is_usage = |error: &anyhow::Error| error.is::<SettingsError>();
    lifecycle::run(Program::Migrate, command::run, is_usage).await
}
