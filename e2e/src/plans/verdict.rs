//! What is wrong with a plan of MySQL's, as JSON of its first version.

use serde_json::{Map, Value};

/// Tables that stay below a hundred rows: a row a bot, a program's ring of keys or a migration, or
/// a single one. Reading all of them is the fastest way.
pub(super) const SMALL: [&str; 5] = [
    "bots",
    "installation",
    "key_rings",
    "seaql_migrations",
    "view_checks",
];

/// So many rows they never have.
pub(super) const SMALL_BELOW: i64 = 100;

/// An index that is read in its order is read to its end only if nothing ends that before: so many
/// rows are a batch.
const BATCH: u64 = 1000;

/// What is wrong, in words; nothing if all is well.
pub(super) fn faults(plan: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    look(plan, &mut faults);
    faults
}

fn look(value: &Value, faults: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if object.get("using_filesort") == Some(&Value::Bool(true)) && reads_big(value) {
                faults.push("a filesort".to_owned());
            }
            if object.contains_key("access_type") {
                faults.extend(full_scan(object));
            }
            object.values().for_each(|inner| look(inner, faults));
        }
        Value::Array(list) => list.iter().for_each(|inner| look(inner, faults)),
        _ => {}
    }
}

fn full_scan(table: &Map<String, Value>) -> Option<String> {
    let is_written = table.get("insert") == Some(&Value::Bool(true));
    if is_written || !is_big(table) {
        return None;
    }
    let name = table["table_name"].as_str()?;
    let rows = table.get("rows_examined_per_scan").and_then(Value::as_u64);
    match table["access_type"].as_str()? {
        "ALL" => Some(format!("a full scan of {name}")),
        "index" if rows.is_none_or(|rows| rows > BATCH) => {
            Some(format!("a full scan of an index of {name}"))
        }
        _ => None,
    }
}

fn is_big(table: &Map<String, Value>) -> bool {
    let name = table
        .get("table_name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    // What a part of the statement gave is looked at there.
    let is_made = table.contains_key("materialized_from_subquery") || name.starts_with('<');
    !is_made && !SMALL.contains(&name)
}

/// Whether a plan reads a big table.
fn reads_big(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            (object.contains_key("access_type") && is_big(object)) || object.values().any(reads_big)
        }
        Value::Array(list) => list.iter().any(reads_big),
        _ => false,
    }
}
