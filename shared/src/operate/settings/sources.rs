//! Where values come from: flags, environment, `.env`, and the files that these name.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{Setting, env_file::EnvFile, flags::ENV_FILE};
use crate::domain::invalid::Invalid;

/// The environment variable of [`ENV_FILE`].
const ENV_FILE_VARIABLE: &str = "ENV_FILE";

/// Where container engines lay secrets: nobody else is in the container to read them.
const CONTAINER_SECRETS: &str = "/run/secrets";

/// A value and where it came from.
pub(super) struct Found {
    pub(super) value: Zeroizing<String>,
    pub(super) origin: Origin,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Flag(String),
    Variable(String),
    EnvFile {
        name: String,
        path: PathBuf,
        is_composes: bool,
    },
    File {
        named_by: String,
        path: PathBuf,
    },
    Default,
}

impl Origin {
    /// Whether everybody on this machine can see the value.
    pub(super) const fn is_command_line(&self) -> bool {
        matches!(self, Self::Flag(_))
    }

    /// The file that holds the value, if every user of this machine may read it.
    pub(super) fn readable_by_all(&self) -> Option<&Path> {
        let (Self::File { path, .. } | Self::EnvFile { path, .. }) = self else {
            return None;
        };
        let everybody = 0o004;
        let is_open =
            fs::metadata(path).is_ok_and(|file| file.permissions().mode() & everybody != 0);
        (is_open && !path.starts_with(CONTAINER_SECRETS)).then_some(path)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "--{flag}"),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::EnvFile { name, path, .. } => write!(f, "{name} in {}", path.display()),
            Self::File { named_by, path } if looks_like_one(path) => {
                write!(f, "file {} ({named_by})", path.display())
            }
            Self::File { named_by, .. } => {
                write!(f, "{named_by}, which should hold the path of a file")
            }
            Self::Default => f.write_str("default"),
        }
    }
}

/// Whether it can be a path, and not the value itself in the place of the path of its file: keys
/// and tokens have neither slash nor dot.
fn looks_like_one(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains(['/', '.']) && !text.contains("://") && !text.contains(char::is_control)
}

/// A process's environment; a test gives its own.
pub(super) trait Environment {
    fn value(&self, name: &str) -> Option<OsString>;
    fn names(&self) -> Vec<String>;
}

struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    fn value(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    fn names(&self) -> Vec<String> {
        let names = std::env::vars_os().map(|(name, _)| name.into_string());
        names.filter_map(Result::ok).collect()
    }
}

