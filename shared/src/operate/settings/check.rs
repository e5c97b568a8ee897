//! `config check`: the settings as a program would run with them.

use std::io::{self, Write};

use clap::Subcommand;

use super::{Reader, Selection, SettingFlags, definitions};

/// `config`, with the flags of the program's own start.
#[derive(Subcommand)]
pub enum Config<S: Selection> {
    /// Shows each setting's value, masked where it is secret, and where it comes from; exit code 0
    /// if they are complete, 2 with every mistake if not
    Check(SettingFlags<S>),
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
    for suspected in reader.suspected() {
        writeln!(out, "warning: {suspected}")?;
    }
    Ok(())
}
