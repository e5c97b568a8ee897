//! Reads settings from flags, environment and files, and collects every mistake.

use std::{collections::BTreeMap, ffi::OsString, fmt, fs, path::PathBuf};

use clap::ArgMatches;
use zeroize::Zeroizing;

use super::{Invalid, Setting};

/// Looks a variable up; a test gives its own.
type Environment = Box<dyn Fn(&str) -> Option<OsString>>;

/// Reads one setting after the other; mistakes wait for [`finish`](Self::finish).
pub struct Reader {
    flags: BTreeMap<String, String>,
    variable: Environment,
    problems: Vec<Problem>,
}

/// A value and where it came from.
struct Found {
    value: Zeroizing<String>,
    origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    Flag(String),
    Variable(String),
    File { named_by: String, path: PathBuf },
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "--{flag}"),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::File { named_by, path } => write!(f, "file {} ({named_by})", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Reader {
    /// Reads the flags given, then the process's environment.
    #[must_use]
    pub fn new(matches: &ArgMatches) -> Self {
        let flags = matches
            .ids()
            .filter_map(|id| {
                let value = matches.try_get_one::<String>(id.as_str()).ok()??;
                Some((id.as_str().to_owned(), value.clone()))
            })
            .collect();
        Self::from_sources(flags, |name| std::env::var_os(name))
    }

    /// Reads from sources of one's own.
    pub fn from_sources(
        flags: BTreeMap<String, String>,
        variable: impl Fn(&str) -> Option<OsString> + 'static,
    ) -> Self {
        Self {
            flags,
            variable: Box::new(variable),
            problems: Vec::new(),
        }
    }

    /// A setting that must have a value, given or by default.
    pub fn required<T>(
        &mut self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let problems = self.problems.len();
        let value = self.optional(setting, parse);
        if value.is_none() && self.problems.len() == problems {
            self.problems
                .push(Problem::new(setting, None, "is missing"));
        }
        value
    }

    /// A setting that may be absent.
    pub fn optional<T>(
        &mut self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let found = match self.find(setting) {
            Ok(found) => found?,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        if matches!(found.origin, Origin::Flag(_)) && holds_password(&found.value) {
            let reason = format!(
                "holds a password, which everybody on this machine could see: give it as {} or --{}",
                setting.file_variable(),
                setting.file_flag()
            );
            self.problems
                .push(Problem::new(setting, Some(found.origin), reason));
            return None;
        }
        match parse(&found.value) {
            Ok(value) => Some(value),
            Err(invalid) => {
                let problem = Problem::new(setting, Some(found.origin), invalid.to_string());
                self.problems.push(problem);
                None
            }
        }
    }

    /// Adds a mistake that only shows when settings are taken together.
    pub fn reject(&mut self, setting: &Setting, reason: &Invalid) {
        self.problems
            .push(Problem::new(setting, None, reason.to_string()));
    }

    /// All mistakes at once, if there are any.
    pub fn finish(self) -> Result<(), SettingsError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(SettingsError {
                problems: self.problems,
            })
        }
    }

    /// The mistakes found so far, for when a value is missing because of them.
    #[must_use]
    pub fn into_error(self) -> SettingsError {
        SettingsError {
            problems: self.problems,
        }
    }

    fn find(&self, setting: &Setting) -> Result<Option<Found>, Problem> {
        let flag = self.given_by_flag(setting)?;
        if flag.is_some() {
            return Ok(flag);
        }
        let variable = self.given_by_environment(setting)?;
        if variable.is_some() {
            return Ok(variable);
        }
        Ok(setting.default.map(|default| Found {
            value: Zeroizing::new(default.to_owned()),
            origin: Origin::Default,
        }))
    }

    fn given_by_flag(&self, setting: &Setting) -> Result<Option<Found>, Problem> {
        let (flag, file_flag) = (setting.flag(), setting.file_flag());
        let value = self.flags.get(&flag).filter(|value| !value.is_empty());
        let path = self.flags.get(&file_flag).filter(|path| !path.is_empty());
        match (value, path) {
            (Some(_), Some(_)) => Err(Problem::new(
                setting,
                None,
                format!("is given twice, by --{flag} and by --{file_flag}: keep one"),
            )),
            (Some(value), None) => Ok(Some(Found {
                value: Zeroizing::new(value.clone()),
                origin: Origin::Flag(flag),
            })),
            (None, Some(path)) => {
                read_file(setting, PathBuf::from(path), format!("--{file_flag}")).map(Some)
            }
            (None, None) => Ok(None),
        }
    }

    fn given_by_environment(&self, setting: &Setting) -> Result<Option<Found>, Problem> {
        let file_variable = setting.file_variable();
        let given = |name: &str| (self.variable)(name).filter(|value| !value.is_empty());
        match (given(setting.name), given(&file_variable)) {
            (Some(_), Some(_)) => Err(Problem::new(
                setting,
                None,
                format!(
                    "is given twice, by {} and by {file_variable}: keep one",
                    setting.name
                ),
            )),
            (Some(value), None) => {
                let origin = Origin::Variable(setting.name.to_owned());
                match value.into_string() {
                    Ok(value) => Ok(Some(Found {
                        value: Zeroizing::new(value),
                        origin,
                    })),
                    Err(_) => Err(Problem::new(setting, Some(origin), "is not UTF-8 text")),
                }
            }
            (None, Some(path)) => read_file(setting, PathBuf::from(path), file_variable).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// Reads a value from a file; line ends at its end are the editor's, not the value's.
fn read_file(setting: &Setting, path: PathBuf, named_by: String) -> Result<Found, Problem> {
    let origin = Origin::File { named_by, path };
    let Origin::File { path, .. } = &origin else {
        return Err(Problem::new(setting, Some(origin), "is not a file"));
    };
    let read = fs::read_to_string(path).map(Zeroizing::new);
    let value = match read {
        Ok(content) => Zeroizing::new(content.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => {
            let reason = format!("can't be read: {error}");
            return Err(Problem::new(setting, Some(origin), reason));
        }
    };
    if value.is_empty() {
        return Err(Problem::new(setting, Some(origin), "is an empty file"));
    }
    Ok(Found { value, origin })
}

fn holds_password(value: &str) -> bool {
    url::Url::parse(value).is_ok_and(|url| url.password().is_some())
}

/// One mistake in one setting. Never holds the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    setting: &'static str,
    form: &'static str,
    origin: Option<Origin>,
    reason: String,
}

impl Problem {
    fn new(setting: &Setting, origin: Option<Origin>, reason: impl Into<String>) -> Self {
        Self {
            setting: setting.name,
            form: setting.form,
            origin,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.setting, self.reason)?;
        if let Some(origin) = &self.origin {
            write!(f, " (from {origin})")?;
        }
        write!(f, ". It should be: {}", self.form)
    }
}

/// Every mistake in the settings, one a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    problems: Vec<Problem>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings are not complete:")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{DatabaseUrl, definitions::*, parse_bool};

    fn reader(flags: &[(&str, &str)], variables: &[(&str, &str)]) -> Reader {
        let owned = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect()
        };
        let variables = owned(variables);
        Reader::from_sources(owned(flags), move |name| {
            variables.get(name).map(OsString::from)
        })
    }

    #[expect(clippy::unnecessary_wraps, reason = "has the shape of a parser")]
    fn text(value: &str) -> Result<String, Invalid> {
        Ok(value.to_owned())
    }

    #[test]
    fn a_flag_wins_over_the_environment_which_wins_over_the_default() {
        let both = [("LOG_FORMAT", "json")];
        let mut reader = reader(&[("listen-addr", "a")], &[("LISTEN_ADDR", "b"), both[0]]);
        assert_eq!(reader.required(&LISTEN_ADDR, text).as_deref(), Some("a"));
        assert_eq!(reader.required(&LOG_FORMAT, text).as_deref(), Some("json"));
        assert_eq!(
            reader.required(&RATE_LIMIT, text).as_deref(),
            Some("60/60s")
        );
        assert!(reader.finish().is_ok());
    }

    #[test]
    fn a_file_gives_its_content_without_the_last_line_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "first,second\r\n").unwrap();
        let path = file.path().to_str().unwrap();
        for mut reader in [
            reader(&[], &[("FERNET_KEYS_FILE", path)]),
            reader(&[("fernet-keys-file", path)], &[]),
        ] {
            assert_eq!(
                reader.required(&FERNET_KEYS, text).as_deref(),
                Some("first,second")
            );
        }
    }

    #[test]
    fn all_mistakes_come_in_one_message_that_echoes_no_value() {
        let mut reader = reader(
            &[("database-url", "mysql://bot:canary1@db/x")],
            &[
                ("ALLOW_SELF", "canary2"),
                ("SLACK_APP_TOKEN", "a"),
                ("SLACK_APP_TOKEN_FILE", "b"),
            ],
        );
        assert!(reader.required(&DATABASE_URL, DatabaseUrl::parse).is_none());
        assert!(reader.required(&ALLOW_SELF, parse_bool).is_none());
        assert!(reader.required(&SLACK_APP_TOKEN, text).is_none());
        assert!(reader.required(&FERNET_KEYS, text).is_none());
        assert!(reader.optional(&TRUSTED_PROXIES, text).is_none());
        let message = reader.finish().unwrap_err().to_string();
        assert_eq!(message.lines().count(), 5, "{message}");
        for part in [
            "DATABASE_URL holds a password",
            "(from environment variable ALLOW_SELF)",
            "SLACK_APP_TOKEN is given twice",
            "FERNET_KEYS is missing. It should be: Fernet keys",
        ] {
            assert!(message.contains(part), "{part} in {message}");
        }
        assert!(!message.contains("canary"), "{message}");
    }

    #[test]
    fn an_empty_value_is_none_and_an_empty_file_a_mistake() {
        let mut absent = reader(&[("log-format", "")], &[("LOG_FORMAT", "")]);
        assert_eq!(absent.required(&LOG_FORMAT, text).as_deref(), Some("text"));
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut empty = reader(&[], &[("LOG_FORMAT_FILE", file.path().to_str().unwrap())]);
        assert_eq!(empty.required(&LOG_FORMAT, text), None);
        assert!(
            empty
                .finish()
                .unwrap_err()
                .to_string()
                .contains("is an empty file")
        );
    }
}