impl Environment for BTreeMap<String, String> {
    fn value(&self, name: &str) -> Option<OsString> {
        self.get(name).map(OsString::from)
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

/// The values of one kind of source: by name, with where each came from.
type Lookup<'a> = &'a dyn Fn(&str) -> Result<Option<Found>, (Origin, Invalid)>;

/// All sources, strongest first.
pub(super) struct Sources {
    flags: BTreeMap<String, String>,
    environment: Box<dyn Environment>,
    env_file: Option<EnvFile>,
}

impl Sources {
    /// The flags given, the process's environment, and the `.env` that these name or that is here;
    /// without the latter if it can't be read, with the reason.
    pub(super) fn of_process(
        flags: BTreeMap<String, String>,
    ) -> (Self, Result<(), (PathBuf, Invalid)>) {
        Self::with_env_file(flags, Box::new(ProcessEnvironment))
    }

    /// Sources of one's own.
    pub(super) fn with_env_file(
        flags: BTreeMap<String, String>,
        environment: Box<dyn Environment>,
    ) -> (Self, Result<(), (PathBuf, Invalid)>) {
        let by_flag = flags.get(ENV_FILE).map(PathBuf::from);
        let named = by_flag
            .or_else(|| environment.value(ENV_FILE_VARIABLE).map(PathBuf::from))
            .filter(|path| !path.as_os_str().is_empty());
        let (env_file, read) = match EnvFile::load(named.as_deref()) {
            Ok(file) => (file, Ok(())),
            Err(reason) => (None, Err((named.unwrap_or_else(|| ".env".into()), reason))),
        };
        let sources = Self {
            flags,
            environment,
            env_file,
        };
        (sources, read)
    }

    /// The strongest source's value; the default if there is none.
    pub(super) fn find(
        &self,
        setting: &Setting,
    ) -> Result<Option<Found>, (Option<Origin>, Invalid)> {
        let (flag, file_flag) = (setting.flag(), setting.file_flag());
        let (name, file_name) = (setting.name, setting.file_variable());
        let flags: Lookup<'_> = &|name| Ok(self.flag(name));
        let variables: Lookup<'_> = &|name| self.variable(name);
        let env_file: Lookup<'_> = &|name| Ok(self.env_file_value(name));
        for (source, value, file, dashes) in [
            (flags, flag.as_str(), file_flag.as_str(), "--"),
            (variables, name, file_name.as_str(), ""),
            (env_file, name, file_name.as_str(), ""),
        ] {
            let look = |name| source(name).map_err(|(origin, why)| (Some(origin), why));
            let found = match (look(value)?, look(file)?) {
                (Some(_), Some(_)) => {
                    let reason = format!(
                        "is given twice, by {dashes}{value} and by {dashes}{file}: keep one"
                    );
                    return Err((None, Invalid::because(reason)));
                }
                (Some(value), None) => value,
                (None, Some(path)) => read_file(&path)?,
                (None, None) => continue,
            };
            return Ok(Some(found));
        }
        Ok(setting.default.map(|default| Found {
            value: Zeroizing::new(default.to_owned()),
            origin: Origin::Default,
        }))
    }

    /// The names that the environment and `.env` give a value, with where each came from.
    pub(super) fn names(&self) -> Vec<(String, Origin)> {
        let mut names = Vec::new();
        for name in self.environment.names() {
            let is_given = self
                .environment
                .value(&name)
                .is_some_and(|value| !value.is_empty());
            if is_given {
                names.push((name.clone(), Origin::Variable(name)));
            }
        }
        if let Some(file) = &self.env_file {
            for name in file.names_with_values() {
                names.push((name.to_owned(), in_env_file(name, file)));
            }
        }
        names
    }

    fn flag(&self, name: &str) -> Option<Found> {
        let value = self.flags.get(name).filter(|value| !value.is_empty())?;
        Some(Found {
            value: Zeroizing::new(value.clone()),
            origin: Origin::Flag(name.to_owned()),
        })
    }

    fn variable(&self, name: &str) -> Result<Option<Found>, (Origin, Invalid)> {
        let Some(value) = self
            .environment
            .value(name)
            .filter(|value| !value.is_empty())
        else {
            return Ok(None);
        };
        let origin = Origin::Variable(name.to_owned());
        match value.into_string() {
            Ok(value) => Ok(Some(Found {
                value: Zeroizing::new(value),
                origin,
            })),
            Err(_) => Err((origin, Invalid::because("is not UTF-8 text"))),
        }
    }

    fn env_file_value(&self, name: &str) -> Option<Found> {
        let file = self.env_file.as_ref()?;
        let value = file.get(name).filter(|value| !value.is_empty())?;
        Some(Found {
            value,
            origin: in_env_file(name, file),
        })
    }
}

fn in_env_file(name: &str, file: &EnvFile) -> Origin {
    Origin::EnvFile {
        name: name.to_owned(),
        path: file.path.clone(),
        is_composes: file.is_composes(),
    }
}

/// Reads a value from the file whose path was found; line ends at its end are the editor's, not the
/// value's.
fn read_file(named: &Found) -> Result<Found, (Option<Origin>, Invalid)> {
    let path = PathBuf::from(named.value.as_str());
    let origin = Origin::File {
        named_by: match &named.origin {
            Origin::Flag(flag) => format!("--{flag}"),
            Origin::Variable(name) => name.clone(),
            other => other.to_string(),
        },
        path: path.clone(),
    };
    let content = match fs::read_to_string(&path) {
        Ok(content) => Zeroizing::new(content),
        Err(error) => {
            let reason = Invalid::because(format!("can't be read: {error}"));
            return Err((Some(origin), reason));
        }
    };
    let value = Zeroizing::new(content.trim_end_matches(['\r', '\n']).to_owned());
    if value.is_empty() {
        return Err((Some(origin), Invalid::because("is an empty file")));
    }
    Ok(Found { value, origin })
}
