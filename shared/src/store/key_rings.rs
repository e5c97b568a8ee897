//! Which keys the running programs have, by the keys' ids: so that it shows when the bot seals with
//! a key that reveal-web lacks.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, Statement, Value};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use super::{
    Database, StoreError,
    door::{Argument, Door},
    probes::DOCTOR,
};
use crate::{crypto::KeyId, domain::program::Program};

/// How often a running program says which keys it has.
const EVERY: Duration = Duration::from_mins(1);

/// A program that said nothing for so long is not taken for a running one.
pub const FRESH_FOR: Duration = Duration::from_mins(3);

/// Size in bytes of what tells one ring of a program from another.
const FINGERPRINT: usize = 8;

/// Notes a ring of reveal-web's, under the fingerprint of its ids, and forgets those of long ago.
/// Beyond a hundred it takes no new one: somebody is making them up.
pub(super) const KEY_RING: Door = Door {
    name: "key_ring_1",
    call: "CALL key_ring_1(?, ?)",
    parameters: "given_ids VARCHAR(4096) {text}, given_in_use BOOLEAN",
    body: "\
  BEGIN
    DECLARE time_now BIGINT DEFAULT {now};
    DECLARE seen BIGINT DEFAULT IF(given_in_use, time_now, 0);
    DECLARE fingerprint BINARY(8);
    DECLARE others, own BIGINT;
    IF LENGTH(given_ids) MOD 17 = 16 AND given_ids REGEXP '^[0-9a-f]{16}(,[0-9a-f]{16})*$' THEN
      SET fingerprint = LEFT(UNHEX(SHA2(UNHEX(REPLACE(given_ids, ',', '')), 256)), 8);
      DELETE FROM key_rings
        WHERE program = 'web' AND seen_at < time_now - 86400000 AND ring <> fingerprint;
      SELECT COALESCE(SUM(ring <> fingerprint), 0), COALESCE(SUM(ring = fingerprint), 0)
        INTO others, own FROM key_rings WHERE program = 'web';
      IF own > 0 OR others < 100 THEN
        INSERT INTO key_rings (program, ring, key_ids, seen_at)
          VALUES ('web', fingerprint, given_ids, seen)
          ON DUPLICATE KEY UPDATE seen_at = seen;
      END IF;
    END IF;
  END",
    caller: Some(Program::Web),
};

/// A ring that a running program has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingInUse {
    /// The program's short name.
    pub program: String,
    /// The ids of its keys, as people read them; the sealing one first.
    pub key_ids: Vec<String>,
}

impl RingInUse {
    fn new(program: &str, key_ids: &str) -> Self {
        Self {
            program: program.to_owned(),
            key_ids: key_ids.split(',').map(str::to_owned).collect(),
        }
    }

    fn parse(ring: &str) -> Option<Self> {
        let (program, key_ids) = ring.split_once(':')?;
        Some(Self::new(program, key_ids))
    }
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
    if let Err(error) = say(&database, program, &ids, InUse::No).await {
        tracing::debug!(%error, "the ids of the keys in use could not be taken back");
    }
}

/// Whether a ring is had by a process, as far as the one that says so knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InUse {
    Now,
    No,
}

/// Notes that a process of this program has these keys now. Processes with the same ring share a
/// row, so there are as many rows as there were rings.
pub async fn note(database: &Database, program: Program, ids: &[KeyId]) -> Result<(), StoreError> {
    say(database, program, ids, InUse::Now).await
}

async fn say(
    database: &Database,
    program: Program,
    ids: &[KeyId],
    in_use: InUse,
) -> Result<(), StoreError> {
    let text: Vec<_> = ids.iter().map(KeyId::to_string).collect();
    let (ring, text) = (fingerprint(ids), text.join(","));
    if database.is_behind_doors() {
        let in_use = Argument::Number((in_use == InUse::Now).into());
        let arguments = [Argument::Text(Some(text)), in_use];
        database.enter(&KEY_RING, arguments).await?;
        return Ok(());
    }
    let connection = database.connection();
    let backend = connection.get_database_backend();
    let seen = match in_use {
        InUse::Now => database.now_sql(),
        InUse::No => "0",
    };
    let update = match backend {
        DbBackend::MySql => "ON DUPLICATE KEY UPDATE",
        _ => "ON CONFLICT (program, ring) DO UPDATE SET",
    };
    let values: [Value; 3] = [program.short_name().into(), ring.into(), text.into()];
    let statement = Statement::from_sql_and_values(
        backend,
        format!(
            "INSERT INTO key_rings (program, ring, key_ids, seen_at) VALUES (?, ?, ?, {seen}) \
             {update} seen_at = {seen}"
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
    if database.is_behind_doors() {
        let joined: Option<String> = ask_door(database, "rings").await?;
        let rings = joined
            .as_deref()
            .into_iter()
            .flat_map(|rings| rings.split(';'));
        return Ok(rings.filter_map(RingInUse::parse).collect());
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
    let rings = rows.into_iter();
    let rings = rings.map(|row| RingInUse::new(&row.program, &row.key_ids));
    Ok(rings.collect())
}

/// The master keys that live secrets are sealed under.
pub async fn of_live_secrets(database: &Database) -> Result<Vec<KeyId>, StoreError> {
    if database.is_behind_doors() {
        let joined: Option<String> = ask_door(database, "sealed_under").await?;
        let ids = joined.as_deref().into_iter().flat_map(|ids| ids.split(','));
        return ids
            .map(|id| KeyId::from_hex(id).ok_or(StoreError::Unreadable { column: "key_id" }))
            .collect();
    }
    let now = database.now_sql();
    distinct(
        database,
        format!(
            "SELECT DISTINCT key_id FROM secrets WHERE destroyed_at IS NULL AND expires_at > {now}"
        ),
    )
    .await
}

/// One of the lists that doctor's door gives, each joined to one text.
async fn ask_door(database: &Database, column: &'static str) -> Result<Option<String>, StoreError> {
    let fresh_for = i64::try_from(FRESH_FOR.as_millis()).unwrap_or(i64::MAX);
    database
        .enter_for(&DOCTOR, [Argument::Number(fresh_for)], column)
        .await
}

/// The delivery keys that waiting messages are sealed under.
pub async fn of_waiting_messages(database: &Database) -> Result<Vec<KeyId>, StoreError> {
    let sql = "SELECT DISTINCT key_id FROM deliveries \
               WHERE next_attempt_at >= 0 AND sealed IS NOT NULL";
    distinct(database, sql.to_owned()).await
}

/// The delivery keys that the shares in the buttons of live secrets' messages are sealed under.
pub async fn of_buttons(database: &Database) -> Result<Vec<KeyId>, StoreError> {
    let now = database.now_sql();
    let sql = format!(
        "SELECT DISTINCT deliveries.key_id FROM secrets \
         JOIN deliveries ON deliveries.secret_id = secrets.id AND kind = 'recipient_message' \
         WHERE destroyed_at IS NULL AND secrets.expires_at > {now} AND sealed IS NULL \
         AND deliveries.key_id IS NOT NULL"
    );
    distinct(database, sql).await
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
