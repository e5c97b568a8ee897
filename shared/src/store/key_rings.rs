//! Which keys the running programs have, by the keys' ids: so that it shows when the bot seals with
//! a key that reveal-web lacks.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, Statement, Value};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use super::{Database, StoreError};
use crate::{crypto::KeyId, domain::program::Program};

/// How often a running program says which keys it has.
const EVERY: Duration = Duration::from_mins(1);

/// A program that said nothing for so long is not taken for a running one.
pub const FRESH_FOR: Duration = Duration::from_mins(3);

/// Size in bytes of what tells one ring of a program from another.
const FINGERPRINT: usize = 8;

/// A ring that a running program has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingInUse {
    /// The program's short name.
    pub program: String,
    /// The ids of its keys, as people read them; the sealing one first.
    pub key_ids: Vec<String>,
}

/// Says every minute which keys this process has, until it is told to stop; then it says that it
/// has them no more. Others with the same ring say again within a minute that they have.
pub async fn keep_noting(
    database: Database,
    program: Program,
    ids: Vec<KeyId>,
    stop: CancellationToken,
) {
    loop {
        if let Err(error) = note(&database, program, &ids).await {
            tracing::warn!(%error, "the ids of the keys in use could not be noted");
        }
        if stop
            .run_until_cancelled(tokio::time::sleep(EVERY))
            .await
            .is_none()
        {
            break;
        }
    }
    if let Err(error) = take_back(&database, program, &ids).await {
        tracing::debug!(%error, "the ids of the keys in use could not be taken back");
    }
}

/// Notes that no process of this program has these keys any more, as far as this one knows.
async fn take_back(database: &Database, program: Program, ids: &[KeyId]) -> Result<(), StoreError> {
    let connection = database.connection();
    let values: [Value; 2] = [program.short_name().into(), fingerprint(ids).into()];
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "UPDATE key_rings SET seen_at = 0 WHERE program = ? AND ring = ?",
        values,
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// Notes that a process of this program has these keys now. Processes with the same ring share a
/// row, so there are as many rows as there were rings.
pub async fn note(database: &Database, program: Program, ids: &[KeyId]) -> Result<(), StoreError> {
    let connection = database.connection();
    let backend = connection.get_database_backend();
    let now = database.now_sql();
    let update = match backend {
        DbBackend::MySql => "ON DUPLICATE KEY UPDATE",
        _ => "ON CONFLICT (program, ring) DO UPDATE SET",
    };
    let text: Vec<_> = ids.iter().map(KeyId::to_string).collect();
    let values: [Value; 3] = [
        program.short_name().into(),
        fingerprint(ids).into(),
        text.join(",").into(),
    ];
    let statement = Statement::from_sql_and_values(
        backend,
        format!(
            "INSERT INTO key_rings (program, ring, key_ids, seen_at) VALUES (?, ?, ?, {now}) \
             {update} seen_at = {now}"
        ),
        values,
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// The rings that running programs have said to have.
pub async fn in_use(database: &Database) -> Result<Vec<RingInUse>, StoreError> {
    #[derive(FromQueryResult)]
    struct Row {
        program: String,
        key_ids: String,
    }
    let connection = database.connection();
    let fresh_for = FRESH_FOR.as_millis();
    let statement = Statement::from_string(
        connection.get_database_backend(),
        format!(
            "SELECT program, key_ids FROM key_rings WHERE seen_at > {} - {fresh_for} \
             ORDER BY program, key_ids",
            database.now_sql()
        ),
    );
    let rows = Row::find_by_statement(statement).all(connection).await?;
    let rings = rows.into_iter().map(|row| RingInUse {
        program: row.program,
        key_ids: row.key_ids.split(',').map(str::to_owned).collect(),
    });
    Ok(rings.collect())
}

/// The master keys that live secrets are sealed under.
pub async fn of_live_secrets(database: &Database) -> Result<Vec<KeyId>, StoreError> {
    let now = database.now_sql();
    distinct(
        database,
        format!(
            "SELECT DISTINCT key_id FROM secrets WHERE destroyed_at IS NULL AND expires_at > {now}"
        ),
    )
    .await
}

/// The delivery keys that waiting messages are sealed under.
pub async fn of_waiting_messages(database: &Database) -> Result<Vec<KeyId>, StoreError> {
    let sql = "SELECT DISTINCT key_id FROM deliveries \
               WHERE next_attempt_at IS NOT NULL AND sealed IS NOT NULL";
    distinct(database, sql.to_owned()).await
}

async fn distinct(database: &Database, sql: String) -> Result<Vec<KeyId>, StoreError> {
    let connection = database.connection();
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            let id: Vec<u8> = row.try_get_by_index(0)?;
            KeyId::from_slice(&id).ok_or(StoreError::Unreadable { column: "key_id" })
        })
        .collect()
}

fn fingerprint(ids: &[KeyId]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id.as_bytes());
    }
    hash.finalize()[..FINGERPRINT].to_vec()
}
