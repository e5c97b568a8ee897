//! `DATABASE_URL`.

use std::{fmt, fs, path::PathBuf};

use percent_encoding::percent_decode_str;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::url_hosts::{self, AroundHosts};
use crate::domain::{base_url::is_loopback, invalid::Invalid};

/// What sqlx understands in a `mysql://` URL after the question mark; it passes over anything else
/// in silence.
const MYSQL_PARAMETERS: [&str; 14] = [
    "charset",
    "collation",
    "socket",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "sslca",
    "sslcert",
    "sslkey",
    "sslmode",
    "statement-cache-capacity",
    "time-zone",
    "timezone",
];

/// The same for `sqlite://`.
const SQLITE_PARAMETERS: [&str; 4] = ["cache", "immutable", "mode", "vfs"];

/// The mode in which a server has to prove who it is. `VERIFY_CA` is none: sqlx takes any public
/// authority besides the one that is named, and then whatever host the certificate is for.
const VERIFYING: &str = "VERIFY_IDENTITY";

/// How what would end a part of the URL is written in user name and password.
const ENCODING: &str = "in user name and password, write @ as %40, : as %3A, / as %2F, # as %23, \
                        ? as %3F, % as %25";

/// The database engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// MySQL 8 or a database that speaks like it.
    MySql,
    /// SQLite, embedded.
    Sqlite,
}

/// How the way to the database is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// It does not leave this machine: a file, a socket, or a loopback address.
    Local,
    /// TLS with a server whose certificate is checked, against its host name too.
    VerifiedTls,
}

/// The address of a database, with its password.
#[derive(Clone)]
pub struct DatabaseUrl {
    engine: Engine,
    protection: Protection,
    names_mode: bool,
    /// As the driver takes it: for each host one of its own.
    urls: Vec<SecretString>,
}

