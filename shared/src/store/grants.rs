//! What the server says that an account may do, held against what it should, right by right.

use std::{collections::BTreeSet, fmt};

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::{
    Database, StoreError, doors,
    rights::{self, Columns, TableRights},
};
use crate::domain::program::Program;

/// One right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// As GRANT calls it, `SELECT` for example.
    pub privilege: String,
    /// For a right to one column, its name.
    pub column: Option<String>,
    /// What it is a right to: `` `database`.`table` ``, ``PROCEDURE `database`.`name` ``, `*.*`.
    pub place: String,
}

/// As REVOKE takes it.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.privilege)?;
        if let Some(column) = &self.column {
            write!(f, " ({column})")?;
        }
        write!(f, " ON {}", self.place)
    }
}

/// How an account's rights differ from its program's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// What the program needs and may not do.
    pub missing: Vec<Right>,
    /// What it may do and must not need.
    pub excessive: Vec<Right>,
    /// Whether all of that is what a version before needed.
    pub is_former: bool,
}

/// Compares the rights of the account that this is connected under with its program's. SQLite has
/// no accounts.
pub async fn differences(database: &Database, program: Program) -> Result<Differences, StoreError> {
    if !database.is_mysql() {
        return Ok(Differences::default());
    }
    let name = schema(database).await?;
    let listed = listed(database).await?;
    Ok(compare(&listed, &name, program))
}

/// What the migrating account lacks for making stored procedures, as far as it is listed.
pub async fn missing_for_doors(database: &Database) -> Result<Vec<Right>, StoreError> {
    let name = schema(database).await?;
    let place = format!("{}.*", identifier(&name));
    let needed = ["CREATE ROUTINE", "ALTER ROUTINE", "EXECUTE"].map(|privilege| Right {
        privilege: privilege.to_owned(),
        column: None,
        place: place.clone(),
    });
    let listed = listed(database).await?;
    let missing = needed
        .into_iter()
        .filter(|needed| !is_covered(needed, &listed));
    Ok(missing.collect())
}

/// The rights of a program's account, in the database of this name.
#[must_use]
pub fn expected(schema: &str, program: Program) -> BTreeSet<Right> {
    let mut expected = to_tables(schema, rights::of(program));
    expected.extend(doors::of(program).map(|door| Right {
        privilege: "EXECUTE".to_owned(),
        column: None,
        place: format!("PROCEDURE {}.{}", identifier(schema), identifier(door.name)),
    }));
    expected
}

/// What a program's account had in a version before, and has no more.
#[must_use]
pub fn former(schema: &str, program: Program) -> BTreeSet<Right> {
    let expected = expected(schema, program);
    let mut former = to_tables(schema, rights::former(program));
    former.retain(|right| !is_covered(right, &expected));
    former
}

fn to_tables(schema: &str, tables: &[TableRights]) -> BTreeSet<Right> {
    let mut all = BTreeSet::new();
    for table in tables {
        let place = format!("{}.{}", identifier(schema), identifier(table.table));
        let mut add = |privilege: &str, column: Option<&str>| {
            all.insert(Right {
                privilege: privilege.to_owned(),
                column: column.map(str::to_owned),
                place: place.clone(),
            });
        };
        for (privilege, is_given) in [("INSERT", table.insert), ("DELETE", table.delete)] {
            if is_given {
                add(privilege, None);
            }
        }
        for (privilege, columns) in [("SELECT", table.select), ("UPDATE", table.update)] {
            match columns {
                Columns::None => {}
                Columns::All(_) => add(privilege, None),
                Columns::Only(names) => names.iter().for_each(|name| add(privilege, Some(name))),
            }
        }
    }
    all
}

fn compare(listed: &BTreeSet<Right>, schema: &str, program: Program) -> Differences {
    let expected = expected(schema, program);
    let missing = expected.iter().filter(|right| !is_covered(right, listed));
    let excessive = listed.iter().filter(|right| !is_covered(right, &expected));
    let excessive: Vec<_> = excessive.cloned().collect();
    let former = former(schema, program);
    Differences {
        missing: missing.cloned().collect(),
        is_former: excessive.iter().all(|right| is_covered(right, &former)),
        excessive,
    }
}

async fn schema(database: &Database) -> Result<String, StoreError> {
    let question = Statement::from_string(DbBackend::MySql, "SELECT DATABASE()");
    let row = database.connection().query_one_raw(question).await?;
    let row = row.ok_or(StoreError::NoDatabase)?;
    Ok(row.try_get_by_index(0)?)
}

