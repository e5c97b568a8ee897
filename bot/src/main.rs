//! `secure-secret-bot`: the Slack side. Without a subcommand it runs the worker; the operator's
//! commands are its subcommands.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]

mod alarm;
mod alerts;
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
mod link;
mod manifest;
mod metrics;
mod modal;
mod outage;
mod precedence;
mod press_answer;
mod rehearse;
mod settings;
mod share_button;
mod slack;
mod socket;
mod specimens;
mod sweeper;
mod worker;

use std::{io, process::ExitCode};

use clap::{Parser, Subcommand};
use shared::{
    domain::program::Program,
    operate::{
        health::ask,
        lifecycle, logging,
        settings::{OfBot, OfHealth, SettingFlags, SettingsError, check::Config},
    },
};

use crate::{
    audit_cli::Audit, doctor::Doctor, manifest::Manifest, rehearse::Rehearse, settings::Settings,
};

/// The Slack side of Secure Secret. Without a subcommand it runs until it is stopped
#[derive(Parser)]
#[command(
    name = "secure-secret-bot",
    version,
    args_conflicts_with_subcommands = true
)]
struct CommandLine {
    #[command(flatten)]
    flags: SettingFlags<OfBot>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Shows what happened to secrets
    #[command(subcommand)]
    Audit(Audit),
    /// Asks the program that runs here whether it is ready; exit code 0 if it is, 1 if not
    Health(SettingFlags<OfHealth>),
    /// Shows the settings
    #[command(subcommand)]
    Config(Config<OfBot>),
    /// Checks database, keys, Slack, messages that wait, the way out and the public address; exit
    /// code 0 if all is well, 1 if not. Changes nothing but its own note of when --views last ran
    Doctor(Doctor),
    /// Prints the Slack app's manifest: api.slack.com/apps, Create New App, From a manifest
    Manifest(Manifest),
    /// Walks you through a rehearsal in the real workspace, step by step, with made-up secrets, and
    /// prints a report for the maintainers that names nobody
    Rehearse(Rehearse),
}

#[tokio::main]
async fn main() -> ExitCode {
    let is_usage = |error: &anyhow::Error| error.is::<SettingsError>();
    lifecycle::run(Program::Bot, run, is_usage).await
}

async fn run(CommandLine { flags, command }: CommandLine) -> anyhow::Result<()> {
    match command {
        None => run_worker(&flags).await,
        Some(Command::Audit(Audit::List(list))) => audit_cli::list(&list).await,
        Some(Command::Health(flags)) => health(&flags).await,
        Some(Command::Config(Config::Check(flags))) => Settings::check(&flags),
        Some(Command::Doctor(doctor)) => doctor::run(&doctor).await,
        Some(Command::Manifest(manifest)) => manifest::run(&manifest),
        Some(Command::Rehearse(rehearse)) => rehearse::run(rehearse).await,
    }
}

async fn health(flags: &SettingFlags<OfHealth>) -> anyhow::Result<()> {
    let address = ask::address(Program::Bot, flags)?;
    Ok(ask::ask(address, &mut io::stdout().lock()).await?)
}

async fn run_worker(flags: &SettingFlags<OfBot>) -> anyhow::Result<()> {
    let (settings, logs) = Settings::read(flags)?;
    logging::init(logs)?;
    worker::run(settings).await
}
