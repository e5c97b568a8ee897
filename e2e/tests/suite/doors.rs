//! The stored procedures that reveal-web works through on MySQL: how they come, how they go, and
//! what is said when one is not as it should be.

use e2e::{Account, Engine, Options, OwnMySql, Ran, TestDatabase, World, eventually, run};
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use shared::{
    domain::program::Program,
    store::{SchemaError, doors},
};
use std::time::{Duration, Instant};

const MIGRATE: &str = "secure-secret-migrate";

async fn migrate(database: &TestDatabase, arguments: &[&str]) -> Ran {
    let url = [("DATABASE_URL", database.url(Account::Migrate))];
    run(MIGRATE, arguments, &url).await
}

/// `up --grant` and `grant`, for this test's accounts.
async fn migrate_for(database: &TestDatabase, arguments: &[&str]) -> Ran {
    let (bot, web) = (
        database.account(Account::Bot),
        database.account(Account::Web),
    );
    let names = ["--bot", &bot, "--web", &web];
    migrate(database, &[arguments, &names].concat()).await
}

async fn execute(session: &DatabaseConnection, sql: &str) {
    let done = session.execute_unprepared(sql).await;
    assert!(done.is_ok(), "{sql}: {done:?}");
}

/// A reveal-web that does not start; what it says.
async fn refusal_of(world: &World) -> String {
    let variables = world.variables_of_web();
    let ran = run("secure-secret-web", &[], &variables).await;
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    ran.err + &ran.out
}

async fn doctor(world: &World) -> String {
    run("secure-secret-web", &["doctor"], &world.variables_of_web())
        .await
        .out
}