/// What the server lists of this account's rights, with those of every role that it may take on.
async fn listed(database: &Database) -> Result<BTreeSet<Right>, StoreError> {
    const QUESTION: &str = "SHOW GRANTS FOR CURRENT_USER()";
    let plain = lines(database, QUESTION.to_owned()).await?;
    let roles: Vec<_> = plain.iter().filter_map(|line| roles_of(line)).collect();
    if roles.is_empty() {
        return Ok(plain.iter().flat_map(|line| rights_of(line)).collect());
    }
    let with_roles = lines(database, format!("{QUESTION} USING {}", roles.join(","))).await?;
    let all = plain.iter().chain(&with_roles);
    Ok(all.flat_map(|line| rights_of(line)).collect())
}

async fn lines(database: &Database, question: String) -> Result<Vec<String>, StoreError> {
    let statement = Statement::from_string(DbBackend::MySql, question);
    let rows = database.connection().query_all_raw(statement).await?;
    let lines = rows.iter().map(|row| Ok(row.try_get_by_index(0)?));
    lines.collect()
}

/// The roles of a line such as ``GRANT `one`@`%`,`other`@`%` TO `bot`@`%` ``.
fn roles_of(line: &str) -> Option<&str> {
    let given = line.strip_prefix("GRANT ")?;
    if outside(given, " ON ").is_some() {
        return None;
    }
    Some(&given[..outside(given, " TO ")?])
}

/// The rights of one line, such as ``GRANT SELECT (`id`), INSERT ON `db`.`table` TO `bot`@`%` ``.
/// What is understood of none is a right by itself, and nobody's to have.
fn rights_of(line: &str) -> Vec<Right> {
    if line.starts_with("REVOKE ") {
        // Of something that another line gives.
        return Vec::new();
    }
    let right = |privilege: &str, column: Option<&str>, place: &str| Right {
        privilege: privilege.to_owned(),
        column: column.map(str::to_owned),
        place: place.to_owned(),
    };
    if let Some(roles) = roles_of(line) {
        let is_to_pass_on = line.ends_with(" WITH ADMIN OPTION");
        let passed_on = is_to_pass_on.then(|| right("ADMIN OPTION", None, roles));
        return passed_on.into_iter().collect();
    }
    let parts = line.strip_prefix("GRANT ").and_then(|given| {
        let (privileges, rest) = given.split_at(outside(given, " ON ")?);
        let rest = &rest[" ON ".len()..];
        Some((privileges, &rest[..outside(rest, " TO ")?]))
    });
    let Some((privileges, place)) = parts else {
        return vec![right(line, None, "?")];
    };
    let mut all = Vec::new();
    for privilege in split_outside(privileges, ", ") {
        let (privilege, columns) = match privilege.split_once(" (") {
            Some((privilege, columns)) => (privilege, columns.trim_end_matches(')')),
            None => (privilege, ""),
        };
        if columns.is_empty() && privilege != "USAGE" {
            all.push(right(privilege, None, place));
        }
        for column in columns.split(", ").filter(|column| !column.is_empty()) {
            all.push(right(privilege, Some(column.trim_matches('`')), place));
        }
    }
    if line.ends_with(" WITH GRANT OPTION") {
        all.push(right("GRANT OPTION", None, place));
    }
    all
}

/// Whether a right is among these, or part of one.
fn is_covered(right: &Right, by: &BTreeSet<Right>) -> bool {
    by.iter().any(|by| {
        let is_all = by.privilege == "ALL PRIVILEGES" && right.privilege != "GRANT OPTION";
        let is_privilege = is_all || by.privilege == right.privilege;
        let is_column = by.column.is_none() || by.column == right.column;
        is_privilege && is_column && holds(&by.place, &right.place)
    })
}

/// Whether a place is the other one, or the other one lies in it.
fn holds(place: &str, other: &str) -> bool {
    if place == "*.*" || place == other {
        return true;
    }
    let other = other.strip_prefix("PROCEDURE ").unwrap_or(other);
    let database = |place: &str| {
        let end = outside(place, ".")?;
        Some(place[..end].trim_matches('`').replace("``", "`"))
    };
    place.ends_with(".*")
        && match (database(place), database(other)) {
            (Some(pattern), Some(name)) => is_like(&pattern, &name),
            _ => false,
        }
}

/// Whether a database's name is as a grant for whole databases has it: `_` is any character there,
/// `%` any number of them, and a backslash takes that from either.
/// Source: <https://dev.mysql.com/doc/refman/8.4/en/grant.html>.
fn is_like(pattern: &str, name: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => name.is_empty(),
        Some('%') => {
            let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.any(|at| is_like(rest.as_str(), &name[at..]))
        }
        Some(first) => {
            let (first, is_any) = match first {
                '\\' => (rest.next().unwrap_or('\\'), false),
                first => (first, first == '_'),
            };
            let mut name = name.chars();
            let is_first = name.next().is_some_and(|c| is_any || c == first);
            is_first && is_like(rest.as_str(), name.as_str())
        }
    }
}

