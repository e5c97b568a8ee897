//! Doors that write down how each of their statements is planned, with the very values that it is
//! then run with.
//!
//! A door's variables are known within it only: so a test's database gets each door anew, with the
//! same name and the same text but for an `EXPLAIN` before each statement, and the programs call it
//! as ever. `EXPLAIN INTO` wants MySQL 8.1.

use std::{collections::BTreeMap, fmt::Write as _, mem};

use sea_orm::sqlx::{self, Row as _};
use shared::store::{Door, SQL_MODE, doors};

use super::Planned;
use crate::{TestDatabase, database::execute};

/// Rows that a rollback leaves.
const TABLE: &str = "CREATE TABLE door_plans (door VARCHAR(64) NOT NULL, number INT NOT NULL, \
                     plan LONGTEXT NOT NULL) ENGINE = MyISAM";

/// What can be explained.
const EXPLAINABLE: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];

/// After these a statement begins, as after a semicolon.
const BEFORE_STATEMENT: [&str; 5] = ["BEGIN", "THEN", "ELSE", "LOOP", "DO"];

/// Makes every door anew, so that it writes down its plans.
pub(super) async fn instrument(database: &TestDatabase) {
    let session = database.session().await;
    execute(&session, TABLE).await;
    execute(&session, &format!("SET SESSION sql_mode = '{SQL_MODE}'")).await;
    for door in doors::ALL {
        execute(&session, &format!("DROP PROCEDURE {}", door.name)).await;
        execute(&session, &instrumented(door)).await;
    }
    session.close().await.unwrap();
    // Who may call a procedure is forgotten with it.
    database.grant().await;
}

fn instrumented(door: &Door) -> String {
    let mut body = String::new();
    for (number, part) in parts(&door.body()).into_iter().enumerate() {
        if let Some(statement) = &part.explains {
            let name = door.name;
            writeln!(
                body,
                "EXPLAIN FORMAT = JSON INTO @plan {statement};\n\
                 INSERT INTO door_plans (door, number, plan) VALUES ('{name}', {number}, @plan);"
            )
            .unwrap();
        }
        body.push_str(&part.text);
    }
    if !body.trim_start().starts_with("BEGIN") {
        body = format!("BEGIN\n{body};\nEND");
    }
    format!(
        "CREATE PROCEDURE {}({})\nSQL SECURITY DEFINER\nCOMMENT '{}'\n{body}",
        door.name,
        door.parameters(),
        door.comment(),
    )
}

/// How the statements of doors were planned, and those that were never run.
pub(super) async fn plans(database: &TestDatabase) -> (Vec<Planned>, Vec<String>) {
    let session = database.session().await;
    let pool = session.get_mysql_connection_pool();
    let sql = "SELECT DISTINCT door, number, plan FROM door_plans";
    let rows = sqlx::raw_sql(sql).fetch_all(pool).await.unwrap();
    let mut unseen = statements();
    let mut planned = Vec::new();
    let all = statements();
    for row in &rows {
        let key = (row.get::<String, _>(0), row.get::<i32, _>(1));
        unseen.remove(&key);
        planned.push(Planned {
            by: format!("door {}", key.0),
            statement: all[&key].clone(),
            plan: serde_json::from_str(row.get(2)).unwrap(),
        });
    }
    session.close().await.unwrap();
    let unseen = unseen.into_iter();
    let unseen = unseen.map(|((door, _), statement)| format!("{door}: {statement}"));
    (planned, unseen.collect())
}

/// Every statement of every door.
fn statements() -> BTreeMap<(String, i32), String> {
    let mut statements = BTreeMap::new();
    for door in doors::ALL {
        for (number, part) in (0..).zip(parts(&door.body())) {
            if let Some(statement) = part.explains {
                statements.insert((door.name.to_owned(), number), statement);
            }
        }
    }
    statements
}

/// A part of a body.
#[derive(Debug, Default)]
struct Part {
    text: String,
    /// What is explained before it: itself, or the SELECT of the cursor that it opens.
    explains: Option<String>,
}

/// A body in parts; together they are the body.
fn parts(body: &str) -> Vec<Part> {
    let (mut parts, mut part) = (Vec::new(), Part::default());
    let mut cursors: BTreeMap<String, String> = BTreeMap::new();
    let mut rest = body;
    let mut begins = true;
    while !rest.is_empty() {
        let word = first_word(rest);
        let upper = word.to_uppercase();
        if begins && (EXPLAINABLE.contains(&upper.as_str()) || upper == "OPEN") {
            parts.push(mem::take(&mut part));
            let statement = until_semicolon(rest);
            part.explains = match statement.strip_prefix("OPEN ") {
                Some(cursor) => cursors.get(cursor.trim()).cloned(),
                None => Some(statement.to_owned()),
            };
        } else if begins && upper == "DECLARE" {
            let declaration = until_semicolon(rest);
            if let Some((name, select)) = declaration.split_once(" CURSOR FOR") {
                let name = name["DECLARE".len()..].trim();
                cursors.insert(name.to_owned(), select.trim().to_owned());
            }
        }
        begins = match word {
            ";" => true,
            _ if word.trim().is_empty() => begins,
            _ => BEFORE_STATEMENT.contains(&upper.as_str()) || word == ":",
        };
        part.text.push_str(word);
        rest = &rest[word.len()..];
    }
    parts.push(part);
    parts
}

/// A word, a text in quotes, white space, or a character of another kind.
fn first_word(text: &str) -> &str {
    let first = text.chars().next().unwrap();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let length = match first {
        '\'' | '`' => text[1..].find(first).map(|end| end + 2),
        _ if is_word(first) => text.find(|c| !is_word(c)),
        _ if first.is_whitespace() => text.find(|c: char| !c.is_whitespace()),
        _ => Some(first.len_utf8()),
    };
    &text[..length.unwrap_or(text.len())]
}

fn until_semicolon(text: &str) -> &str {
    let mut end = 0;
    while end < text.len() && !text[end..].starts_with(';') {
        end += first_word(&text[end..]).len();
    }
    text[..end].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_of_a_door_is_explained_and_none_is_changed() {
        for door in doors::ALL {
            let body = door.body();
            let parts = parts(&body);
            let together: String = parts.iter().map(|part| part.text.as_str()).collect();
            assert_eq!(together, body, "{}", door.name);
            let explained: Vec<_> = parts
                .iter()
                .filter_map(|part| part.explains.as_ref())
                .collect();
            assert!(!explained.is_empty(), "{}", door.name);
            // What stands in no statement that is explained: no row is touched there.
            let rest: String = parts
                .iter()
                .map(|part| {
                    part.text
                        .replace(part.explains.as_deref().unwrap_or("\0"), "")
                })
                .collect();
            let cursors = rest.matches(" CURSOR FOR").count();
            assert_eq!(
                rest.matches("SELECT ").count(),
                2 * cursors,
                "{}: {rest}",
                door.name
            );
            for left in ["INSERT INTO", "UPDATE secrets", "DELETE FROM", " FROM "] {
                assert!(cursors > 0 || !rest.contains(left), "{}: {rest}", door.name);
            }
        }
    }
}
