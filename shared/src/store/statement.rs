//! A statement over a connection of MySQL's, with what sea-orm makes of its answer.
//!
//! Each text is prepared once on a connection, and kept there by the driver.

use std::sync::Arc;

use sea_orm::{
    DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values,
    sqlx::{self, AssertSqlSafe, Executor as _, MySql, MySqlConnection, query::Query},
};
use sea_query_sqlx::SqlxValues;

use super::StoreError;

/// Runs it; says how many rows it changed.
pub(super) async fn execute(
    connection: &mut MySqlConnection,
    statement: Statement,
) -> Result<ExecResult, DbErr> {
    tell(&statement);
    let done = query(statement).execute(connection).await;
    done.map(ExecResult::from).map_err(refused)
}

/// Runs a text of several statements, or one that can't be prepared.
pub(super) async fn execute_unprepared(
    connection: &mut MySqlConnection,
    sql: &str,
) -> Result<ExecResult, DbErr> {
    let done = connection.execute(AssertSqlSafe(sql.to_owned())).await;
    done.map(ExecResult::from).map_err(refused)
}

/// Asks for one row. Reads to the end all the same: an error behind it would be that of whoever
/// has the connection next.
pub(super) async fn query_one(
    connection: &mut MySqlConnection,
    statement: Statement,
) -> Result<Option<QueryResult>, DbErr> {
    let rows = query_all(connection, statement).await?;
    Ok(rows.into_iter().next())
}

/// Asks for all rows.
pub(super) async fn query_all(
    connection: &mut MySqlConnection,
    statement: Statement,
) -> Result<Vec<QueryResult>, DbErr> {
    tell(&statement);
    let rows = query(statement).fetch_all(connection).await;
    rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
        .map_err(unanswered)
}

/// Whether the server answered, and not that it ends the session: the connection is as good as
/// before.
pub(super) fn is_answer(error: &DbErr) -> bool {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            error.as_database_error().is_some()
                && StoreError::of_statement(error) != StoreError::Unreachable
        }
        _ => false,
    }
}

/// A statement's text has marks in the place of its values, which stay untold.
pub(super) fn tell(statement: &Statement) {
    tracing::trace!(sql = %statement.sql, "statement");
}

fn refused(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

fn unanswered(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

fn query(statement: Statement) -> Query<'static, MySql, SqlxValues> {
    let Statement { sql, values, .. } = statement;
    let values = values.unwrap_or_else(|| Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values))
}