impl DatabaseUrl {
    /// Parses `mysql://…` or `sqlite://…`. A MySQL server beyond this machine is reached over
    /// verified TLS only.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text.split_once("://") {
            Some(("mysql", rest)) => match AroundHosts::of(text).filter(AroundHosts::are_several) {
                Some(parts) => Self::parse_several(&parts.each()?),
                None => Self::parse_mysql(text, rest),
            },
            Some(("sqlite", path)) if !path.is_empty() => Self::parse_sqlite(text, path),
            _ => Err(Invalid::because(
                "begins with neither mysql:// nor sqlite://",
            )),
        }
    }

    /// The same database on each host of a cluster, reached as the farthest of them is.
    fn parse_several(texts: &[String]) -> Result<Self, Invalid> {
        let mut all: Option<Self> = None;
        for text in texts {
            let (_, rest) = text.split_once("://").unwrap_or_default();
            let one = Self::parse_mysql(text, rest)?;
            let Some(known) = &mut all else {
                all = Some(one);
                continue;
            };
            if one.protection == Protection::VerifiedTls {
                known.protection = one.protection;
            }
            known.urls.extend(one.urls);
        }
        let names_socket = |url: Url| url.query_pairs().any(|(name, _)| name == "socket");
        if texts
            .first()
            .and_then(|text| Url::parse(text).ok())
            .is_some_and(names_socket)
        {
            return Err(Invalid::because(
                "names several hosts and a socket, which is one server's: leave one of them out",
            ));
        }
        all.ok_or_else(|| Invalid::because("names no database after the host"))
    }

    fn parse_mysql(text: &str, rest: &str) -> Result<Self, Invalid> {
        let url =
            Url::parse(text).map_err(|_| Invalid::because(format!("is not a URL: {ENCODING}")))?;
        let behind_host = [Some(url.path()), url.query()].into_iter().flatten();
        if behind_host.into_iter().any(|part| part.contains('@')) || url.fragment().is_some() {
            return Err(Invalid::because(format!(
                "has an @ or # in the wrong place: {ENCODING}"
            )));
        }
        if rest.is_empty() || url.path().trim_matches('/').is_empty() {
            return Err(Invalid::because("names no database after the host"));
        }
        let mut mode = None;
        let mut is_local = is_loopback_mysql(&url);
        for (name, value) in url.query_pairs() {
            match &*name {
                "ssl-mode" | "sslmode" => mode = Some(value.to_uppercase()),
                "ssl-ca" | "sslca" => check_authority(&value)?,
                "ssl-cert" | "sslcert" | "ssl-key" | "sslkey" => check_readable(&value)?,
                "socket" => is_local = true,
                name if MYSQL_PARAMETERS.contains(&name) => {}
                _ => return Err(unknown_parameter(&MYSQL_PARAMETERS)),
            }
        }
        let verifies = mode.as_deref().is_none_or(|mode| mode == VERIFYING);
        if !is_local && !verifies {
            return Err(Invalid::because(
                "has an ssl-mode that takes others for the right server, beyond this machine: leave it \
                 out, or say VERIFY_IDENTITY; a private authority is named by ssl-ca",
            ));
        }
        Ok(Self {
            engine: Engine::MySql,
            protection: if is_local {
                Protection::Local
            } else {
                Protection::VerifiedTls
            },
            names_mode: mode.is_some(),
            urls: vec![SecretString::from(text)],
        })
    }

    fn parse_sqlite(text: &str, path: &str) -> Result<Self, Invalid> {
        let (file, parameters) = path.split_once('?').unwrap_or((path, ""));
        // SQLite would read it as an address of its own, whose file nothing here knows.
        if percent_decode_str(file)
            .decode_utf8_lossy()
            .starts_with("file:")
        {
            return Err(Invalid::because(
                "names a file: address; sqlite:// is followed by the file's path itself",
            ));
        }
        for (name, _) in url::form_urlencoded::parse(parameters.as_bytes()) {
            if !SQLITE_PARAMETERS.contains(&&*name) {
                return Err(unknown_parameter(&SQLITE_PARAMETERS));
            }
        }
        Ok(Self {
            engine: Engine::Sqlite,
            protection: Protection::Local,
            names_mode: false,
            urls: vec![SecretString::from(text)],
        })
    }

    /// Which engine it is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// How the way there is protected.
    #[must_use]
    pub const fn protection(&self) -> Protection {
        self.protection
    }

    /// Whether TLS must be made to verify the server, as the URL leaves it open.
    pub(crate) fn needs_verification(&self) -> bool {
        self.protection == Protection::VerifiedTls && !self.names_mode
    }

    /// The file of an SQLite database, if it has one.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        let (path, parameters) = self.sqlite_parts()?;
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let in_memory = path == ":memory:" || has_mode(parameters, "memory");
        (!in_memory).then(|| PathBuf::from(&*path))
    }

    /// The file of an SQLite database, if it is not there.
    #[must_use]
    pub fn missing_file(&self) -> Option<PathBuf> {
        self.file().filter(|path| !path.exists())
    }

    /// The same, if it shall be made.
    pub(crate) fn file_to_create(&self) -> Option<PathBuf> {
        let (_, parameters) = self.sqlite_parts()?;
        has_mode(parameters, "rwc")
            .then(|| self.missing_file())
            .flatten()
    }

    /// What stands before and behind the question mark.
    fn sqlite_parts(&self) -> Option<(&str, &str)> {
        let path = self.first().strip_prefix("sqlite://")?;
        Some(path.split_once('?').unwrap_or((path, "")))
    }

    /// The URL with its password, for the driver: for each host one of its own, at least one.
    #[must_use]
    pub fn for_driver(&self) -> &[SecretString] {
        &self.urls
    }

    /// Host and port of each of its URLs.
    pub fn host_names(&self) -> impl Iterator<Item = &str> {
        let urls = self.urls.iter();
        urls.map(|url| url_hosts::name_of(url.expose_secret()))
    }

    /// The URL, which is one host's or that of a file.
    fn first(&self) -> &str {
        self.urls.first().map_or("", |url| url.expose_secret())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({:?}, [redacted])", self.engine)
    }
}

/// A `mysql` URL's host is text to the URL's parser, addresses too.
fn is_loopback_mysql(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_loopback(&url))
}

fn check_authority(path: &str) -> Result<(), Invalid> {
    let pem = fs::read(path).map_err(|error| {
        Invalid::because(format!("names an ssl-ca that can't be read: {error}"))
    })?;
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    if certificates.is_ok_and(|certificates| !certificates.is_empty()) {
        Ok(())
    } else {
        Err(Invalid::because(
            "names an ssl-ca that holds no certificate in PEM form",
        ))
    }
}

fn check_readable(path: &str) -> Result<(), Invalid> {
    fs::File::open(path).map(drop).map_err(|error| {
        Invalid::because(format!(
            "names an ssl-cert or ssl-key that can't be read: {error}"
        ))
    })
}

fn has_mode(parameters: &str, mode: &str) -> bool {
    url::form_urlencoded::parse(parameters.as_bytes())
        .any(|(name, value)| name == "mode" && value == mode)
}

