//! Settings: one way for every program.
//!
//! Each setting comes from a flag `--kebab-name`, the environment variable `NAME`, the file that
//! `--kebab-name-file` or `NAME_FILE` names, or a line `NAME=value` of the file `.env`. A flag wins
//! over the environment, which wins over `.env`; a value and a file together are a mistake. All
//! mistakes are reported in one message.

mod addresses;
pub mod check;
mod database_url;
pub mod definitions;
mod egress;
mod env_file;
mod flags;
mod masking;
mod reader;
mod slack;
mod sources;
mod strays;
mod values;

use std::fmt;

pub use addresses::{Cidrs, PrivacyUrl, PublicBaseUrl, SlackApiUrl, is_loopback};
pub use database_url::{DatabaseUrl, Engine, Protection};
pub use egress::{CaBundle, HttpsProxy};
pub use flags::{ENV_FILE, arguments};
pub use reader::{Problem, Reader, SettingsError};
pub use slack::{AppToken, BotToken};
pub use values::{
    LogFormat, RateLimit, parse_bool, parse_connections, parse_duration, parse_health_addr,
    parse_language, parse_listen_addr, parse_path,
};

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

/// The programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `secure-secret-bot`.
    Bot,
    /// `secure-secret-web`.
    Web,
    /// `secure-secret-migrate`.
    Migrate,
}

impl Program {
    /// Every program.
    pub const ALL: [Self; 3] = [Self::Bot, Self::Web, Self::Migrate];

    /// As the documentation calls it for short.
    #[must_use]
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Web => "web",
            Self::Migrate => "migrate",
        }
    }
}

/// The name of its executable file.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "secure-secret-{}", self.short_name())
    }
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

/// Why a text is no value of a setting. Never holds the text or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

impl Invalid {
    /// The reason, to be read after the setting's name, e.g. `is not a URL`.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
