//! How a process begins and ends: one TLS provider; on a signal, in two stages; which exit code.

use std::{
    fmt::Display,
    process::{self, ExitCode},
};

use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::core_dumps;
use crate::domain::program::Program;

/// A program from its first line to its exit code: no core dumps, one TLS provider, the command
/// line, the work, and the last word of what stopped it. `is_usage` tells what the operator can
/// mend on the command line or in the settings ([`EXIT_USAGE`]) from all else ([`EXIT_FAILURE`]).
pub async fn run<CommandLine: Parser, E: Display>(
    program: Program,
    work: impl AsyncFnOnce(CommandLine) -> Result<(), E>,
    is_usage: impl FnOnce(&E) -> bool,
) -> ExitCode {
    if let Err(error) = core_dumps::forbid() {
        return complain(program, &error.to_string(), EXIT_FAILURE);
    }
    install_tls_provider();
    match work(CommandLine::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let message = format!("{error:#}");
            let code = if is_usage(&error) {
                EXIT_USAGE
            } else {
                EXIT_FAILURE
            };
            complain(program, &message, code)
        }
    }
}

/// Chooses rustls's cryptography for the whole process. Features of several libraries can bring
/// more than one into a build, and rustls then refuses to guess. The first choice stays.
pub fn install_tls_provider() {
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("a TLS provider was installed before");
    }
}

/// Exit code for usage that can't be understood and settings that don't fit.
pub const EXIT_USAGE: u8 = 2;

/// Exit code for everything else that went wrong.
pub const EXIT_FAILURE: u8 = 1;

/// The last word of a program, on standard error, whether there is a log or not.
#[expect(clippy::print_stderr, reason = "there may be no log")]
fn complain(program: Program, message: &str, code: u8) -> ExitCode {
    eprintln!("{program}: {message}");
    ExitCode::from(code)
}

/// Something that a command should not pass over in silence, on standard error: its answer goes to
/// standard output, and there is no log.
#[expect(clippy::print_stderr, reason = "there is no log")]
pub fn warn(program: Program, message: &str) {
    eprintln!("{program}: warning: {message}");
}

/// Cancels the token on the first SIGTERM or SIGINT: finish what runs, take nothing new. A second
/// signal ends the process at once, with [`EXIT_FAILURE`].
#[expect(clippy::disallowed_methods, reason = "a second signal stops at once")]
pub fn shutdown_on_signals() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping: finishing what runs, a second signal stops at once");
        cancel.cancel();
        either(&mut terminate, &mut interrupt).await;
        tracing::warn!("stopped by a second signal");
        process::exit(EXIT_FAILURE.into());
    });
    Ok(token)
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
