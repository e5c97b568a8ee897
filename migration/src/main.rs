//! `secure-secret-migrate`: creates and changes the tables.

mod command;

use std::process::ExitCode;

use shared::{
    domain::program::Program,
    operate::{
        core_dumps,
        lifecycle::{self, EXIT_FAILURE, EXIT_USAGE},
        settings::SettingsError,
    },
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if let Err(error) = core_dumps::forbid() {
        return lifecycle::complain(Program::Migrate, &error.to_string(), EXIT_FAILURE);
    }
    lifecycle::install_tls_provider();
    let matches = command::command_line().get_matches();
    match command::run(&matches).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let is_usage = error.is::<SettingsError>();
            let code = if is_usage { EXIT_USAGE } else { EXIT_FAILURE };
            lifecycle::complain(Program::Migrate, &format!("{error:#}"), code)
        }
    }
}