/// Where something first stands outside quoted names and parentheses.
fn outside(text: &str, what: &str) -> Option<usize> {
    let (mut is_quoted, mut depth) = (false, 0_usize);
    for (at, c) in text.char_indices() {
        if !is_quoted && depth == 0 && text[at..].starts_with(what) {
            return Some(at);
        }
        match c {
            '`' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn split_outside<'a>(text: &'a str, at: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(end) = outside(rest, at) {
        parts.push(&rest[..end]);
        rest = &rest[end + at.len()..];
    }
    parts.push(rest);
    parts
}

/// A name, quoted.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> BTreeSet<Right> {
        lines.iter().flat_map(|line| rights_of(line)).collect()
    }

    #[test]
    fn lines_of_grants_are_read_right_by_right() {
        for (line, expected) in [
            ("GRANT USAGE ON *.* TO `bot`@`%`", ""),
            (
                "GRANT SELECT (`id`, `team`), INSERT, UPDATE (`a`) ON `s`.`secrets` TO `bot`@`%`",
                "INSERT ON `s`.`secrets`; SELECT (id) ON `s`.`secrets`; SELECT (team) ON \
                 `s`.`secrets`; UPDATE (a) ON `s`.`secrets`",
            ),
            (
                "GRANT SELECT, DROP ON `s`.* TO `web`@`%`",
                "DROP ON `s`.*; SELECT ON `s`.*",
            ),
            (
                "GRANT ALL PRIVILEGES ON `a TO b`.* TO `x`@`%` WITH GRANT OPTION",
                "ALL PRIVILEGES ON `a TO b`.*; GRANT OPTION ON `a TO b`.*",
            ),
            (
                "GRANT EXECUTE ON PROCEDURE `s`.`look_1` TO `web`@`%`",
                "EXECUTE ON PROCEDURE `s`.`look_1`",
            ),
            ("GRANT `role`@`%`,`ON `@`%` TO `web`@`%`", ""),
            (
                "GRANT `role`@`%` TO `web`@`%` WITH ADMIN OPTION",
                "ADMIN OPTION ON `role`@`%`",
            ),
            ("GRANT PROXY ON ``@`` TO `web`@`%`", "PROXY ON ``@``"),
            (
                "GRANT BACKUP_ADMIN,XA_RECOVER_ADMIN ON *.* TO `web`@`%`",
                "BACKUP_ADMIN,XA_RECOVER_ADMIN ON *.*",
            ),
            ("REVOKE SELECT ON `mysql`.* FROM `web`@`%`", ""),
            ("nobody knows", "nobody knows ON ?"),
        ] {
            let read: Vec<_> = read(&[line]).iter().map(Right::to_string).collect();
            assert_eq!(read.join("; "), expected, "{line}");
        }
    }

    #[test]
    fn databases_are_meant_by_patterns() {
        for (pattern, name, expected) in [
            ("secure_secret", "secure_secret", true),
            ("secure\\_secret", "secure_secret", true),
            ("secure\\_secret", "secureXsecret", false),
            ("secure%", "secure_secret", true),
            ("%", "secure_secret", true),
            ("secure%x", "secure_secret", false),
            ("a", "secure_secret", false),
        ] {
            assert_eq!(is_like(pattern, name), expected, "{pattern} {name}");
        }
    }

    /// What the server lists for an account that was given just what it should have.
    fn granted(program: Program) -> BTreeSet<Right> {
        let lines: Vec<_> = expected("s", program)
            .iter()
            .map(|right| format!("GRANT {right} TO `x`@`%`"))
            .collect();
        let mut lines: Vec<_> = lines.iter().map(String::as_str).collect();
        lines.push("GRANT USAGE ON *.* TO `x`@`%`");
        read(&lines)
    }

    #[test]
    fn what_is_right_differs_in_nothing_and_what_lacks_is_named() {
        for program in [Program::Bot, Program::Web] {
            let granted = granted(program);
            let differences = compare(&granted, "s", program);
            assert_eq!(
                (differences.missing.len(), differences.excessive.len()),
                (0, 0)
            );
            for right in &granted {
                let mut less = granted.clone();
                less.remove(right);
                let missing = compare(&less, "s", program).missing;
                assert_eq!(missing.iter().collect::<Vec<_>>(), [right]);
            }
            let owner = read(&["GRANT ALL PRIVILEGES ON `s`.* TO `x`@`%`"]);
            assert_eq!(compare(&owner, "s", program).missing, []);
        }
    }

    #[test]
    fn what_a_version_before_had_is_known_as_that() {
        let mut all = granted(Program::Web);
        all.extend(former("s", Program::Web));
        let differences = compare(&all, "s", Program::Web);
        assert_eq!(differences.excessive.len(), former("s", Program::Web).len());
        assert!(differences.is_former && differences.excessive.len() > 30);
        all.extend(read(&["GRANT SELECT ON `s`.`bots` TO `x`@`%`"]));
        assert!(!compare(&all, "s", Program::Web).is_former);
    }
}
