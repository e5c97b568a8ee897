//! Settings: one way for every program.
//!
//! Each setting comes from a flag `--kebab-name`, the environment variable `NAME`, the file that
//! `--kebab-name-file` or `NAME_FILE` names, or a line `NAME=value` of the file `.env`. A flag wins
//! over the environment, which wins over `.env`; a value and a file together are a mistake. All
//! mistakes are reported in one message.

mod addresses;
pub mod check;
pub mod definitions;
mod egress;
mod env_file;
mod flags;
mod masking;
mod misplaced;
mod reader;
mod slack;
mod sources;
mod values;

pub use addresses::{Cidrs, PrivacyUrl, SlackApiUrl};
pub use egress::{CaBundle, HttpsProxy};
pub use flags::{OfBot, OfDatabase, OfHealth, OfWeb, Selection, SettingFlags};
pub use reader::{Problem, Reader, SettingsError};
pub use slack::{AlertChannel, AppToken, BotToken};
pub use values::{Directives, LogFormat, RateLimit, parse_duration, parse_language};

use std::ops::Deref;

use crate::domain::{invalid::Invalid, program::Program};

/// A setting as the programs, their `--help` and the documentation know it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The environment variable, e.g. `LISTEN_ADDR`.
    pub name: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// What a value looks like.
    pub form: &'static str,
    /// The value when none is given.
    pub default: Option<&'static str>,
    /// What of its value may be seen.
    pub exposure: Exposure,
    /// The programs that it is for.
    pub programs: &'static [Program],
}

/// A setting with what its value is read as.
pub struct Typed<T: 'static> {
    setting: Setting,
    parse: fn(&str) -> Result<T, Invalid>,
}

impl<T> Deref for Typed<T> {
    type Target = Setting;

    fn deref(&self) -> &Setting {
        &self.setting
    }
}

/// What of a setting's value may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// All of it.
    Public,
    /// All but the password of a URL; with one it must stay off the command line.
    MayHoldPassword,
    /// Nothing; it must stay off the command line, which every user of a machine can list.
    Secret,
}

impl Setting {
    /// The flag's name without its dashes, e.g. `listen-addr`.
    #[must_use]
    pub fn flag(&self) -> String {
        self.name.to_lowercase().replace('_', "-")
    }

    /// The name of the flag that takes a file, without its dashes.
    #[must_use]
    pub fn file_flag(&self) -> String {
        format!("{}-file", self.flag())
    }

    /// The environment variable that names a file.
    #[must_use]
    pub fn file_variable(&self) -> String {
        format!("{}_FILE", self.name)
    }
}
