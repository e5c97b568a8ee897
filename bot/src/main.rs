//! `secure-secret-bot`: the Slack side. Without a subcommand it runs the worker; the operator's
//! commands are its subcommands.

mod alarm;
mod audit_cli;
mod census;
mod command_text;
mod context;
mod courier;
mod doctor;
mod egress;
mod envelope;
mod handlers;
mod health;
mod lenient;
mod manifest;
mod metrics;
mod modal;
mod outage;
mod rehearse;
mod settings;
mod slack;
mod socket;
mod specimens;
mod sweeper;
mod worker;

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

#[tokio::main]
async fn main() -> ExitCode {
    let is_usage = |error: &anyhow::Error| error.is::<SettingsError>();
    lifecycle::run(Program::Bot, command_line(), run, is_usage).await
}

async fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    match matches.subcommand() {
        Some(("audit", matches)) => audit_cli::run(matches).await,
        Some(("health", matches)) => health(matches).await,
        Some(("config", matches)) => matches
            .subcommand()
            .map_or(Ok(()), |(_, check)| Settings::check(check)),
        Some(("doctor", matches)) => doctor::run(matches).await,
        Some(("rehearse", matches)) => rehearse::run(matches).await,
        Some(("manifest", matches)) => manifest::run(matches),
        _ => run_worker(matches).await,
    }
}

async fn health(matches: &ArgMatches) -> anyhow::Result<()> {
    let address = ask::address(Program::Bot, matches)?;
    Ok(ask::ask(address, &mut io::stdout().lock()).await?)
}

/// The flags and subcommands.
fn command_line() -> Command {
    Command::new("secure-secret-bot")
        .about("The Slack side of Secure Secret. Without a subcommand it runs until it is stopped.")
        .version(env!("CARGO_PKG_VERSION"))
        .args(arguments(&definitions::of(Program::Bot)))
        .args_conflicts_with_subcommands(true)
        .subcommand(audit_cli::command_line())
        .subcommand(ask::command_line())
        .subcommand(check::command_line(Program::Bot))
        .subcommand(doctor::command_line())
        .subcommand(manifest::command_line())
        .subcommand(rehearse::command_line())
}

async fn run_worker(matches: &ArgMatches) -> anyhow::Result<()> {
    let (settings, logs) = Settings::read(matches)?;
    logging::init(logs)?;
    worker::run(settings).await
}
