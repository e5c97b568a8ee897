//! reveal-web: the browser side of Secure Secret, which serves the reveal flow and nothing else.
//!
//! The program is all there is for others; what is here besides it is for fuzzing.

mod access_log;
mod brand;
mod client_address;
mod connections;
mod form;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gate;
mod headers;
mod health;
mod language;
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

use std::process::ExitCode;

use shared::{
    lifecycle::{self, EXIT_FAILURE, EXIT_USAGE},
    logging,
};

use crate::settings::Settings;

/// Runs the program: reads its settings, and serves until it is told to stop.
pub async fn main() -> ExitCode {
    lifecycle::install_tls_provider();
    let matches = settings::command_line().get_matches();
    let (settings, logging) = match Settings::read(&matches) {
        Ok(read) => read,
        Err(error) => return complain(&error, EXIT_USAGE),
    };
    if let Err(error) = logging::init(logging.format, logging.directives) {
        return complain(&error, EXIT_FAILURE);
    }
    match server::run(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "stopped");
            ExitCode::from(EXIT_FAILURE)
        }
    }
}

#[expect(clippy::print_stderr, reason = "there is no log yet")]
fn complain(error: &dyn std::error::Error, code: u8) -> ExitCode {
    eprintln!("secure-secret-web: {error}");
    ExitCode::from(code)
}
