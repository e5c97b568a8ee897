//! Whether a server of a cluster has its part in its group, and knows what the group decided.

use sea_orm::sqlx::{self, Executor as _, MySqlConnection, mysql::MySqlDatabaseError};

use super::StoreError;

/// Has a session's statements see all that the group decided before them. A server without Group
/// Replication does not know it. The server waits for that as long as `wait_timeout` says, also
/// for a client that is gone: a group that is stuck would have all its connections taken by those
/// who asked. Longer than the pause between two looks at the hosts, so that the session lives until
/// the next.
const UP_TO_DATE: &str = "SET SESSION group_replication_consistency = 'BEFORE', wait_timeout = 6";

/// The group that a server is made for; one that knows no groups does not know the variable.
const GROUP: &str = "SELECT @@global.group_replication_group_name";

/// Every account may ask this, and only a member answers that has the others in sight.
const MEMBER: &str = "SELECT group_replication_get_write_concurrency()";

/// The error of a server that does not know a variable.
const UNKNOWN_VARIABLE: u16 = 1193;

/// The error of a function that can't do what it is asked for.
const CANNOT: u16 = 1123;

/// Has what is asked over a connection see all that its group decided before.
pub(super) async fn be_up_to_date(connection: &mut MySqlConnection) -> Result<(), StoreError> {
    match connection.execute(UP_TO_DATE).await {
        Err(error) if number(&error) != Some(UNKNOWN_VARIABLE) => {
            Err(StoreError::of_statement(&error))
        }
        _ => Ok(()),
    }
}

/// Whether a server belongs to the group that it is made for, if it is made for one: one that was
/// started again, and has not joined it, takes changes that the others never hear of.
pub(super) async fn has_its_part(connection: &mut MySqlConnection) -> Result<(), StoreError> {
    let group = sqlx::query_scalar::<_, Option<String>>(GROUP);
    match group.fetch_one(&mut *connection).await {
        Ok(group) if group.as_deref().unwrap_or_default().is_empty() => return Ok(()),
        Err(error) if number(&error) == Some(UNKNOWN_VARIABLE) => return Ok(()),
        Err(error) => return Err(StoreError::of_statement(&error)),
        Ok(_) => {}
    }
    match connection.execute(MEMBER).await {
        Err(error) if number(&error) == Some(CANNOT) => Err(StoreError::Apart { code: CANNOT }),
        Err(error) => Err(StoreError::of_statement(&error)),
        Ok(_) => Ok(()),
    }
}

/// Makes a new connection of no use, if its server has no part in its group.
pub(super) async fn keep_apart(connection: &mut MySqlConnection) {
    if has_its_part(connection).await.is_err() {
        // Its own answer is an error, too.
        connection.execute("KILL CONNECTION_ID()").await.ok();
    }
}

fn number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?;
    let mysql = error.try_downcast_ref::<MySqlDatabaseError>()?;
    Some(mysql.number())
}