fn without_bot() -> Options {
    Options {
        bot: false,
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_made_once_and_again_when_one_is_gone_or_changed() {
    let database = TestDatabase::empty(Engine::MySql).await;
    let up = migrate_for(&database, &["up", "--grant"]).await;
    assert!(up.out.contains("15 stored procedures made\n"), "{}", up.out);
    let up = migrate_for(&database, &["up", "--grant"]).await;
    assert!(up.out.contains("0 stored procedures made\n"), "{}", up.out);
    let world = World::on(database, without_bot()).await;
    let session = world.database.session().await;
    let body = doors::ALL[3].body();
    for (change, status) in [
        ("DROP PROCEDURE burn_1".to_owned(), "missing"),
        (
            "DROP PROCEDURE burn_1; CREATE PROCEDURE burn_1() SELECT 1".to_owned(),
            "changed",
        ),
        (
            "ALTER PROCEDURE burn_1 SQL SECURITY INVOKER".to_owned(),
            "changed",
        ),
        (
            "ALTER PROCEDURE burn_1 COMMENT 'mine'".to_owned(),
            "changed",
        ),
        (
            format!(
                "SET sql_mode = ''; DROP PROCEDURE burn_1; CREATE PROCEDURE burn_1({}) COMMENT '{}' {body}",
                doors::ALL[3].parameters(),
                doors::ALL[3].comment(),
            ),
            "changed",
        ),
    ] {
        // One after the other: a procedure's text has semicolons of its own.
        for statement in change.splitn(3, "; ") {
            execute(&session, statement).await;
        }
        let told = migrate(&world.database, &["status"]).await;
        let line = format!("{status}  stored procedure burn_1\n");
        assert!(told.out.ends_with(&line), "{change}: {}", told.out);
        assert_eq!(told.out.matches("stored procedure").count(), 1);
        let up = migrate_for(&world.database, &["up", "--grant"]).await;
        assert!(
            up.out.contains("1 stored procedures made\n"),
            "{change}: {}",
            up.out
        );
    }
    let sent = world.keys.send(&world.database.store().await, "x").await;
    let page = world.web().reveal(&sent.token.encode()).await;
    assert_eq!(page.secret().as_deref(), Some("x"));
    execute(&session, "DROP PROCEDURE late_1").await;
    let up = migrate(&world.database, &["up"]).await;
    let said = "1 stored procedures made: say who may call them by `secure-secret-migrate grant`\n";
    assert!(up.out.ends_with(said), "{}", up.out);
    session.close().await.unwrap();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_is_closed_or_anothers_is_named() {
    let world = World::with(Engine::MySql, without_bot()).await;
    let admin = world.database.admin_session().await;
    let (name, web) = (world.database.name(), world.database.account(Account::Web));
    for door in doors::of(Program::Web) {
        let place = format!("PROCEDURE {name}.{}", door.name);
        execute(
            &admin,
            &format!("REVOKE EXECUTE ON {place} FROM '{web}'@'%'"),
        )
        .await;
        let store = world.database.store_of(Account::Web).await;
        let wrong = doors::wrong(&store, Program::Web).await.unwrap();
        assert_eq!((wrong.closed, wrong.foreign), (vec![door.name], vec![]));
        let error = store.check_schema().await.unwrap_err().to_string();
        let said = format!(
            "stored procedures {} are missing, or this account may not call them",
            door.name
        );
        assert!(error.contains(&said), "{error}");
        execute(&admin, &format!("GRANT EXECUTE ON {place} TO '{web}'@'%'")).await;
    }
    // An administrator's, with the same text.
    let burn = doors::ALL[3];
    let session = e2e::connect(world.database.admin_url()).await;
    execute(&session, &format!("USE {name}")).await;
    execute(&session, "DROP PROCEDURE burn_1").await;
    execute(&session, &burn.create()).await;
    let to_web = format!("GRANT EXECUTE ON PROCEDURE {name}.burn_1 TO '{web}'@'%'");
    execute(&admin, &to_web).await;
    for told in [refusal_of(&world).await, doctor(&world).await] {
        let said = "stored procedures burn_1 are not the migrating account's like the others";
        assert!(told.contains(said), "{told}");
    }
    let status = migrate(&world.database, &["status"]).await;
    assert!(
        status
            .out
            .ends_with("another account's  stored procedure burn_1\n"),
        "{}",
        status.out
    );
    // The server lets nobody remove what an administrator made who could.
    let up = migrate_for(&world.database, &["up", "--grant"]).await;
    if up.code != Some(0) {
        assert!(
            up.err.contains("burn_1 was made by another account")
                && up
                    .err
                    .contains("let an administrator run DROP PROCEDURE burn_1"),
            "{}",
            up.err
        );
        execute(&admin, &format!("DROP PROCEDURE {name}.burn_1")).await;
        let up = migrate_for(&world.database, &["up", "--grant"]).await;
        assert_eq!(up.code, Some(0), "{}", up.err);
    }
    world
        .database
        .store_of(Account::Web)
        .await
        .check_schema()
        .await
        .unwrap();
    session.close().await.unwrap();
    admin.close().await.unwrap();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn their_maker_may_be_locked_and_may_not_be_gone() {
    let world = World::with(Engine::MySql, without_bot()).await;
    let admin = world.database.admin_session().await;
    let maker = world.database.account(Account::Migrate);
    let store = world.database.store().await;
    let one = world.keys.send(&store, "while it is locked").await;
    let other = world.keys.send(&store, "after it came back").await;
    let other_token = other.token.encode();
    let before = world.web().look(&other_token).await;

    execute(&admin, &format!("ALTER USER '{maker}'@'%' ACCOUNT LOCK")).await;
    world
        .database
        .store_of(Account::Web)
        .await
        .check_schema()
        .await
        .unwrap();
    let page = world.web().reveal(&one.token.encode()).await;
    assert_eq!(page.secret().as_deref(), Some("while it is locked"));
    execute(&admin, &format!("ALTER USER '{maker}'@'%' ACCOUNT UNLOCK")).await;

    // Its host is changed, by which the server has no such account any more.
    execute(
        &admin,
        &format!("RENAME USER '{maker}'@'%' TO '{maker}'@'10.9.9.9'"),
    )
    .await;
    for told in [refusal_of(&world).await, doctor(&world).await] {
        let said = "the account that made the database's stored procedures is gone";
        assert!(told.contains(said), "{told}");
    }
    let page = world
        .web()
        .press(&other_token, before.confirmation().unwrap())
        .await;
    assert_eq!((page.status, page.state()), (503, "unavailable"));
    execute(
        &admin,
        &format!("RENAME USER '{maker}'@'10.9.9.9' TO '{maker}'@'%'"),
    )
    .await;
    let page = world
        .web()
        .press(&other_token, before.confirmation().unwrap())
        .await;
    assert_eq!(page.secret().as_deref(), Some("after it came back"));
    admin.close().await.unwrap();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_make_them_is_told_so_before_anything_is_changed() {
    let database = TestDatabase::empty(Engine::MySql).await;
    let admin = database.admin_session().await;
    let (name, maker) = (database.name(), database.account(Account::Migrate));
    for right in ["CREATE ROUTINE", "ALTER ROUTINE", "EXECUTE"] {
        execute(
            &admin,
            &format!("REVOKE {right} ON {name}.* FROM '{maker}'@'%'"),
        )
        .await;
        let up = migrate_for(&database, &["up", "--grant"]).await;
        assert_eq!(up.code, Some(1), "{right}: {}", up.out);
        assert!(
            up.err.contains(&format!(
                "It lacks {right} ON `{name}`.*: let an administrator"
            )),
            "{}",
            up.err
        );
        let tables =
            format!("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{name}'");
        assert_eq!(database.admin_count(&tables).await, 0, "{right}");
        execute(
            &admin,
            &format!("GRANT {right} ON {name}.* TO '{maker}'@'%'"),
        )
        .await;
    }
    admin.close().await.unwrap();
    database.remove().await;
}

/// As an update leaves it: the old rights beside the doors, until somebody takes them back.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_version_before_needed_is_told_and_taken_back() {
    let world = World::with(Engine::MySql, without_bot()).await;
    let admin = world.database.admin_session().await;
    let (name, web) = (world.database.name(), world.database.account(Account::Web));
    for right in shared::store::grants::former(name, Account::Web.program()) {
        execute(&admin, &format!("GRANT {right} TO '{web}'@'%'")).await;
    }
    // A program of the version before goes on with those.
    let old = "UPDATE secrets SET viewed_at = viewed_at WHERE FALSE";
    let up = migrate_for(&world.database, &["up", "--grant"]).await;
    assert_eq!(up.code, Some(0), "{}", up.err);
    world.database.run(Account::Web, old).await.unwrap();
    let told = doctor(&world).await;
    assert!(
        told.contains("it may do more than it needs: INSERT ON")
            && told.contains("`secure-secret-migrate grant --take-back`"),
        "{told}"
    );
    for rights in [40, 0] {
        let taken = migrate_for(&world.database, &["grant", "--take-back"]).await;
        assert_eq!(taken.code, Some(0), "{}", taken.err);
        let said = format!("{rights} rights of before taken back\n");
        assert!(taken.out.ends_with(&said), "{}", taken.out);
    }
    let told = doctor(&world).await;
    assert!(told.contains("just those that it needs"), "{told}");
    assert!(world.database.run(Account::Web, old).await.is_err());
    let sent = world.keys.send(&world.database.store().await, "x").await;
    let page = world.web().reveal(&sent.token.encode()).await;
    assert_eq!(page.secret().as_deref(), Some("x"));
    admin.close().await.unwrap();
    world.finish().await;
}

/// Every statement of a reveal-web that serves is the call of a door: whatever it does besides is
/// about its session.
#[tokio::test(flavor = "multi_thread")]
async fn reveal_web_says_nothing_but_calls() {
    let world = World::with(Engine::MySql, without_bot()).await;
    let (store, web) = (world.database.store().await, world.web());
    let opened = world.keys.send(&store, "opened").await.token.encode();
    let page = web.look(&opened).await;
    let confirmation = page.confirmation().unwrap();
    assert!(web.press(&opened, confirmation).await.secret().is_some());
    assert_eq!(web.press(&opened, confirmation).await.state(), "repeated");
    assert_eq!(web.look(&opened).await.state(), "opened");
    let over = world.keys.send(&store, "over").await.token.encode();
    let ends = "UPDATE secrets SET expires_at = created_at + 1 WHERE destroyed_at IS NULL";
    world.database.run(Account::Migrate, ends).await.unwrap();
    assert_eq!(web.look(&over).await.state(), "expired");
    eventually("all is written down", || async {
        let written = "SELECT COUNT(*) FROM secrets WHERE reuse_count = 1 AND repeat_count = 1";
        let rings = "SELECT COUNT(*) FROM key_rings WHERE program = 'web'";
        let (written, rings) = (
            world.database.count(written).await,
            world.database.count(rings).await,
        );
        (written == 1 && rings == 1).then_some(())
    })
    .await;
    let account = world.database.account(Account::Web);
    let said = format!(
        "SELECT GROUP_CONCAT(DISTINCT event_name ORDER BY event_name) \
         FROM performance_schema.events_statements_summary_by_user_by_event_name \
         WHERE user = '{account}' AND count_star > 0 AND event_name LIKE 'statement/sql/%'"
    );
    let said = world.database.admin_text(&said).await;
    assert_eq!(
        said, "statement/sql/set_option",
        "whatever else is prepared"
    );
    let prepared = format!(
        "SELECT GROUP_CONCAT(DISTINCT sql_text SEPARATOR ';') \
         FROM performance_schema.prepared_statements_instances \
         JOIN performance_schema.threads ON thread_id = owner_thread_id \
         WHERE processlist_user = '{account}'"
    );
    let prepared = world.database.admin_text(&prepared).await;
    let (calls, others): (Vec<_>, Vec<_>) = prepared
        .split(';')
        .partition(|statement| statement.starts_with("CALL "));
    assert!(calls.len() >= 7, "{prepared}");
    // Once, at its start: whether its doors are there.
    assert!(
        others.len() <= 1
            && others
                .iter()
                .all(|it| it.contains("information_schema.routines")),
        "{others:?}"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_clock_is_the_sessions_is_refused() {
    let server = OwnMySql::start(&["--sysdate-is-now"]).await;
    let database = TestDatabase::migrated_on(&server).await;
    let store = database.store_of(Account::Web).await;
    let error = store.check_schema().await.unwrap_err();
    assert_eq!(error, SchemaError::SysdateIsNow);
    database.remove().await;
}

/// A call that somebody ends leaves its transaction open, as no handler runs: the program closes
/// that connection, and the server undoes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_an_administrator_ends_leaves_nothing_open() {
    let world = World::with(Engine::MySql, without_bot()).await;
    let sent = world.keys.send(&world.database.store().await, "once").await;
    let token = sent.token.encode();
    world.web().reveal(&token).await;
    let admin = world.database.admin_session().await;
    let session = world.database.session().await;
    execute(&session, "BEGIN").await;
    execute(&session, "SELECT id FROM secrets FOR UPDATE").await;
    world.web().look(&token).await;
    let account = world.database.account(Account::Web);
    let waits = format!(
        "SELECT CAST(COALESCE(MAX(processlist_id), 0) AS SIGNED) FROM performance_schema.threads \
         WHERE processlist_user = '{account}' AND processlist_command <> 'Sleep'"
    );
    let id = eventually("the visit is being counted", || async {
        let id = world.database.admin_count(&waits).await;
        (id > 0).then_some(id)
    })
    .await;
    execute(&admin, &format!("KILL QUERY {id}")).await;
    let open = format!(
        "SELECT COUNT(*) FROM information_schema.innodb_trx JOIN performance_schema.threads \
         ON processlist_id = trx_mysql_thread_id WHERE processlist_user = '{account}'"
    );
    let begun = Instant::now();
    eventually("nothing is open", || async {
        (world.database.admin_count(&open).await == 0).then_some(())
    })
    .await;
    // By itself the server would end it after 35 s.
    assert!(begun.elapsed() < Duration::from_secs(15));
    execute(&session, "ROLLBACK").await;
    session.close().await.unwrap();
    admin.close().await.unwrap();
    world.finish().await;
}
