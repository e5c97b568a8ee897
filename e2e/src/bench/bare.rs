//! What must be done at the least, from bare sqlx: the yardstick.

use std::sync::Arc;

use sea_orm::sqlx::{
    self, AssertSqlSafe, Connection as _, MySqlConnection, Row as _, SqliteConnection,
    query::Query,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{Account, Engine, TestDatabase};

const MYSQL_NOW: &str = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";
const SQLITE_NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

const BURN: &str = "UPDATE secrets SET viewed_at = 1, destroyed_at = 1, destroy_reason = 'viewed', \
     ciphertext = NULL, burn_id = ? WHERE id = ? AND destroyed_at IS NULL";

const VIEWED: &str = "INSERT INTO audit_events (id, secret_id, event, slot, occurred_at, metadata) \
     VALUES (?, ?, 'viewed', 'terminal', 1, '{}')";

/// A way to the database without anything between.
pub(super) enum Bare {
    MySql(MySqlConnection),
    /// SQLite has one writer: whoever wants to write waits for it in a queue.
    Sqlite(Arc<Mutex<SqliteConnection>>),
}

impl Bare {
    /// A way for each of so many clients.
    pub(super) async fn connect(database: &TestDatabase, clients: usize) -> Vec<Self> {
        let mut ways = Vec::new();
        match database.engine {
            Engine::MySql => {
                for _ in 0..clients {
                    ways.push(Self::MySql(mysql(database).await));
                }
            }
            Engine::Sqlite => {
                let shared = Arc::new(Mutex::new(sqlite(database).await));
                ways.resize_with(clients, || Self::Sqlite(Arc::clone(&shared)));
            }
        }
        ways
    }

    /// What must be done to open a secret.
    pub(super) async fn burn(&mut self, hash: &[u8]) {
        match self {
            Self::MySql(connection) => burn_barely(connection, hash).await,
            Self::Sqlite(connection) => burn_in_sqlite(&mut *connection.lock().await, hash).await,
        }
    }

    /// What must be done to store one.
    pub(super) async fn submit(&mut self) {
        match self {
            Self::MySql(connection) => {
                let mut transaction = connection.begin().await.unwrap();
                for insert in inserts(MYSQL_NOW) {
                    let query = sqlx::query(AssertSqlSafe(insert.sql));
                    let query = insert.values.into_iter().fold(query, Query::bind);
                    query.execute(&mut *transaction).await.unwrap();
                }
                transaction.commit().await.unwrap();
            }
            Self::Sqlite(connection) => {
                let mut connection = connection.lock().await;
                let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
                for insert in inserts(SQLITE_NOW) {
                    let query = sqlx::query(AssertSqlSafe(insert.sql));
                    let query = insert.values.into_iter().fold(query, Query::bind);
                    query.execute(&mut *transaction).await.unwrap();
                }
                transaction.commit().await.unwrap();
            }
        }
    }
}

/// Nothing is left for a courier of what was stored.
pub(super) async fn settle(database: &TestDatabase) {
    let settle = "UPDATE deliveries SET sealed = NULL, next_attempt_at = NULL, \
         settled_at = created_at, outcome = 'sent' WHERE key_id = 'bare key' AND settled_at IS NULL";
    database.run(Account::Migrate, settle).await.unwrap();
}

pub(super) async fn mysql(database: &TestDatabase) -> MySqlConnection {
    let mut connection = MySqlConnection::connect(&database.url(Account::Migrate))
        .await
        .unwrap();
    let isolation = "SET SESSION transaction_isolation = 'READ-COMMITTED'";
    sqlx::query(isolation)
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

/// As durable as the programs want it.
pub(super) async fn sqlite(database: &TestDatabase) -> SqliteConnection {
    let url = database.url(Account::Migrate);
    let options = url.parse::<SqliteConnectOptions>().unwrap();
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON");
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// What must be done at the least: look, lock, null, write down, commit.
async fn burn_barely(connection: &mut MySqlConnection, hash: &[u8]) {
    const NOW: &str = MYSQL_NOW;
    let look = format!(
        "SELECT id, sender_name, expires_at, viewed_at, destroy_reason, {NOW} FROM secrets WHERE token_hash = ?"
    );
    let row = sqlx::query(AssertSqlSafe(look))
        .bind(hash)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    let id: Vec<u8> = row.get(0);
    let mut transaction = connection.begin().await.unwrap();
    let for_update = format!(
        "SELECT id, ciphertext, note_ciphertext, key_id, sender, recipient, expires_at, destroyed_at, {NOW} \
         FROM secrets WHERE id = ? FOR UPDATE"
    );
    sqlx::query(AssertSqlSafe(for_update))
        .bind(&id)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    let burned = sqlx::query(BURN)
        .bind(&id)
        .bind(&id)
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(burned.rows_affected(), 1);
    sqlx::query(VIEWED)
        .bind(&id)
        .bind(&id)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

/// The same in SQLite, whose transaction has the lock from its begin.
async fn burn_in_sqlite(connection: &mut SqliteConnection, hash: &[u8]) {
    let look = format!(
        "SELECT id, sender_name, expires_at, viewed_at, destroy_reason, {SQLITE_NOW} FROM secrets WHERE token_hash = ?"
    );
    let row = sqlx::query(AssertSqlSafe(look))
        .bind(hash)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    let id: Vec<u8> = row.get(0);
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let read = format!(
        "SELECT id, ciphertext, note_ciphertext, key_id, sender, recipient, expires_at, destroyed_at, {SQLITE_NOW} \
         FROM secrets WHERE id = ?"
    );
    sqlx::query(AssertSqlSafe(read))
        .bind(&id)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    let burned = sqlx::query(BURN)
        .bind(&id)
        .bind(&id)
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(burned.rows_affected(), 1);
    sqlx::query(VIEWED)
        .bind(&id)
        .bind(&id)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

struct Insert {
    sql: String,
    values: Vec<Vec<u8>>,
}

/// The rows of a submission: the secret, its entry in the trail, its two deliveries.
fn inserts(now: &str) -> [Insert; 3] {
    let [secret, entry, message, receipt] = [(); 4].map(|()| Uuid::now_v7().as_bytes().to_vec());
    let hash = [secret.clone(), secret.clone()].concat();
    let sealed = vec![b's'; 180];
    [
        Insert {
            sql: format!(
                "INSERT INTO secrets (id, format, token_hash, submission_key, part, ciphertext, \
                 key_id, team, sender, sender_name, recipient, created_at, expires_at) \
                 VALUES (?, 1, ?, HEX(?), 0, ?, 'bare key', 'T1', 'U1', 'Alice', 'U2', {now}, {now} + 3600000)"
            ),
            values: vec![secret.clone(), hash, secret.clone(), sealed.clone()],
        },
        Insert {
            sql: format!(
                "INSERT INTO audit_events (id, secret_id, event, slot, occurred_at, team, sender, \
                 recipient, metadata) \
                 VALUES (?, ?, 'created', 'created', {now}, 'T1', 'U1', 'U2', '{{}}')"
            ),
            values: vec![entry, secret.clone()],
        },
        Insert {
            // No courier shall come for them: they are due in an hour, and settled before that.
            sql: format!(
                "INSERT INTO deliveries (id, secret_id, kind, addressee, key_id, sealed, \
                 attempts, created_at, next_attempt_at, settled_at, outcome) VALUES \
                 (?, ?, 'recipient_message', 'U2', 'bare key', ?, 0, {now}, {now} + 3600000, \
                 NULL, NULL), \
                 (?, ?, 'sender_receipt', 'U1', NULL, NULL, 0, {now}, NULL, {now}, 'sent')"
            ),
            values: vec![message, secret.clone(), sealed, receipt, secret],
        },
    ]
}
