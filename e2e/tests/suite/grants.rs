//! What the MySQL accounts may not do. SQLite has no accounts.

use e2e::{Account, Engine, Keys, TestDatabase};

/// Refused access: to a database, a statement on a table, a column.
const REFUSED: [&str; 3] = ["1044", "1142", "1143"];

async fn refused(database: &TestDatabase, account: Account, sql: &str) {
    let error = database.run(account, sql).await.unwrap_err().to_string();
    assert!(
        REFUSED.iter().any(|code| error.contains(code)),
        "{account:?} {sql}: {error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_account_does_its_own_work_and_nothing_else() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    Keys::fresh().send(&database.store().await, "x").await;
    for account in [Account::Bot, Account::Web] {
        for sql in [
            "SELECT * FROM secrets",
            "DELETE FROM secrets",
            "DELETE FROM audit_events",
            "UPDATE audit_events SET event = 'x'",
            "UPDATE secrets SET expires_at = expires_at + 1",
            "UPDATE secrets SET token_hash = ''",
            "DROP TABLE secrets",
            "ALTER TABLE secrets ADD x INT",
            "CREATE TABLE more (id INT)",
            "INSERT INTO seaql_migrations VALUES ('x', 1)",
            "SELECT User FROM mysql.user",
        ] {
            refused(&database, account, sql).await;
        }
    }
    for sql in [
        "SELECT ciphertext FROM secrets",
        "SELECT note_ciphertext FROM secrets",
        "SELECT token_hash FROM secrets",
        "UPDATE secrets SET viewed_at = 1",
        "UPDATE secrets SET burn_id = id",
        "DELETE FROM deliveries",
        "DELETE FROM installation",
        "UPDATE installation SET id = id",
    ] {
        refused(&database, Account::Bot, sql).await;
    }
    for sql in [
        "SELECT sealed FROM deliveries",
        "INSERT INTO deliveries (id) VALUES ('x')",
        "INSERT INTO secrets (id) VALUES ('x')",
        "SELECT event FROM audit_events",
        "SELECT submission_key FROM secrets",
        "UPDATE secrets SET sender_name = 'x'",
        "SELECT id FROM installation",
        "SELECT id FROM bots",
    ] {
        refused(&database, Account::Web, sql).await;
    }
    for (account, sql) in [
        (Account::Bot, "SELECT sender, recipient FROM secrets"),
        (Account::Bot, "SELECT sealed FROM deliveries"),
        (Account::Web, "SELECT ciphertext FROM secrets"),
    ] {
        database.run(account, sql).await.unwrap();
    }
    database.remove().await;
}
