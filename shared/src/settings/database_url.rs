//! `DATABASE_URL`.

use std::fmt;

use secrecy::SecretString;

use super::Invalid;

/// The database engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// MySQL 8 or a database that speaks like it.
    MySql,
    /// SQLite, embedded.
    Sqlite,
}

/// The address of a database, with its password.
#[derive(Clone)]
pub struct DatabaseUrl {
    engine: Engine,
    url: SecretString,
}

impl DatabaseUrl {
    /// Parses `mysql://…` or `sqlite://…`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let engine = match text.split_once("://") {
            Some(("mysql", rest)) => {
                check_mysql(text, rest)?;
                Engine::MySql
            }
            Some(("sqlite", path)) if !path.is_empty() => Engine::Sqlite,
            _ => {
                return Err(Invalid::because(
                    "begins with neither mysql:// nor sqlite://",
                ));
            }
        };
        Ok(Self {
            engine,
            url: SecretString::from(text),
        })
    }

    /// Which engine it is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// The URL with its password, for the driver.
    #[must_use]
    pub const fn as_secret(&self) -> &SecretString {
        &self.url
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({:?}, [redacted])", self.engine)
    }
}

fn check_mysql(text: &str, rest: &str) -> Result<(), Invalid> {
    let url = url::Url::parse(text).map_err(|_| Invalid::because("is not a URL"))?;
    if rest.is_empty() || url.path().trim_matches('/').is_empty() {
        return Err(Invalid::because("names no database after the host"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_are_understood() {
        let engine = |text: &str| DatabaseUrl::parse(text).map(|url| url.engine());
        assert_eq!(
            engine("mysql://bot:p@db.example.org:3306/secrets"),
            Ok(Engine::MySql)
        );
        assert_eq!(
            engine("mysql://bot:p@localhost/x?socket=/run/m.sock"),
            Ok(Engine::MySql)
        );
        assert_eq!(
            engine("sqlite://secure-secret.db?mode=rwc"),
            Ok(Engine::Sqlite)
        );
        assert_eq!(engine("sqlite:///var/lib/x.db"), Ok(Engine::Sqlite));
    }

    #[test]
    fn anything_else_is_refused_without_repeating_it() {
        for text in [
            "",
            "canary",
            "postgres://canary@h/x",
            "mysql://canary@h",
            "mysql://",
            "sqlite://",
        ] {
            let error = DatabaseUrl::parse(text).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn printing_shows_no_password() {
        let url = DatabaseUrl::parse("mysql://bot:canary@db/x").unwrap();
        assert_eq!(format!("{url:?}"), "DatabaseUrl(MySql, [redacted])");
    }
}
