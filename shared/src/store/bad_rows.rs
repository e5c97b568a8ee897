//! Rows that can't be dealt with as others can: passed over, so that the others go on, and told.

use sea_orm::{FromQueryResult, QueryResult};
use uuid::Uuid;

use super::StoreError;

/// A row that was passed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {id} of {table}: {error}")]
pub struct BadRow {
    /// Its table.
    pub table: &'static str,
    /// Its id; zero when not even that can be read.
    pub id: Uuid,
    /// What is the matter with it.
    pub error: StoreError,
}

impl BadRow {
    pub(super) const fn new(table: &'static str, id: Uuid, error: StoreError) -> Self {
        Self { table, id, error }
    }
}

/// The id of a row of which more can't be read.
pub(super) fn id_of(row: &QueryResult) -> Uuid {
    row.try_get("", "id").unwrap_or_default()
}

/// A row as what it should be.
pub(super) fn decoded<T: FromQueryResult>(
    table: &'static str,
    row: &QueryResult,
) -> Result<T, StoreError> {
    T::from_query_result(row, "").map_err(|_| StoreError::Unreadable { column: table })
}
