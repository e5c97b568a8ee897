//! reveal-web: the browser side of Secure Secret, which serves the reveal flow and nothing else.
//!
//! The program is all there is for others; what is here besides it is for fuzzing.

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

use clap::{ArgMatches, Command};
use shared::{
    domain::program::Program,
    operate::{
        health::ask,
        lifecycle, logging,
        settings::{SettingsError, arguments, check, definitions},
    },
};

use crate::settings::Settings;

/// Runs the program: serves until it is told to stop, or does what a subcommand says.
pub async fn main() -> ExitCode {
    let is_usage = |error: &anyhow::Error| error.is::<SettingsError>();
    lifecycle::run(Program::Web, command_line(), run, is_usage).await
}

async fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    match matches.subcommand() {
        Some(("health", matches)) => health(matches).await,
        Some(("config", matches)) => matches
            .subcommand()
            .map_or(Ok(()), |(_, check)| Settings::check(check)),
        Some(("doctor", matches)) => doctor::run(matches).await,
        _ => serve(matches).await,
    }
}

/// The flags and subcommands.
fn command_line() -> Command {
    Command::new("secure-secret-web")
        .about(
            "Serves the reveal page of Secure Secret, and nothing else. Without a subcommand it runs \
             until it is stopped.",
        )
        .version(env!("CARGO_PKG_VERSION"))
        .args(arguments(&definitions::of(Program::Web)))
        .args_conflicts_with_subcommands(true)
        .subcommand(ask::command_line())
        .subcommand(check::command_line(Program::Web))
        .subcommand(doctor::command_line())
}

async fn serve(matches: &ArgMatches) -> anyhow::Result<()> {
    let (settings, logs) = Settings::read(matches)?;
    logging::init(logs)?;
    server::run(settings).await
}

async fn health(matches: &ArgMatches) -> anyhow::Result<()> {
    let address = ask::address(Program::Web, matches)?;
    Ok(ask::ask(address, &mut io::stdout().lock()).await?)
}
