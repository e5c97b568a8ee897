//! The table of events in docs/operating.md and the schema beside it are the trail's definitions.
//! `cargo xtask generate` writes them.

use std::fmt::Write as _;

use shared::store::audit::{self, Definition, EVENTS, Field, FieldKind};

use crate::generated::{self, in_a_cell};

#[test]
fn the_table_of_events_is_the_definitions() {
    let mut table =
        String::from("| event | what happened | outcome | by | details |\n|---|---|---|---|---|\n");
    for event in &EVENTS {
        writeln!(table, "{}", row(event)).unwrap();
    }
    generated::part("docs/operating.md", &table);
}

#[test]
fn the_schema_of_events_is_the_definitions() {
    let schema = serde_json::to_string_pretty(&audit::schema()).unwrap();
    generated::whole("docs/audit-event.schema.json", &format!("{schema}\n"));
}

fn row(event: &Definition) -> String {
    let actors: Vec<_> = event.actors.iter().map(|actor| actor.code()).collect();
    let fields: Vec<_> = event.fields.iter().map(told).collect();
    format!(
        "| `{}` | {} | {} | {} | {} |",
        event.name,
        in_a_cell(event.meaning),
        event.outcome.code(),
        actors.join(", "),
        in_a_cell(&fields.join("; "))
    )
}

fn told(field: &Field) -> String {
    let words = match field.kind {
        FieldKind::Word(words) if !words.is_empty() => format!(" ({})", words.join(", ")),
        _ => String::new(),
    };
    format!("`{}`: {}{words}", field.name, field.meaning)
}