fn unknown_parameter(known: &[&str]) -> Invalid {
    Invalid::because(format!(
        "has something after its question mark that is not known; known are {}",
        known.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_are_understood() {
        let parsed = |text: &str| {
            let url = DatabaseUrl::parse(text).unwrap();
            (url.engine(), url.protection(), url.needs_verification())
        };
        let mysql = |protection, needs| (Engine::MySql, protection, needs);
        for local in [
            "mysql://bot:p@localhost/x?socket=/run/m.sock",
            "mysql://bot:p@127.0.0.1:3306/x",
            "mysql://bot:p@[::1]/x?ssl-mode=disabled",
            "mysql://bot:p@anything/x?socket=/run/m.sock&ssl-mode=DISABLED",
        ] {
            assert_eq!(parsed(local), mysql(Protection::Local, false), "{local}");
        }
        for (remote, needs) in [
            ("mysql://bot:p@db.example.org:3306/secrets", true),
            ("mysql://bot:p@10.0.0.3/x", true),
            ("mysql://bot:p@localhost.example.org/x", true),
            ("mysql://bot:p@db/x?sslmode=verify_identity", false),
        ] {
            assert_eq!(
                parsed(remote),
                mysql(Protection::VerifiedTls, needs),
                "{remote}"
            );
        }
        for sqlite in [
            "sqlite://secure-secret.db?mode=rwc",
            "sqlite:///var/lib/x.db",
        ] {
            assert_eq!(parsed(sqlite), (Engine::Sqlite, Protection::Local, false));
        }
    }

    #[test]
    fn a_cluster_has_several_hosts() {
        let parsed = |text: &str| {
            let url = DatabaseUrl::parse(text).unwrap();
            let names: Vec<_> = url.host_names().map(str::to_owned).collect();
            (names.join(" "), url.protection(), url.needs_verification())
        };
        let told = |names: &str, protection, needs| (names.to_owned(), protection, needs);
        let (local, tls) = (Protection::Local, Protection::VerifiedTls);
        for (text, expected) in [
            ("mysql://b:p@db1/x", told("db1", tls, true)),
            (
                "mysql://b:p,q@db1:3307,db2,[2001:db8::1]:3308/x?charset=utf8mb4",
                told("db1:3307 db2 [2001:db8::1]:3308", tls, true),
            ),
            (
                "mysql://b:p@127.0.0.1:1,localhost,[::1]/x",
                told("127.0.0.1:1 localhost [::1]", local, false),
            ),
            (
                "mysql://b:p@127.0.0.1,db2/x",
                told("127.0.0.1 db2", tls, true),
            ),
            (
                "mysql://b:p@db1,db2/x?ssl-mode=VERIFY_IDENTITY",
                told("db1 db2", tls, false),
            ),
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn a_file_is_made_where_it_is_asked_for_and_missing() {
        let parsed = |text: &str| DatabaseUrl::parse(text).unwrap();
        let absent = Some(PathBuf::from("/nowhere/a b.db"));
        for (text, file, to_create) in [
            ("sqlite:///nowhere/a%20b.db?mode=rwc", &absent, &absent),
            ("sqlite:///nowhere/a%20b.db?cache=private", &absent, &None),
            ("sqlite:///nowhere/a%20b.db?mode=rw", &absent, &None),
            ("sqlite:///nowhere/a%20b.db?mode=memory", &None, &None),
            ("sqlite://:memory:?mode=rwc", &None, &None),
            ("mysql://bot:p@db/x", &None, &None),
        ] {
            assert_eq!(&parsed(text).file(), file, "{text}");
            assert_eq!(&parsed(text).file_to_create(), to_create, "{text}");
        }
        let here = parsed("sqlite:///dev/null?mode=rwc");
        assert_eq!(here.missing_file(), None);
        assert_eq!(here.file_to_create(), None);
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
            "mysql://bot:42/canary@db/x",
            "mysql://bot:/canary@db/x",
            "mysql://bot:p#canary@db/x",
            "mysql://bot:p?canary@db/x",
            "mysql://bot:canary@db/x?ssl-key=/nowhere/canary",
            "mysql://bot:canary@db/x?ssl-mode=VERIFY_CA",
            "mysql://bot:canary@db/x?ssl-mode=VERIFY_IDENTITY&sslmode=required",
            "mysql://bot:canary@db/x?ssl-mode=REQUIRED",
            "mysql://bot:canary@db/x?ssl-mode=PREFERRED",
            "mysql://bot:canary@db/x?sslmode=disabled",
            "mysql://bot:canary@db/x?ssl-mode=canary",
            "mysql://bot:canary@db/x?tls=canary",
            "mysql://bot:canary@db/x?ssl-ca=/nowhere/canary.pem",
            "mysql://bot:canary@127.0.0.1/x?ssl-ca=/dev/null",
            "mysql://bot:canary@db1,db2/x?socket=/run/m.sock",
            "mysql://bot:canary@127.0.0.1,db2/x?ssl-mode=DISABLED",
            "mysql://bot:ca,canary/x@db/x",
            "mysql://bot:canary@db1,db2",
            "mysql://bot:canary@db1:3306,db2:/x",
            "mysql://bot:canary@db1,,db2/x",
            "sqlite://x.db?canary=1",
            "sqlite://file:canary.db?mode=rwc",
            "sqlite://%66ile:///nowhere/canary.db",
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
