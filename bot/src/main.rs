//! `secure-secret-bot`: the Slack side. Without a subcommand it runs the worker; the operator's
//! commands are its subcommands.

mod alarm;
mod audit_cli;
mod command_text;
mod courier;
mod egress;
mod envelope;
mod handlers;
mod health;
mod health_cli;
mod metrics;
mod modal;
mod settings;
mod slack;
mod socket;
mod sweeper;
mod worker;

use std::process::ExitCode;

use clap::ArgMatches;
use shared::{
    lifecycle::{self, EXIT_FAILURE, EXIT_USAGE},
    logging,
    settings::SettingsError,
};

use crate::settings::Settings;

#[tokio::main]
async fn main() -> ExitCode {
    lifecycle::install_tls_provider();
    let matches = settings::command_line().get_matches();
    let done = match matches.subcommand() {
        Some(("audit", matches)) => audit_cli::run(matches).await,
        Some(("health", matches)) => health_cli::run(matches).await,
        _ => run_worker(&matches).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<SettingsError>() => complain(&format!("{error}"), EXIT_USAGE),
        Err(error) => complain(&format!("{error:#}"), EXIT_FAILURE),
    }
}

async fn run_worker(matches: &ArgMatches) -> anyhow::Result<()> {
    let (settings, logs) = Settings::read(matches)?;
    logging::init(logs.format, logs.directives)?;
    worker::run(settings).await
}

#[expect(
    clippy::print_stderr,
    reason = "the last word, whether there is a log or not"
)]
fn complain(message: &str, code: u8) -> ExitCode {
    eprintln!("secure-secret-bot: {message}");
    ExitCode::from(code)
}
