//! reveal-web: the browser side of Secure Secret, which serves the reveal flow and nothing else.
//!
//! The program is all there is for others; what is here besides it is for fuzzing.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]

mod access_log;
mod awaited;
mod brand;
mod burning;
mod client_address;
mod connections;
mod doctor;
mod form;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gate;
mod headers;
mod health;
mod language;
mod loss;
mod metrics;
mod pages;
mod rate_limit;
mod redirect;
mod reuse;
mod routes;
mod server;
mod service;
mod settings;
mod site;

use std::{io, process::ExitCode};

use clap::{Parser, Subcommand};
use shared::{
    domain::program::Program,
    operate::{
        health::ask,
        lifecycle, logging,
        settings::{OfHealth, OfWeb, SettingFlags, SettingsError, check::Config},
    },
};

use crate::settings::Settings;

/// Serves the reveal page of Secure Secret, and nothing else. Without a subcommand it runs until it
/// is stopped
#[derive(Parser)]
#[command(
    name = "secure-secret-web",
    version,
    args_conflicts_with_subcommands = true
)]
struct CommandLine {
    #[command(flatten)]
    flags: SettingFlags<OfWeb>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Asks the program that runs here whether it is ready; exit code 0 if it is, 1 if not
    Health(SettingFlags<OfHealth>),
    /// Shows the settings
    #[command(subcommand)]
    Config(Config<OfWeb>),
    /// Checks database, keys, certificate and refusals; exit code 0 if all is well, 1 if not.
    /// Changes nothing. `secure-secret-bot doctor` checks the public address, from where it runs
    Doctor(SettingFlags<OfWeb>),
}

/// Runs the program: serves until it is told to stop, or does what a subcommand says.
pub async fn main() -> ExitCode {
    let is_usage = |error: &anyhow::Error| error.is::<SettingsError>();
    lifecycle::run(Program::Web, run, is_usage).await
}

async fn run(CommandLine { flags, command }: CommandLine) -> anyhow::Result<()> {
    match command {
        None => serve(&flags).await,
        Some(Command::Health(flags)) => health(&flags).await,
        Some(Command::Config(Config::Check(flags))) => Settings::check(&flags),
        Some(Command::Doctor(flags)) => doctor::run(&flags).await,
    }
}

async fn serve(flags: &SettingFlags<OfWeb>) -> anyhow::Result<()> {
    let (settings, logs) = Settings::read(flags)?;
    logging::init(logs)?;
    server::run(settings).await
}

async fn health(flags: &SettingFlags<OfHealth>) -> anyhow::Result<()> {
    let address = ask::address(Program::Web, flags)?;
    Ok(ask::ask(address, &mut io::stdout().lock()).await?)
}
