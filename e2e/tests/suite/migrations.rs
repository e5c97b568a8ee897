//! The tables come, go, and come again.

use e2e::{Account, Engine, Keys, TestDatabase, binary, on_each_engine};
use migration::{Migrator, MigratorTrait as _};

async fn migrate(database: &TestDatabase, arguments: &[&str]) -> (Option<i32>, String) {
    let output = tokio::process::Command::new(binary("secure-secret-migrate"))
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", database.url(Account::Migrate))
        .output()
        .await
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

on_each_engine! {
    async fn up_down_and_up_again(engine) {
        let database = TestDatabase::empty(engine).await;
        let all = Migrator::migrations().len();
        let doors = if engine == Engine::MySql { shared::store::doors::ALL.len() } else { 0 };
        let (code, said) = migrate(&database, &["status"]).await;
        assert_eq!((code, said.matches("missing  m").count()), (Some(0), all), "{said}");
        assert_eq!(said.matches("missing  stored procedure").count(), doors, "{said}");
        for _ in 0..2 {
            let (code, said) = migrate(&database, &["up"]).await;
            assert_eq!(code, Some(0), "{said}");
            assert!(said.contains(&format!("{all} migrations applied")), "{said}");
            let (_, said) = migrate(&database, &["up"]).await;
            assert!(said.contains("0 migrations applied"), "{said}");
            Keys::fresh().send(&database.store().await, "a row in each table").await;
            assert_eq!(database.count("SELECT COUNT(*) FROM deliveries").await, 2);
            let (code, said) = migrate(&database, &["down", "--steps", &all.to_string()]).await;
            assert_eq!((code, said.matches("missing").count()), (Some(0), all), "{said}");
        }
        database.remove().await;
    }

    async fn rows_outlive_a_change_of_their_table(engine) {
        let database = TestDatabase::migrated(engine).await;
        Keys::fresh().send(&database.store().await, "still there").await;
        let sealed = "SELECT COUNT(*) FROM deliveries WHERE sealed IS NOT NULL AND attempts = 1";
        for arguments in [&["down", "--steps", "3"][..], &["up"]] {
            let (code, said) = migrate(&database, arguments).await;
            assert_eq!(code, Some(0), "{said}");
            assert_eq!(database.count(sealed).await, 1);
            let twice = "INSERT INTO deliveries SELECT * FROM deliveries";
            assert!(database.run(Account::Migrate, twice).await.is_err(), "the keys are there");
        }
        database.remove().await;
    }

    async fn the_tables_themselves_refuse_what_must_not_be(engine) {
        let database = TestDatabase::migrated(engine).await;
        Keys::fresh().send(&database.store().await, "x").await;
        let id = if engine == Engine::Sqlite { "randomblob(16)" } else { "RANDOM_BYTES(16)" };
        let event = |event: &str, slot: &str| {
            format!(
                "INSERT INTO audit_events (id, secret_id, event, slot, occurred_at, metadata) \
                 SELECT {id}, id, '{event}', {slot}, 0, '{{}}' FROM secrets"
            )
        };
        for forbidden in [
            "UPDATE secrets SET ciphertext = NULL".to_owned(),
            "UPDATE secrets SET destroyed_at = 1, destroy_reason = 'viewed'".to_owned(),
            "UPDATE secrets SET viewed_at = 1".to_owned(),
            "UPDATE deliveries SET settled_at = 1".to_owned(),
            "INSERT INTO installation (one, id) SELECT 2, id FROM installation".to_owned(),
            "INSERT INTO installation (one, id) SELECT 1, id FROM installation".to_owned(),
            event("viewed", "NULL"),
            event("expired_destroyed", "'other'"),
            event("created", "'created'"),
        ] {
            assert!(database.run(Account::Migrate, &forbidden).await.is_err(), "{forbidden}");
        }
        database.run(Account::Migrate, &event("viewed", "'terminal'")).await.unwrap();
        let second = event("expired_destroyed", "'terminal'");
        assert!(database.run(Account::Migrate, &second).await.is_err());
        database.remove().await;
    }
}
