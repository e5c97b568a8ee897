//! The table of settings in docs/configuration.md is the definitions'. `cargo xtask generate`
//! writes it.

use std::fmt::Write as _;

use shared::{
    domain::program::Program,
    operate::settings::{Exposure, Setting, definitions},
};

use crate::generated::{self, in_a_cell};

const DOCUMENT: &str = "docs/configuration.md";
#[test]
fn the_table_of_settings_is_the_definitions() {
    generated::part(DOCUMENT, &table());
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
