//! What is wrong with plans of SQLite's. It plans by the indexes alone, however many rows there
//! are, as nothing has it look at these (`ANALYZE`): so every test that ends explains what its
//! programs said, as their logs have it.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use serde_json::Value;

use super::verdict::SMALL;

/// What can be explained.
const EXPLAINABLE: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];

/// What is read there stands in the statement itself.
const STAND_IN_IT: [&str; 2] = ["VALUES CLAUSE", "CONSTANT ROW"];

/// A list that is one argument.
const GIVEN: &str = "json_each";

/// The statements in the lines that programs log at their most talkative.
#[must_use]
pub fn statements(log: &str) -> BTreeSet<String> {
    let lines = log.lines();
    let told = lines.filter(|line| line.contains("\"message\":\"statement\""));
    let texts = told.filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line["sql"].as_str()?.to_owned())
    });
    texts
        .filter(|text| EXPLAINABLE.iter().any(|word| text.starts_with(word)))
        .collect()
}

/// What is wrong with them, in words; nothing if all is well.
pub async fn faults(
    session: &DatabaseConnection,
    statements: impl IntoIterator<Item = String>,
) -> Vec<String> {
    let mut faults = Vec::new();
    for statement in statements {
        let plan = plan(session, &statement).await;
        let found = faults_of(&statement, &plan);
        let found = found.iter();
        faults.extend(found.map(|step| format!("{step}: {statement}")));
    }
    faults
}

/// The steps of a plan.
async fn plan(session: &DatabaseConnection, statement: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {statement}");
    let explain = Statement::from_string(session.get_database_backend(), explain);
    let steps = session.query_all_raw(explain).await.unwrap();
    steps
        .iter()
        .map(|step| step.try_get("", "detail").unwrap())
        .collect()
}

fn faults_of<'a>(statement: &str, plan: &'a [String]) -> Vec<&'a str> {
    let growing = growing_tables(plan);
    // In an index's order up to a batch's end, where no row is passed over.
    let ends = statement.contains(" LIMIT ") && !statement.contains(" WHERE ");
    let is_fault = |step: &&str| {
        let sorts = step.contains("USE TEMP B-TREE FOR ORDER BY") && !growing.is_empty();
        let scanned = step.strip_prefix("SCAN ").map(first_word);
        let by_index = step.contains(" USING ") && step.contains("INDEX");
        sorts || scanned.is_some_and(|name| growing.contains(name)) && !(ends && by_index)
    };
    plan.iter().map(String::as_str).filter(is_fault).collect()
}

/// The tables that a plan reads, but for those that stay small.
fn growing_tables(plan: &[String]) -> BTreeSet<&str> {
    let after = |step: &'static str| {
        let tables = plan
            .iter()
            .filter(|line| !STAND_IN_IT.iter().any(|rows| line.ends_with(rows)));
        let found = tables.filter_map(move |line| line.strip_prefix(step));
        found.map(first_word)
    };
    // What a part of the statement gave is looked at there.
    let made: BTreeSet<_> = after("MATERIALIZE ").chain(after("CO-ROUTINE ")).collect();
    let read = after("SCAN ").chain(after("SEARCH "));
    let stays_small = |name: &&str| *name == GIVEN || SMALL.contains(name);
    read.filter(|name| !made.contains(name) && !stays_small(name))
        .collect()
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scans_and_sorts_of_what_grows_are_told() {
        let told = |statement: &str, plan: &[&str]| {
            let plan: Vec<_> = plan.iter().map(|&step| step.to_owned()).collect();
            faults_of(statement, &plan).len()
        };
        assert_eq!(
            told("SELECT x FROM secrets WHERE y = 1", &["SCAN secrets"]),
            1
        );
        assert_eq!(told("SELECT x FROM secrets LIMIT 3", &["SCAN secrets"]), 1);
        let by_index = ["SCAN secrets USING COVERING INDEX i"];
        assert_eq!(
            told("SELECT x FROM secrets ORDER BY x LIMIT 3", &by_index),
            0
        );
        assert_eq!(
            told(
                "SELECT x FROM secrets WHERE y = 1 ORDER BY x LIMIT 3",
                &by_index
            ),
            1
        );
        assert_eq!(told("SELECT COUNT(*) FROM secrets", &by_index), 1);
        assert_eq!(
            told(
                "SELECT x FROM bots",
                &["SCAN bots", "USE TEMP B-TREE FOR ORDER BY"]
            ),
            0
        );
        let sorted = [
            "SEARCH secrets USING INDEX i (y=?)",
            "USE TEMP B-TREE FOR ORDER BY",
        ];
        assert_eq!(
            told("SELECT x FROM secrets WHERE y = 1 ORDER BY x", &sorted),
            1
        );
        let given = [
            "SEARCH secrets USING INDEX i (y>?)",
            "LIST SUBQUERY 1",
            "SCAN json_each VIRTUAL TABLE INDEX 1:",
        ];
        let by_list =
            "SELECT x FROM secrets WHERE y > 1 AND z NOT IN (SELECT value FROM json_each(?))";
        assert_eq!(told(by_list, &given), 0);
        let made = [
            "MATERIALIZE m",
            "SEARCH secrets USING INDEX i (y>?)",
            "SCAN m",
        ];
        assert_eq!(told("SELECT x FROM (SELECT 1) AS m", &made), 0);
    }
}
