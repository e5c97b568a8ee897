//! What the programs say to a MySQL server: its general log has every statement with its values.

use std::{collections::BTreeMap, fmt::Write as _};

use sea_orm::sqlx::{self, AssertSqlSafe, Row as _};

use super::Planned;
use crate::TestDatabase;

/// Statements of one shape that are explained: plans differ by values, if seldom.
const OF_A_SHAPE: usize = 25;

/// What can be explained; calls of doors say their own plans.
const EXPLAINABLE: [&str; 6] = ["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"];

/// From now on everything is written down.
pub(super) async fn begin(database: &TestDatabase) {
    administer(database, "SET GLOBAL log_output = 'TABLE'").await;
    administer(database, "SET GLOBAL general_log = ON").await;
}

/// Nothing more is.
pub(super) async fn end(database: &TestDatabase) {
    administer(database, "SET GLOBAL general_log = OFF").await;
}

async fn administer(database: &TestDatabase, sql: &'static str) {
    let session = database.admin_session().await;
    let pool = session.get_mysql_connection_pool();
    sqlx::raw_sql(sql).execute(pool).await.unwrap();
    session.close().await.unwrap();
}

/// Statements that were said, by their shapes.
#[derive(Debug, Default)]
pub(super) struct Said(BTreeMap<String, Vec<String>>);

impl Said {
    /// What an account said over connections of the programs' making; tests have their own.
    pub(super) async fn by(database: &TestDatabase, account: &str) -> Self {
        let session = database.admin_session().await;
        let pool = session.get_mysql_connection_pool();
        let sql = format!(
            "SELECT DISTINCT argument FROM mysql.general_log \
             WHERE command_type IN ('Execute', 'Query') AND user_host LIKE '{account}[%' \
             AND thread_id IN (SELECT thread_id FROM mysql.general_log \
               WHERE argument LIKE 'SET SESSION transaction_isolation = %wait_timeout = %')"
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch_all(pool)
            .await
            .unwrap();
        let mut said = Self::default();
        for row in &rows {
            said.add(&row.get::<Vec<u8>, _>(0));
        }
        session.close().await.unwrap();
        said
    }

    fn add(&mut self, statement: &[u8]) {
        let (statement, shape) = readable(statement);
        let first = statement.split_whitespace().next().unwrap_or_default();
        if EXPLAINABLE.contains(&first.to_uppercase().as_str()) {
            let same = self.0.entry(shape).or_default();
            if same.len() < OF_A_SHAPE {
                same.push(statement);
            }
        }
    }

    /// How the server plans them.
    pub(super) async fn plans(&self, database: &TestDatabase, by: &str) -> Vec<Planned> {
        let session = database.session().await;
        let pool = session.get_mysql_connection_pool();
        let mut planned = Vec::new();
        for (shape, statements) in &self.0 {
            for statement in statements {
                let sql = format!("EXPLAIN FORMAT = JSON {statement}");
                let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(pool).await;
                let row = row.unwrap_or_else(|error| panic!("{shape}: {error}"));
                planned.push(Planned {
                    by: by.to_owned(),
                    statement: shape.clone(),
                    plan: serde_json::from_str(row.get(0)).unwrap(),
                });
            }
        }
        session.close().await.unwrap();
        planned
    }
}

/// A statement as it can be said again, its binary values in hexadecimal; and without its values.
fn readable(statement: &[u8]) -> (String, String) {
    let (mut text, mut shape) = (String::new(), String::new());
    let mut rest = statement;
    while let Some((&first, after)) = rest.split_first() {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        if first == b'\'' {
            let (value, length) = quoted(after);
            text.push_str(&literal(&value));
            shape.push('?');
            rest = &after[length..];
        } else if is_word(&first) {
            let length = rest.iter().position(|byte| !is_word(byte));
            let word;
            (word, rest) = rest.split_at(length.unwrap_or(rest.len()));
            let word = String::from_utf8_lossy(word);
            text.push_str(&word);
            shape.push_str(if first.is_ascii_digit() { "?" } else { &word });
        } else {
            text.push(char::from(first));
            shape.push(char::from(first));
            rest = after;
        }
    }
    while shape.contains("?, ?") {
        shape = shape.replace("?, ?", "?");
    }
    (text, shape)
}

/// The value of what is in quotes, and how long it is written with the closing one.
fn quoted(text: &[u8]) -> (Vec<u8>, usize) {
    let mut value = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            (b'\\', Some(escaped)) => {
                value.push(match escaped {
                    b'0' => 0,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'Z' => 26,
                    other => *other,
                });
                at += 2;
            }
            (b'\'', Some(b'\'')) => {
                value.push(b'\'');
                at += 2;
            }
            (b'\'', _) => return (value, at + 1),
            (byte, _) => {
                value.push(byte);
                at += 1;
            }
        }
    }
    (value, at)
}

fn literal(value: &[u8]) -> String {
    let is_plain = |text: &&str| !text.contains(['\'', '\\']) && !text.contains(char::is_control);
    if let Some(text) = std::str::from_utf8(value).ok().filter(is_plain) {
        return format!("'{text}'");
    }
    let mut digits = "0x".to_owned();
    for byte in value {
        write!(digits, "{byte:02x}").unwrap();
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_values_are_said_again_in_hexadecimal() {
        let said =
            b"SELECT `a` FROM b WHERE c = 'x\\0\xff\\'' AND d = 'it' AND e IN ('f', 7) LIMIT 20";
        let (text, shape) = readable(said);
        assert_eq!(
            text,
            "SELECT `a` FROM b WHERE c = 0x7800ff27 AND d = 'it' AND e IN ('f', 7) LIMIT 20"
        );
        assert_eq!(
            shape,
            "SELECT `a` FROM b WHERE c = ? AND d = ? AND e IN (?) LIMIT ?"
        );
    }
}
