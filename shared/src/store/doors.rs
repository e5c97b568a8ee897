//! Every door: the stored procedures that are all of the database that reveal-web sees on MySQL.
//! Its account has a right to call them, and to no table. The bot has one, for what would else need
//! a right to remove rows.
//!
//! The text of each stands beside the same operation for SQLite, in the file of that operation.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::{
    Database, StoreError,
    audit::door::AUDIT,
    burn::{BURN, DECRYPT_FAILED, FATE, SEALED},
    denied::DENIED,
    door::Door,
    expire::EXPIRE,
    key_rings::KEY_RING,
    look::LOOK,
    loss::PAGE_LOST,
    probes::{DOCTOR, HEALTH, SCHEMA},
    purge::PURGE,
    reuse::LATE,
};
use crate::domain::program::Program;

/// Every door, those that others call first.
pub static ALL: [&Door; 15] = [
    &AUDIT,
    &LOOK,
    &SEALED,
    &BURN,
    &FATE,
    &DECRYPT_FAILED,
    &DENIED,
    &EXPIRE,
    &PAGE_LOST,
    &LATE,
    &KEY_RING,
    &HEALTH,
    &SCHEMA,
    &DOCTOR,
    &PURGE,
];

/// Those that a program's account may call.
pub fn of(program: Program) -> impl Iterator<Item = &'static Door> {
    let of_it = move |door: &&Door| door.caller == Some(program);
    ALL.into_iter().filter(of_it)
}

/// What is wrong with the doors, as far as an account sees that is to call them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    /// They are not there, or not this account's to call.
    pub closed: Vec<&'static str>,
    /// They run with another account's rights than the first one, or with the caller's.
    pub foreign: Vec<&'static str>,
}

/// Looks at the doors of a program's account. The server lists to an account what it may call.
pub async fn wrong(database: &Database, program: Program) -> Result<Wrong, StoreError> {
    let statement = Statement::from_string(
        DbBackend::MySql,
        "SELECT routine_name, CONCAT(security_type, ' ', definer) FROM information_schema.routines \
         WHERE routine_schema = DATABASE() AND routine_type = 'PROCEDURE'",
    );
    let rows = database.connection().query_all_raw(statement).await?;
    let mut listed = Vec::new();
    for row in rows {
        let name: String = row.try_get_by_index(0)?;
        let by: String = row.try_get_by_index(1)?;
        listed.push((name, by));
    }
    Ok(wrong_in(&listed, program))
}

fn wrong_in(listed: &[(String, String)], program: Program) -> Wrong {
    let by_of = |door: &Door| {
        let mut listed = listed.iter();
        listed.find(|(name, _)| name == door.name).map(|(_, by)| by)
    };
    let first = of(program).find_map(by_of);
    let is_definer = first.is_some_and(|by| by.starts_with("DEFINER "));
    let mut wrong = Wrong::default();
    for door in of(program) {
        match by_of(door) {
            None => wrong.closed.push(door.name),
            by if !is_definer || by != first => wrong.foreign.push(door.name),
            Some(_) => {}
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// Programs of before call doors of these names: a text that changes wants a new name, but for
    /// one that no release has had.
    const TEXTS: &str = "34205cbb4a67da5a";

    #[test]
    fn a_text_that_changes_gets_a_new_name() {
        let mut hash = Sha256::new();
        for door in ALL {
            hash.update(door.comment());
        }
        assert_eq!(hex::encode(&hash.finalize()[..8]), TEXTS);
    }

    #[test]
    fn a_door_is_one_screen_of_sql_without_a_moving_part() {
        for door in ALL {
            let text = door.create();
            assert!(text.lines().count() <= 60, "{}", door.name);
            for left in ["{now}", "{text}", "{begin}", "{commit}", "{version}"] {
                assert!(!text.contains(left), "{}", door.name);
            }
            let upper = text.to_uppercase();
            for moving in ["PREPARE ", "EXECUTE ", " NOW(", "CURRENT_TIMESTAMP"] {
                assert!(!upper.contains(moving), "{}: {moving}", door.name);
            }
            let marks = door.call.matches('?').count();
            let parameters = door.parameters.split(',').filter(|one| !one.is_empty());
            assert_eq!(marks, parameters.count(), "{}", door.name);
            assert!(door.call.starts_with(&format!("CALL {}(", door.name)));
        }
    }

    /// The driver reads no further than the row.
    #[test]
    fn a_row_comes_after_its_commit() {
        for door in ALL {
            let Some((within, after)) = door.body.split_once("{commit};") else {
                assert!(!door.body.contains("{begin}"), "{}", door.name);
                continue;
            };
            assert!(within.contains("{begin};"), "{}", door.name);
            let statements = within.split(';').map(str::trim);
            let selects = statements.filter(|statement| statement.contains("SELECT "));
            assert!(
                selects
                    .clone()
                    .all(|select| select.contains("INTO ") || select.contains("CURSOR FOR")),
                "{}",
                door.name
            );
            let after: Vec<_> = after.split(';').map(str::trim).collect();
            assert!(
                after[0].starts_with("SELECT ") && after.len() == 2,
                "{}: {after:?}",
                door.name
            );
        }
    }

    #[test]
    fn doors_that_are_closed_or_anothers_are_named() {
        let listed = |by: &dyn Fn(&Door) -> Option<&'static str>| {
            let listed = of(Program::Web)
                .filter_map(|door| Some((door.name.to_owned(), by(door)?.to_owned())));
            wrong_in(&listed.collect::<Vec<_>>(), Program::Web)
        };
        assert_eq!(listed(&|_| Some("DEFINER m@%")), Wrong::default());
        let all = of(Program::Web).count();
        assert_eq!(listed(&|_| None).closed.len(), all);
        assert_eq!(listed(&|_| Some("INVOKER m@%")).foreign.len(), all);
        let one = |is: &'static str| {
            move |door: &Door| match (door.name == BURN.name, is) {
                (true, "") => None,
                (true, by) => Some(by),
                (false, _) => Some("DEFINER m@%"),
            }
        };
        assert_eq!(listed(&one("")).closed, [BURN.name]);
        assert_eq!(listed(&one("DEFINER x@%")).foreign, [BURN.name]);
        assert_eq!(listed(&one("INVOKER m@%")).foreign, [BURN.name]);
    }
}
