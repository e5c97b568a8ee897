//! The table of settings in docs/configuration.md is the definitions'. `cargo xtask generate`
//! writes it.

use std::{env, fmt::Write as _, fs};

use shared::{
    domain::program::Program,
    operate::settings::{Exposure, Setting, definitions},
};

use crate::repository;

const DOCUMENT: &str = "docs/configuration.md";
const BEGIN: &str = "<!-- generated: cargo xtask generate -->\n";
const END: &str = "<!-- end of what is generated -->\n";

#[test]
fn the_table_of_settings_is_the_definitions() {
    let document = repository::read(DOCUMENT);
    let (head, rest) = document.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    let written = format!("{head}{BEGIN}\n{}\n{END}{tail}", table());
    if env::var_os("WRITE_DOCUMENTS").is_some() {
        fs::write(repository::root().join(DOCUMENT), written).unwrap();
    } else {
        assert!(
            document == written,
            "{DOCUMENT} is old: run `cargo xtask generate`"
        );
    }
}

fn table() -> String {
    let mut table = String::from(
        "| setting | who | meaning | what it looks like | default |\n|---|---|---|---|---|\n",
    );
    for setting in definitions::ALL {
        writeln!(table, "{}", row(setting)).unwrap();
    }
    table
}

fn row(setting: &Setting) -> String {
    let who: Vec<_> = if setting.programs.len() == Program::ALL.len() {
        vec!["all"]
    } else {
        setting
            .programs
            .iter()
            .map(|program| program.short_name())
            .collect()
    };
    let mark = match setting.exposure {
        Exposure::Public => "",
        Exposure::MayHoldPassword => " May hold a password.",
        Exposure::Secret => " Secret.",
    };
    let default = setting.default.map(|default| format!("`{default}`"));
    format!(
        "| `{}` | {} | {}.{mark} | {} | {} |",
        setting.name,
        who.join(", "),
        in_a_cell(setting.meaning),
        in_a_cell(setting.form),
        default.as_deref().unwrap_or("")
    )
}

/// A bar would end the cell, and an angle bracket begin a tag.
fn in_a_cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
