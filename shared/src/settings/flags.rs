//! Settings as command-line flags.

use clap::Arg;

use super::Setting;

/// The flags of these settings. A secret's value has none: only the file that holds it can be named.
#[must_use]
pub fn arguments(settings: &[Setting]) -> Vec<Arg> {
    settings.iter().flat_map(flags_of).collect()
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
    if setting.secret {
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
