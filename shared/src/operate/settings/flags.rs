//! Settings as command-line flags.

use clap::Arg;

use super::{Exposure, Setting};

/// The flag, and in capitals the environment variable, that names a file of settings.
pub const ENV_FILE: &str = "env-file";

/// The flags of these settings. A secret's value has none: only the file that holds it can be
/// named.
#[must_use]
pub fn arguments(settings: &[Setting]) -> Vec<Arg> {
    let mut arguments: Vec<_> = settings.iter().flat_map(flags_of).collect();
    arguments.push(Arg::new(ENV_FILE).long(ENV_FILE).value_name("PATH").help(
        "File of settings, one NAME=value a line [env: ENV_FILE] [default: .env, if there is one]",
    ));
    arguments
}

fn flags_of(setting: &Setting) -> Vec<Arg> {
    let file = Arg::new(setting.file_flag())
        .long(setting.file_flag())
        .value_name("PATH")
        .help(format!(
            "File that holds {} [env: {}]",
            setting.name,
            setting.file_variable()
        ));
    if setting.exposure == Exposure::Secret {
        let help = format!("{} ({})", setting.meaning, setting.form);
        return vec![file.help(format!(
            "File with: {help} [env: {} or {}]",
            setting.name,
            setting.file_variable()
        ))];
    }
    let default = setting
        .default
        .map(|default| format!(" [default: {default}]"))
        .unwrap_or_default();
    let value = Arg::new(setting.flag())
        .long(setting.flag())
        .value_name("VALUE")
        .help(format!(
            "{}: {} [env: {}]{default}",
            setting.meaning, setting.form, setting.name
        ));
    vec![value, file.hide_short_help(true)]
}
