//! `.env`: settings in a file, one `NAME=value` a line.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::domain::invalid::Invalid;

/// The file that is read when none is named, if it is there.
const USUAL: &str = ".env";

/// Longest name taken for one, in characters. A key on a line of its own must not be taken for a
/// name, and be told as one.
const LONGEST_NAME: usize = 40;

/// What the file holds.
pub(super) struct EnvFile {
    pub(super) path: PathBuf,
    values: BTreeMap<String, Zeroizing<String>>,
}

impl EnvFile {
    /// Reads the file that was named, or the usual one if it is there. A mistake says where, and
    /// quotes nothing but names.
    pub(super) fn load(named: Option<&Path>) -> Result<Option<Self>, Invalid> {
        let path = named.unwrap_or_else(|| Path::new(USUAL));
        if named.is_none() && !path.exists() {
            return Ok(None);
        }
        let content = fs::read_to_string(path).map(Zeroizing::new);
        let content =
            content.map_err(|error| Invalid::because(format!("can't be read: {error}")))?;
        refuse_surprises(&content)?;
        let mut values = BTreeMap::new();
        let mut last = String::new();
        for line in dotenvy::from_read_iter(content.as_bytes()) {
            let (name, value) = line.map_err(|error| no_setting(error, &last))?;
            let value = Zeroizing::new(value);
            if !is_name(&name) {
                drop(Zeroizing::new(name));
                return Err(not_a_line(&last));
            }
            if values.insert(name.clone(), value).is_some() {
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
        self.values.keys().any(|name| name.starts_with("COMPOSE_"))
    }

    /// Every name that is given something.
    pub(super) fn names_with_values(&self) -> impl Iterator<Item = &str> {
        let given = self.values.iter().filter(|(_, value)| !value.is_empty());
        given.map(|(name, _)| name.as_str())
    }
}

/// A name in capitals, as all settings have it.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(plain)
}

/// Refuses what would be read, and not as it was meant: an unquoted `#` begins a comment, and what
/// a `$` begins is replaced, but in single quotes.
fn refuse_surprises(content: &str) -> Result<(), Invalid> {
    for line in content.lines() {
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let name = name.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let value = value.trim_start();
        if !is_name(name) || value.starts_with('\'') {
            continue;
        }
        if value.starts_with('#') || value.contains('$') {
            return Err(Invalid::because(format!(
                "gives {name} a value with a # at its beginning or a $ in it, which means something \
                 else there: put it into 'single quotes'"
            )));
        }
    }
    Ok(())
}

/// The library's error quotes the line; `last` is the name that the line before gave a value.
fn no_setting(error: dotenvy::Error, last: &str) -> Invalid {
    if let dotenvy::Error::LineParse(line, _) = error {
        drop(Zeroizing::new(line));
    }
    not_a_line(last)
}

fn not_a_line(last: &str) -> Invalid {
    let place = if last.is_empty() {
        String::new()
    } else {
        format!(" after the one of {last}")
    };
    Invalid::because(format!(
        "has a line{place} that is not NAME=value, with a name in capitals: what has spaces, #, $ or \
         quotes goes into 'single quotes'"
    ))
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
        let file =
            load("# ours: $5\nA=1\nexport B='x $A # y'\nC=\"two words\" # yes\nD=\n").unwrap();
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
        let key = "bkcanaryZhS1h1jqcntybRmlATvYjGFk7O8w0IjrSeAA=\n";
        for content in [
            "canary canary\n",
            "A='canary\n",
            "A=1\nA=canary\n",
            "A=x$canary\n",
            "A=#canary\n",
            "A=\"x${canary}\"\n",
            "canary=1\n",
            &format!("A=1,\n{key}"),
            &format!("{key}B canary\n"),
            &format!("{key}{key}"),
        ] {
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
