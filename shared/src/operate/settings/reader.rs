//! Reads settings and collects every mistake.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use crate::domain::{invalid::Invalid, program::Program};

use super::{
    Exposure, Setting, Typed,
    check::Shown,
    flags::SettingFlags,
    masking::{holds_credentials, masked},
    misplaced::{Misplaced, misplaced},
    sources::{Origin, Sources},
};

/// Reads one setting after the other; mistakes wait for [`finish`](Self::finish).
pub struct Reader {
    sources: Sources,
    shown: Vec<Shown>,
    problems: Vec<Problem>,
    suspected: Vec<Problem>,
}

impl Reader {
    /// Reads the flags given, then the process's environment, then `.env`.
    #[must_use]
    pub fn new<S>(program: Program, flags: &SettingFlags<S>) -> Self {
        let (sources, env_file) = Sources::of_process(flags.given.clone());
        Self::with(program, sources, env_file)
    }

    /// Reads flags of one's own and nothing else.
    #[must_use]
    pub fn of_flags(program: Program, flags: BTreeMap<String, String>) -> Self {
        let environment = Box::new(BTreeMap::<String, String>::new());
        let (sources, env_file) = Sources::with_env_file(flags, environment);
        Self::with(program, sources, env_file)
    }

    fn with(program: Program, sources: Sources, env_file: Result<(), (PathBuf, Invalid)>) -> Self {
        let (mut problems, mut suspected) = (Vec::new(), Vec::new());
        for (name, origin) in sources.names() {
            let (list, reason) = match misplaced(program, &name, &origin) {
                Some(Misplaced::Refused(reason)) => (&mut problems, reason),
                Some(Misplaced::Suspected(reason)) => (&mut suspected, reason),
                None => continue,
            };
            list.push(Problem::about(name, Some(origin), &reason));
        }
        if let Err((path, reason)) = env_file {
            problems.push(Problem::about(path.display().to_string(), None, &reason));
        }
        Self {
            sources,
            shown: Vec::new(),
            problems,
            suspected,
        }
    }

    /// A setting that must have a value, given or by default.
    pub fn required<T>(&mut self, setting: &Typed<T>) -> Option<T> {
        self.required_as(setting, setting.parse)
    }

    /// A setting that may be absent.
    pub fn optional<T>(&mut self, setting: &Typed<T>) -> Option<T> {
        self.optional_as(setting, setting.parse)
    }

    /// Keys, which must be given; shown is what can be told of them without their value.
    pub fn keys<T: fmt::Display>(&mut self, setting: &Typed<T>) -> Option<T> {
        let keys = self.required(setting)?;
        self.describe(setting, keys.to_string());
        Some(keys)
    }

    /// As [`required`](Self::required), read as what only the caller knows.
    pub fn required_as<T>(
        &mut self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let problems = self.problems.len();
        let value = self.optional_as(setting, parse);
        if value.is_none() && self.problems.len() == problems {
            let missing = Invalid::because("is missing");
            self.problems
                .push(Problem::in_value(setting, None, &missing));
        }
        value
    }

    /// As [`optional`](Self::optional), read as what only the caller knows.
    pub fn optional_as<T>(
        &mut self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let found = match self.sources.find(setting) {
            Ok(Some(found)) => found,
            Ok(None) => {
                self.show(setting, "-".to_owned(), None);
                return None;
            }
            Err((origin, reason)) => return self.mistake(setting, origin, &reason),
        };
        if found.origin.is_command_line() && holds_credentials(setting, &found.value) {
            let reason = format!(
                "holds a password, which everybody on this machine could see: give it as {} or --{}",
                setting.file_variable(),
                setting.file_flag()
            );
            return self.mistake(setting, Some(found.origin), &Invalid::because(reason));
        }
        match parse(&found.value) {
            Ok(value) => {
                self.show(setting, masked(setting, &found.value), Some(&found.origin));
                Some(value)
            }
            Err(reason) => self.mistake(setting, Some(found.origin), &reason),
        }
    }

    /// Says more of a secret that was read than that it is set; nothing of its value.
    fn describe(&mut self, setting: &Setting, description: String) {
        let shown = self
            .shown
            .iter_mut()
            .find(|shown| shown.name == setting.name);
        if let Some(shown) = shown {
            shown.value = description;
        }
    }

    /// Adds a mistake that only shows when settings are taken together.
    pub fn reject(&mut self, setting: &Setting, reason: &Invalid) {
        self.problems.push(Problem::in_value(setting, None, reason));
    }

    /// All mistakes at once, if there are any.
    pub fn finish(self) -> Result<(), SettingsError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(self.into_error())
        }
    }

    /// The mistakes found so far, for when a value is missing because of them.
    #[must_use]
    pub fn into_error(self) -> SettingsError {
        SettingsError {
            problems: self.problems,
            suspected: self.suspected,
        }
    }

    /// Names that may be slips of settings, though they may as well be somebody else's.
    #[must_use]
    pub fn suspected(&self) -> &[Problem] {
        &self.suspected
    }

    /// What was read, as it may be seen.
    pub(super) fn shown(&self) -> &[Shown] {
        &self.shown
    }

    fn mistake<T>(
        &mut self,
        setting: &Setting,
        origin: Option<Origin>,
        reason: &Invalid,
    ) -> Option<T> {
        self.show(setting, "WRONG, see below".to_owned(), origin.as_ref());
        self.problems
            .push(Problem::in_value(setting, origin, reason));
        None
    }

    fn show(&mut self, setting: &Setting, value: String, origin: Option<&Origin>) {
        let is_secret = setting.exposure != Exposure::Public;
        let open_file = origin
            .filter(|_| is_secret)
            .and_then(Origin::readable_by_all);
        self.shown.push(Shown {
            name: setting.name,
            value,
            origin: origin.map(Origin::to_string).unwrap_or_default(),
            open_file: open_file.map(|path| path.display().to_string()),
        });
    }
}

