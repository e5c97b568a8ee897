//! `.env`: settings in a file, one `NAME=value` a line.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::Invalid;

/// The file that is read when none is named, if it is there.
const USUAL: &str = ".env";

/// What the file holds.
pub(super) struct EnvFile {
    pub(super) path: PathBuf,
    values: BTreeMap<String, Zeroizing<String>>,
}

impl EnvFile {
    /// Reads the file that was named, or the usual one if it is there. A mistake says in which line,
    /// and quotes nothing of it.
    pub(super) fn load(named: Option<&Path>) -> Result<Option<Self>, Invalid> {
        let path = named.unwrap_or_else(|| Path::new(USUAL));
        if named.is_none() && !path.exists() {
            return Ok(None);
        }
        let lines = dotenvy::from_path_iter(path).map_err(|error| reason(error, ""))?;
        let mut values = BTreeMap::new();
        let mut last = String::new();
        for line in lines {
            let (name, value) = line.map_err(|error| reason(error, &last))?;
            if values.insert(name.clone(), Zeroizing::new(value)).is_some() {
                return Err(Invalid::because(format!("gives {name} twice: keep one")));
            }
            last = name;
        }
        let path = path.to_owned();
        Ok(Some(Self { path, values }))
    }

    /// The value of a name.
    pub(super) fn get(&self, name: &str) -> Option<Zeroizing<String>> {
        self.values.get(name).cloned()
    }

    /// Whether Docker Compose reads it too. Such a file holds names of Compose's and of the
    /// `compose.yaml` beside it.
    pub(super) fn is_composes(&self) -> bool {
        self.names().any(|name| name.starts_with("COMPOSE_"))
    }

    /// Every name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// The library's error quotes the line; `last` is the name that the line before gave a value.
fn reason(error: dotenvy::Error, last: &str) -> Invalid {
    match error {
        dotenvy::Error::Io(error) => Invalid::because(format!("can't be read: {error}")),
        dotenvy::Error::LineParse(line, _) => {
            drop(Zeroizing::new(line));
            let place = if last.is_empty() {
                String::new()
            } else {
                format!(" after the one of {last}")
            };
            Invalid::because(format!(
                "has a line{place} that is not NAME=value: what has spaces, #, $ or quotes goes \
                 into 'single quotes'"
            ))
        }
        _ => Invalid::because("can't be understood"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn load(content: &str) -> Result<Option<EnvFile>, Invalid> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), content).unwrap();
        EnvFile::load(Some(file.path()))
    }

    #[test]
    fn values_are_read_as_shells_write_them() {
        let file = load("# ours\nA=1\nexport B='x $A # y'\nC=\"two words\"\nD=\n").unwrap();
        let file = file.unwrap();
        let value = |name| file.get(name).map(|value| value.as_str().to_owned());
        assert_eq!(value("A").as_deref(), Some("1"));
        assert_eq!(value("B").as_deref(), Some("x $A # y"));
        assert_eq!(value("C").as_deref(), Some("two words"));
        assert_eq!(value("D").as_deref(), Some(""));
        assert_eq!(value("E"), None);
    }

    #[test]
    fn mistakes_quote_nothing() {
        for content in ["canary canary\n", "A='canary\n", "A=1\nA=canary\n"] {
            let said = load(content).err().unwrap().to_string();
            assert!(!said.contains("canary"), "{said}");
        }
        let second = load("A=1\nB canary\n").err().unwrap().to_string();
        assert!(
            second.contains("a line after the one of A that"),
            "{second}"
        );
        let missing = EnvFile::load(Some(Path::new("/nowhere/.env")))
            .err()
            .unwrap();
        assert!(
            missing.to_string().starts_with("can't be read"),
            "{missing}"
        );
    }
}
