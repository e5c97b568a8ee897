//! The three MySQL accounts as an operator makes them: the printed SQL, then one command.

use e2e::{Account, Engine, OwnMySql, TestDatabase, World, connect, run};
use e2e::{Options, Submission};
use sea_orm::ConnectionTrait as _;

const MIGRATE: &str = "secure-secret-migrate";

async fn printed(arguments: &[&str]) -> String {
    let ran = run(MIGRATE, &[&["accounts"], arguments].concat(), &[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran.out
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_sql_and_one_command_are_all_there_is_to_do() {
    let server = OwnMySql::start(&[]).await;
    let admin = connect(&server.url()).await;
    let script = printed(&["--host", "localhost"]).await;
    for statement in script.lines().filter(|line| !line.starts_with("--")) {
        let statement = statement
            .replace("<password of ", "canary-")
            .replace(">'", "'");
        admin.execute_unprepared(&statement).await.unwrap();
    }
    let url = |account: &str| {
        let url = server
            .url()
            .replace("root@", &format!("{account}:canary-{account}@"));
        [("DATABASE_URL", url.replace("/mysql?", "/secure_secret?"))]
    };
    let early = run(MIGRATE, &["grant", "--host", "localhost"], &url("migrate")).await;
    assert_eq!(early.code, Some(1), "{}", early.out);
    assert!(
        early
            .err
            .contains("a table is missing: run `secure-secret-migrate up --grant`"),
        "{}",
        early.err
    );
    for _ in 0..2 {
        let up = run(
            MIGRATE,
            &["up", "--grant", "--host", "localhost"],
            &url("migrate"),
        )
        .await;
        assert_eq!(up.code, Some(0), "{}", up.err);
        assert!(
            up.out
                .ends_with("bot and web have the rights that they need\n"),
            "{}",
            up.out
        );
    }
    let missing = run(MIGRATE, &["grant", "--host", "elsewhere"], &url("migrate")).await;
    assert_eq!(missing.code, Some(1), "{}", missing.out);
    assert!(
        missing
            .err
            .contains("there is no such account: make it first"),
        "{}",
        missing.err
    );
    for account in ["bot", "web"] {
        let up = run(
            MIGRATE,
            &["up", "--grant", "--host", "localhost"],
            &url(account),
        )
        .await;
        assert_eq!(
            up.code,
            Some(1),
            "{account} may not pass rights on: {}",
            up.out
        );
        assert!(!up.err.contains("canary"), "{}", up.err);
    }
    // An administrator who gives the rights by hand prints the same.
    let by_hand = printed(&["--host", "localhost", "--grants"]).await;
    for grant in by_hand.lines() {
        admin.execute_unprepared(grant).await.unwrap();
    }
    assert_eq!(by_hand.lines().count(), 10 + 14, "{by_hand}");
    admin.close().await.unwrap();
}

#[tokio::test]
async fn host_names_and_tls_rules_are_the_operators() {
    let script = printed(&[
        "--database",
        "coffre",
        "--host",
        "10.20.0.%",
        "--web",
        "reveal@10.30.0.7",
        "--require",
        "x509",
    ])
    .await;
    for line in [
        "CREATE DATABASE IF NOT EXISTS `coffre`;",
        "CREATE USER 'migrate'@'10.20.0.%' IDENTIFIED BY '<password of migrate>' REQUIRE X509;",
        "CREATE USER 'bot'@'10.20.0.%' IDENTIFIED BY '<password of bot>' REQUIRE X509;",
        "CREATE USER 'reveal'@'10.30.0.7' IDENTIFIED BY '<password of reveal>' REQUIRE X509;",
    ] {
        assert!(
            script.lines().any(|printed| printed == line),
            "{line} in {script}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_gives_the_accounts_what_the_new_version_needs() {
    let server = OwnMySql::start(&[]).await;
    let database = TestDatabase::migrated_on(&server).await;
    let (bot, web) = (
        database.account(Account::Bot),
        database.account(Account::Web),
    );
    let migrate = [("DATABASE_URL", database.url(Account::Migrate))];
    // The database as the version before left it.
    let down = run(MIGRATE, &["down"], &migrate).await;
    assert_eq!(down.code, Some(0), "{}", down.err);
    let up = run(
        MIGRATE,
        &["up", "--grant", "--bot", &bot, "--web", &web],
        &migrate,
    )
    .await;
    assert_eq!(up.code, Some(0), "{}", up.err);
    let world = World::on(database, Options::default()).await;
    let mut world = world;
    let link = world
        .alice_sends_bob(Submission {
            secret: "canary-after-the-update",
            ..Submission::default()
        })
        .await;
    let page = world.web().reveal(link.rsplit('/').next().unwrap()).await;
    assert_eq!(page.secret().as_deref(), Some("canary-after-the-update"));
    assert_eq!(world.database.engine, Engine::MySql);
    world.finish().await;
}
