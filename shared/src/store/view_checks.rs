//! What Slack last said of the bot's views and messages, of which `doctor` tells: a single row.

use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, Statement, Value};

use super::{Database, StoreError};
use crate::domain::clock::Timestamp;

/// The only row's id.
const ONLY: i16 = 1;

/// Longest version and code that fit.
const MAX_LEN: usize = 64;

/// How a check went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewCheck {
    /// The version of the program that made the views.
    pub version: String,
    /// Those that Slack took.
    pub taken: u32,
    /// Those that it refused.
    pub refused: u32,
    /// Those of which it was not asked, as time was up or Slack wanted a pause.
    pub unasked: u32,
    /// Slack's code, where it does not answer such questions.
    pub code: Option<String>,
}

/// A check, with when it was by the database's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// When.
    pub at: Timestamp,
    /// How it went.
    pub check: ViewCheck,
}

/// Writes a check down in the place of the one before.
///
/// # Errors
/// Whatever the database says.
pub async fn note(database: &Database, check: &ViewCheck) -> Result<(), StoreError> {
    const COLUMNS: [&str; 5] = ["version", "taken", "refused", "unasked", "code"];
    let connection = database.connection();
    let backend = connection.get_database_backend();
    let now = database.now_sql();
    let update = match backend {
        DbBackend::MySql => "ON DUPLICATE KEY UPDATE",
        _ => "ON CONFLICT (id) DO UPDATE SET",
    };
    let set = COLUMNS.map(|column| format!("{column} = ?")).join(", ");
    let short = |text: &str| text.chars().take(MAX_LEN).collect::<String>();
    let values: [Value; 5] = [
        short(&check.version).into(),
        count(check.taken).into(),
        count(check.refused).into(),
        count(check.unasked).into(),
        check.code.as_deref().map(short).into(),
    ];
    let statement = Statement::from_sql_and_values(
        backend,
        format!(
            "INSERT INTO view_checks (id, version, taken, refused, unasked, code, checked_at) \
             VALUES ({ONLY}, ?, ?, ?, ?, ?, {now}) {update} {set}, checked_at = {now}"
        ),
        values.iter().chain(&values).cloned(),
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// The last check; `None` if there was none.
///
/// # Errors
/// Whatever the database says.
pub async fn last(database: &Database) -> Result<Option<Checked>, StoreError> {
    #[derive(FromQueryResult)]
    struct Row {
        version: String,
        taken: i32,
        refused: i32,
        unasked: i32,
        code: Option<String>,
        checked_at: Timestamp,
    }
    let connection = database.connection();
    let statement = Statement::from_string(
        connection.get_database_backend(),
        "SELECT version, taken, refused, unasked, code, checked_at FROM view_checks",
    );
    let row = Row::find_by_statement(statement).one(connection).await?;
    Ok(row.map(|row| Checked {
        at: row.checked_at,
        check: ViewCheck {
            version: row.version,
            taken: row.taken.unsigned_abs(),
            refused: row.refused.unsigned_abs(),
            unasked: row.unasked.unsigned_abs(),
            code: row.code,
        },
    }))
}

fn count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
