//! `config check`: the settings as a program would run with them.

use std::io::{self, Write};

use clap::Command;
use url::Url;

use super::{Exposure, Program, Reader, Setting, arguments, definitions};

/// The subcommand, with the flags of the program's own start.
#[must_use]
pub fn command_line(program: Program) -> Command {
    Command::new("config")
        .about("Shows the settings")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("check")
                .about(
                    "Shows each setting's value, masked where it is secret, and where it comes \
                     from; exit code 0 if they are complete, 2 with every mistake if not",
                )
                .args(arguments(&definitions::of(program))),
        )
}

/// A setting as `config check` shows it.
pub(super) struct Shown {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) origin: String,
    /// A file with a secret that every user of this machine may read.
    pub(super) open_file: Option<String>,
}

/// Prints what a program read; the mistakes are the reader's to tell.
pub fn print(reader: &Reader, out: &mut impl Write) -> io::Result<()> {
    let mut shown: Vec<_> = reader.shown().iter().collect();
    let place = |name| {
        definitions::ALL
            .iter()
            .position(|setting| setting.name == name)
    };
    shown.sort_by_key(|shown| place(shown.name));
    let width = |of: fn(&Shown) -> &str| {
        let lengths = shown.iter().map(|shown| of(shown).chars().count());
        lengths.max().unwrap_or(0)
    };
    let (name, value) = (width(|shown| shown.name), width(|shown| &shown.value));
    for shown in &shown {
        let line = format!(
            "{:name$}  {:value$}  {}",
            shown.name, shown.value, shown.origin
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    for shown in shown {
        if let Some(path) = &shown.open_file {
            writeln!(
                out,
                "warning: {path}, which holds {}, can be read by every user of this machine: chmod \
                 o-r {path}",
                shown.name
            )?;
        }
    }
    Ok(())
}

/// A value without what must not be seen.
pub(super) fn masked(setting: &Setting, value: &str) -> String {
    match setting.exposure {
        Exposure::Public => printable(value),
        Exposure::Secret => "set, not shown".to_owned(),
        Exposure::MayHoldPassword => without_password(value),
    }
}

/// A URL with its password replaced; nothing of what is no URL.
fn without_password(value: &str) -> String {
    let has_scheme = value.contains("://");
    let url = if has_scheme {
        Url::parse(value)
    } else {
        Url::parse(&format!("http://{value}"))
    };
    let Ok(mut url) = url else {
        return "set, not shown".to_owned();
    };
    if url.password().is_none() {
        return printable(value);
    }
    match url.set_password(Some("***")) {
        Ok(()) => printable(url.as_str()),
        Err(()) => "set, not shown".to_owned(),
    }
}

/// On one line, whatever it holds.
fn printable(value: &str) -> String {
    value
        .escape_debug()
        .to_string()
        .replace("\\'", "'")
        .replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::definitions::{BRAND_NAME, DATABASE_URL, FERNET_KEYS, HTTPS_PROXY};

    #[test]
    fn nothing_secret_is_shown() {
        for (setting, value, shown) in [
            (
                &DATABASE_URL,
                "mysql://bot:canary@db.example.org/secure_secret?ssl-ca=/etc/ca.pem",
                "mysql://bot:***@db.example.org/secure_secret?ssl-ca=/etc/ca.pem",
            ),
            (
                &DATABASE_URL,
                "sqlite://secure-secret.db?mode=rwc",
                "sqlite://secure-secret.db?mode=rwc",
            ),
            (
                &HTTPS_PROXY,
                "me:canary@proxy:3128",
                "http://me:***@proxy:3128/",
            ),
            (&HTTPS_PROXY, "proxy:3128", "proxy:3128"),
            (&HTTPS_PROXY, "http://me:canary@:1", "set, not shown"),
            (&FERNET_KEYS, "canary", "set, not shown"),
            (&BRAND_NAME, "L'École\n", "L'École\\n"),
        ] {
            assert_eq!(masked(setting, value), shown);
        }
    }
}
