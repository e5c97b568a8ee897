//! Makes the stored procedures that reveal-web works through, whenever they are missing or not as
//! this version has them.

use sea_orm_migration::sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement,
};
use shared::store::{Door, SQL_MODE, StoreError, doors};

/// Why a stored procedure could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// It is another account's, and the server does not let this one remove it.
    #[error(
        "the stored procedure {0} was made by another account, and the server doesn't let this one \
         remove it: let an administrator run DROP PROCEDURE {0}, and run this again"
    )]
    Foreign(&'static str),
    /// The database refused.
    #[error("the stored procedure {name}: {error}")]
    Store {
        /// Its name.
        name: &'static str,
        /// Why.
        error: StoreError,
    },
}

/// How a stored procedure is not as this version has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is not there.
    Missing,
    /// It runs with another account's rights.
    Foreign,
    /// It is there with another text, or under other rules.
    Changed,
}

/// As the server lists it.
struct Made {
    name: String,
    is_own: i64,
    security: String,
    sql_mode: String,
    comment: String,
    body: Option<String>,
}

/// The doors that are not as they should be; none on SQLite.
pub async fn wrong(
    connection: &DatabaseConnection,
) -> Result<Vec<(&'static Door, Wrong)>, StoreError> {
    if connection.get_database_backend() != DbBackend::MySql {
        return Ok(Vec::new());
    }
    let statement = Statement::from_string(
        DbBackend::MySql,
        "SELECT routine_name AS name, definer = CURRENT_USER() AS is_own, \
         security_type AS security, sql_mode AS `sql_mode`, routine_comment AS comment, \
         routine_definition AS body FROM information_schema.routines \
         WHERE routine_schema = DATABASE() AND routine_type = 'PROCEDURE'",
    );
    let made = connection.query_all_raw(statement).await?;
    let made = made.iter().map(Made::read);
    let made: Vec<_> = made.collect::<Result<_, _>>()?;
    let wrong = doors::ALL.into_iter().filter_map(|door| {
        let made = made.iter().find(|made| made.name == door.name);
        let wrong = made.map_or(Some(Wrong::Missing), |made| made.wrong(door));
        wrong.map(|wrong| (door, wrong))
    });
    Ok(wrong.collect())
}

impl Made {
    fn read(row: &QueryResult) -> Result<Self, StoreError> {
        Ok(Self {
            name: row.try_get("", "name")?,
            is_own: row.try_get("", "is_own")?,
            security: row.try_get("", "security")?,
            sql_mode: row.try_get("", "sql_mode")?,
            comment: row.try_get("", "comment")?,
            body: row.try_get("", "body")?,
        })
    }

    fn wrong(&self, door: &Door) -> Option<Wrong> {
        if self.is_own != 1 {
            return Some(Wrong::Foreign);
        }
        let mut modes: Vec<_> = self.sql_mode.split(',').collect();
        let mut expected: Vec<_> = SQL_MODE.split(',').collect();
        modes.sort_unstable();
        expected.sort_unstable();
        let is_same = self.security == "DEFINER"
            && modes == expected
            && self.comment == door.comment()
            && self.body.as_deref().map(str::trim) == Some(door.body().trim());
        (!is_same).then_some(Wrong::Changed)
    }
}

/// Makes every door that is not as it should be. Gives how many; who may call those has to be said
/// anew. What can't be removed comes first, so that then nothing was done.
pub async fn make(connection: &DatabaseConnection) -> Result<usize, MakeError> {
    let mut wrong = wrong(connection)
        .await
        .map_err(|error| MakeError::Store { name: "*", error })?;
    wrong.sort_by_key(|(_, wrong)| *wrong != Wrong::Foreign);
    for (door, wrong) in &wrong {
        let failed = |error: DbErr| match StoreError::from(error) {
            StoreError::Refused { code } if code == "1227" && *wrong == Wrong::Foreign => {
                MakeError::Foreign(door.name)
            }
            error => MakeError::Store {
                name: door.name,
                error,
            },
        };
        let drop = format!("DROP PROCEDURE IF EXISTS {}", door.name);
        connection.execute_unprepared(&drop).await.map_err(failed)?;
        connection
            .execute_unprepared(&door.create())
            .await
            .map_err(failed)?;
    }
    Ok(wrong.len())
}
