//! Settings as command-line flags.

use std::{collections::BTreeMap, marker::PhantomData};

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::{Exposure, Setting, definitions};
use crate::domain::program::Program;

/// The flag, and in capitals the environment variable, that names a file of settings.
pub(super) const ENV_FILE: &str = "env-file";

/// Which settings a command takes.
pub trait Selection {
    /// The settings, in the order in which help shows them.
    fn settings() -> Vec<Setting>;
}

/// All that the bot has.
#[derive(Debug)]
pub enum OfBot {}

impl Selection for OfBot {
    fn settings() -> Vec<Setting> {
        definitions::of(Program::Bot)
    }
}

/// All that reveal-web has.
#[derive(Debug)]
pub enum OfWeb {}

impl Selection for OfWeb {
    fn settings() -> Vec<Setting> {
        definitions::of(Program::Web)
    }
}

/// Where the database is, which is all that the migrating program has.
#[derive(Debug)]
pub enum OfDatabase {}

impl Selection for OfDatabase {
    fn settings() -> Vec<Setting> {
        vec![definitions::DATABASE_URL.setting]
    }
}

/// Where a running program says how it is.
#[derive(Debug)]
pub enum OfHealth {}

impl Selection for OfHealth {
    fn settings() -> Vec<Setting> {
        vec![definitions::HEALTH_ADDR.setting]
    }
}

/// The flags of settings, to be flattened into a command; as they were given, by name.
pub struct SettingFlags<S> {
    pub(super) given: BTreeMap<String, String>,
    selection: PhantomData<S>,
}

impl<S: Selection> Args for SettingFlags<S> {
    fn augment_args(command: Command) -> Command {
        command.args(flags_of_all(&S::settings()))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: Selection> FromArgMatches for SettingFlags<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let flags = flags_of_all(&S::settings()).into_iter();
        let given = flags.filter_map(|flag| {
            let value = matches.get_one::<String>(flag.get_id().as_str())?;
            Some((flag.get_id().to_string(), value.clone()))
        });
        Ok(Self {
            given: given.collect(),
            selection: PhantomData,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A secret's value has no flag: only the file that holds it can be named.
fn flags_of_all(settings: &[Setting]) -> Vec<Arg> {
    let mut flags: Vec<_> = settings.iter().flat_map(flags_of).collect();
    flags.push(Arg::new(ENV_FILE).long(ENV_FILE).value_name("PATH").help(
        "File of settings, one NAME=value a line [env: ENV_FILE] [default: .env, if there is one]",
    ));
    flags
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
