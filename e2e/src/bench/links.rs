//! Live secrets, written in bulk.

use sea_orm::sqlx::{self, MySqlConnection, SqliteConnection};
use shared::crypto::LinkToken;

use super::bare;
use crate::{Engine, SealedRow, World, sealed_row};

/// Rows of one statement.
const AT_A_TIME: usize = 500;

const INSERT: &str = "INSERT INTO secrets (id, format, token_hash, submission_key, part, ciphertext, \
                      key_id, team, sender, sender_name, recipient, created_at, expires_at) ";

/// Links of so many secrets at least. Copies of one sealed row would not open, so each is sealed.
pub(super) async fn prepare(world: &World, count: usize) -> Vec<LinkToken> {
    let keys = world.keys.master();
    let mut tokens = Vec::new();
    let mut table = Table::connect(world).await;
    let now = table.now().await;
    while tokens.len() < count {
        let rows: Vec<_> = (0..AT_A_TIME).map(|_| sealed_row(&keys, now)).collect();
        table.insert(&rows, now).await;
        tokens.extend(rows.into_iter().map(|row| row.token));
    }
    tokens
}

enum Table {
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

macro_rules! insert {
    ($connection:expr, $database:ty, $rows:expr, $now:expr) => {{
        let mut insert = sqlx::QueryBuilder::<$database>::new(INSERT);
        insert.push_values($rows, |mut row, sealed| {
            row.push_bind(sealed.id.to_vec())
                .push_bind(1_i16)
                .push_bind(sealed.token.hash().as_bytes().to_vec())
                .push_bind(sealed.submission_key.clone())
                .push_bind(0_i16)
                .push_bind(sealed.ciphertext.clone())
                .push_bind(sealed.key_id.to_vec())
                .push_bind("T1")
                .push_bind("U1")
                .push_bind("Alice")
                .push_bind("U2")
                .push_bind($now)
                .push_bind(sealed.expires_at);
        });
        insert.build().execute($connection).await.unwrap();
    }};
}

impl Table {
    async fn connect(world: &World) -> Self {
        match world.database.engine {
            Engine::MySql => Self::MySql(bare::mysql(&world.database).await),
            Engine::Sqlite => Self::Sqlite(bare::sqlite(&world.database).await),
        }
    }

    /// The database's clock.
    async fn now(&mut self) -> i64 {
        match self {
            Self::MySql(connection) => {
                let clock = "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";
                sqlx::query_scalar(clock).fetch_one(connection).await
            }
            Self::Sqlite(connection) => {
                let clock = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)";
                sqlx::query_scalar(clock).fetch_one(connection).await
            }
        }
        .unwrap()
    }

    async fn insert(&mut self, rows: &[SealedRow], now: i64) {
        match self {
            Self::MySql(connection) => insert!(connection, sqlx::MySql, rows, now),
            Self::Sqlite(connection) => insert!(connection, sqlx::Sqlite, rows, now),
        }
    }
}