/// One mistake. Never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is in: a setting, a name that is none, or a file.
    subject: String,
    reason: String,
    origin: Option<Origin>,
    form: Option<&'static str>,
}

impl Problem {
    fn in_value(setting: &Setting, origin: Option<Origin>, reason: &Invalid) -> Self {
        Self {
            form: Some(setting.form),
            ..Self::about(setting.name.to_owned(), origin, reason)
        }
    }

    fn about(subject: String, origin: Option<Origin>, reason: &Invalid) -> Self {
        Self {
            subject,
            reason: reason.to_string(),
            origin,
            form: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.reason)?;
        if let Some(origin) = &self.origin {
            write!(f, " (from {origin})")?;
        }
        match self.form {
            Some(form) => write!(f, ". It should be: {form}"),
            None => Ok(()),
        }
    }
}

/// Every mistake in the settings, one a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    problems: Vec<Problem>,
    suspected: Vec<Problem>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings are not complete:")?;
        let mut problems = self.problems.iter().chain(&self.suspected);
        problems.try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::operate::settings::definitions::*;

    fn reader(flags: &[(&str, &str)], variables: &[(&str, &str)]) -> Reader {
        let owned = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect()
        };
        let environment = Box::new(owned(variables));
        let (sources, env_file) = Sources::with_env_file(owned(flags), environment);
        Reader::with(Program::Bot, sources, env_file)
    }

    #[expect(clippy::unnecessary_wraps, reason = "has the shape of a parser")]
    fn text(value: &str) -> Result<String, Invalid> {
        Ok(value.to_owned())
    }

    #[test]
    fn a_flag_wins_over_the_environment_which_wins_over_the_default() {
        let both = [("LOG_FORMAT", "json")];
        let mut reader = reader(&[("listen-addr", "a")], &[("LISTEN_ADDR", "b"), both[0]]);
        assert_eq!(reader.required_as(&LISTEN_ADDR, text).as_deref(), Some("a"));
        assert_eq!(
            reader.required_as(&LOG_FORMAT, text).as_deref(),
            Some("json")
        );
        assert_eq!(
            reader.required_as(&RATE_LIMIT, text).as_deref(),
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
                reader.required_as(&FERNET_KEYS, text).as_deref(),
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
        assert!(reader.required(&DATABASE_URL).is_none());
        assert!(reader.required(&ALLOW_SELF).is_none());
        assert!(reader.required_as(&SLACK_APP_TOKEN, text).is_none());
        assert!(reader.required_as(&FERNET_KEYS, text).is_none());
        assert!(reader.optional_as(&TRUSTED_PROXIES, text).is_none());
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
        assert_eq!(
            absent.required_as(&LOG_FORMAT, text).as_deref(),
            Some("text")
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut empty = reader(&[], &[("LOG_FORMAT_FILE", file.path().to_str().unwrap())]);
        assert_eq!(empty.required_as(&LOG_FORMAT, text), None);
        assert!(
            empty
                .finish()
                .unwrap_err()
                .to_string()
                .contains("is an empty file")
        );
    }

    #[test]
    fn a_file_of_settings_is_the_weakest_source() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lines =
            "LISTEN_ADDR=c\nLOG_FORMAT=json\nALLOW_SELF=yes\nCOLOR=red\nFERNET_KEY=canary\n";
        fs::write(file.path(), lines).unwrap();
        let path = file.path().to_str().unwrap();
        let mut reader = reader(
            &[("env-file", path), ("listen-addr", "a")],
            &[("LISTEN_ADDR", "b"), ("LOG_FORMAT", "text")],
        );
        assert_eq!(reader.required_as(&LISTEN_ADDR, text).as_deref(), Some("a"));
        assert_eq!(
            reader.required_as(&LOG_FORMAT, text).as_deref(),
            Some("text")
        );
        assert_eq!(
            reader.required_as(&ALLOW_SELF, text).as_deref(),
            Some("yes")
        );
        let message = reader.finish().unwrap_err().to_string();
        for part in [
            format!("COLOR is no setting (from COLOR in {path})"),
            format!("FERNET_KEY is no setting: is FERNET_KEYS meant? (from FERNET_KEY in {path})"),
        ] {
            assert!(message.contains(&part), "{part} in {message}");
        }
        assert!(!message.contains("canary"), "{message}");
    }

    #[test]
    fn a_file_of_settings_that_was_named_must_be_there() {
        let reader = reader(&[], &[("ENV_FILE", "/nowhere/.env")]);
        let message = reader.finish().unwrap_err().to_string();
        assert!(message.contains("/nowhere/.env can't be read"), "{message}");
    }

    #[test]
    fn what_was_read_can_be_shown() {
        let mut reader = reader(
            &[("listen-addr", "127.0.0.1:1")],
            &[("FERNET_KEYS", "canary"), ("ALLOW_SELF", "canary")],
        );
        reader.required_as(&LISTEN_ADDR, text);
        reader.required_as(&FERNET_KEYS, text);
        reader.required(&ALLOW_SELF);
        reader.optional_as(&TLS_CERT, text);
        reader.describe(&FERNET_KEYS, "1 key".to_owned());
        let mut out = Vec::new();
        crate::operate::settings::check::print(&reader, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "FERNET_KEYS  1 key             environment variable FERNET_KEYS\n\
             ALLOW_SELF   WRONG, see below  environment variable ALLOW_SELF\n\
             LISTEN_ADDR  127.0.0.1:1       --listen-addr\n\
             TLS_CERT     -\n"
        );
    }
}
