//! What happens to a secret when reveal-web or its database gives way just as somebody opens it.

use std::time::Duration;

use e2e::{
    Account, Engine, Options, OwnMySql, Page, Sent, TestDatabase, Web, World, eventually,
    eventually_within, on_each_engine,
};
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use tokio::task::JoinHandle;

const LONG: Duration = Duration::from_mins(1);

const VIEWED: &str = "SELECT COUNT(*) FROM audit_events WHERE event = 'viewed'";

fn of_webs(webs: usize) -> Options {
    Options {
        bot: false,
        webs,
        ..Options::default()
    }
}

async fn send(world: &World) -> Sent {
    let store = world.database.store().await;
    world.keys.send(&store, "still there").await
}

async fn run(session: &DatabaseConnection, sql: &str) {
    session.execute_unprepared(sql).await.unwrap();
}

/// Presses the button, and goes on with something else meanwhile.
async fn press_apart(web: &Web, token: &str) -> JoinHandle<Option<u16>> {
    let page = web.look(token).await;
    let confirmation = page.confirmation().unwrap();
    let form = [("token", token), ("confirmation", confirmation)];
    let request = web.post().form(&form);
    tokio::spawn(async move { Some(request.send().await.ok()?.status().as_u16()) })
}

/// Not now, and nothing is lost by it.
fn is_unavailable(page: &Page) {
    assert_eq!((page.status, page.state()), (503, "unavailable"));
    assert!(page.headers.contains_key("retry-after"));
}

/// Opened as soon as all is well again, once.
async fn opens_in_the_end(world: &World, web: &Web, sent: &Sent) {
    let token = sent.token.encode();
    let page = eventually_within(LONG, "the secret opens", || async {
        let page = web.reveal(&token).await;
        (page.status != 503).then_some(page)
    })
    .await;
    assert_eq!(page.secret().as_deref(), Some(sent.text.as_str()));
    assert_eq!(world.database.count(VIEWED).await, 1);
}

on_each_engine! {
    async fn a_web_that_dies_after_its_commit_has_burned_the_secret(engine) {
        let mut world = World::with(engine, of_webs(2)).await;
        let sent = send(&world).await;
        let token = sent.token.encode();
        let pressed = press_apart(world.web(), &token).await;
        eventually("the commit", || async {
            (world.database.count(VIEWED).await == 1).then_some(())
        })
        .await;
        world.webs.remove(0).process.kill().await;
        pressed.await.unwrap();
        let page = world.web().look(&token).await;
        assert_eq!((page.status, page.state()), (410, "opened"));
        let page = world.web().reveal(&token).await;
        assert_eq!((page.status, page.secret()), (410, None));
        world.finish().await;
    }
}

/// The server goes on with its call, and no lock is left behind: the secret is burned, and its link
/// says so, or it lives.
#[tokio::test(flavor = "multi_thread")]
async fn a_web_that_freezes_and_dies_within_its_call_leaves_no_lock() {
    let mut world = World::with(Engine::MySql, of_webs(2)).await;
    let sent = send(&world).await;
    let token = sent.token.encode();
    let session = world.database.session().await;
    run(
        &session,
        "SET SESSION transaction_isolation = 'READ-COMMITTED'",
    )
    .await;
    run(&session, "BEGIN").await;
    // The place of the end that the burn writes down: it waits with the row in its hand.
    run(
        &session,
        "INSERT INTO audit_events (id, secret_id, event, slot, occurred_at, metadata) \
         SELECT id, id, 'viewed', 'terminal', created_at, '{}' FROM secrets",
    )
    .await;
    let pressed = press_apart(world.web(), &token).await;
    let waiting = format!(
        "SELECT COUNT(*) FROM performance_schema.data_locks \
         WHERE object_schema = '{}' AND lock_status = 'WAITING'",
        world.database.name()
    );
    eventually("the burn waits", || async {
        (world.database.admin_count(&waiting).await > 0).then_some(())
    })
    .await;
    let mut frozen = world.webs.remove(0);
    frozen.process.signal("STOP").await;
    run(&session, "ROLLBACK").await;
    session.close().await.unwrap();
    let calls = format!(
        "SELECT COUNT(*) FROM performance_schema.threads \
         WHERE processlist_user = '{}' AND processlist_command <> 'Sleep'",
        world.database.account(Account::Web)
    );
    eventually("its call is over", || async {
        (world.database.admin_count(&calls).await == 0).then_some(())
    })
    .await;
    let is_burned = world.database.count(VIEWED).await == 1;
    let page = world.web().reveal(&token).await;
    if is_burned {
        assert_eq!((page.status, page.state()), (410, "opened"));
    } else {
        assert_eq!(page.secret().as_deref(), Some(sent.text.as_str()));
    }
    frozen.process.kill().await;
    assert_eq!(pressed.await.unwrap(), None);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_read_only_or_dead_mysql_shows_nothing_and_loses_nothing() {
    let mut server = OwnMySql::start(&[]).await;
    let database = TestDatabase::migrated_on(&server).await;
    let world = World::on(database, of_webs(1)).await;
    let admin = e2e::connect(&server.url()).await;
    let sent = send(&world).await;
    let token = sent.token.encode();
    let page = world.web().look(&token).await;
    let confirmation = page.confirmation().unwrap();
    server.freeze().await;
    is_unavailable(&world.web().press(&token, confirmation).await);
    server.thaw().await;
    run(&admin, "SET GLOBAL super_read_only = ON").await;
    is_unavailable(&world.web().press(&token, confirmation).await);
    run(&admin, "SET GLOBAL super_read_only = OFF").await;
    run(&admin, "SET GLOBAL read_only = OFF").await;
    server.kill().await;
    is_unavailable(&world.web().press(&token, confirmation).await);
    server.run().await;
    opens_in_the_end(&world, world.web(), &sent).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_or_locked_sqlite_shows_nothing_and_loses_nothing() {
    let world = World::of_web(Engine::Sqlite).await;
    let sent = send(&world).await;
    let token = sent.token.encode();
    let pid = world.web().process.id();
    // A database file can't grow beyond the largest file that the process may write.
    let limit = async |bytes: &str| {
        let limited = tokio::process::Command::new("prlimit")
            .args([&format!("--pid={pid}"), &format!("--fsize={bytes}")])
            .status();
        assert!(limited.await.unwrap().success());
    };
    limit("4096:unlimited").await;
    is_unavailable(&world.web().reveal(&token).await);
    limit("unlimited:unlimited").await;
    let session = world.database.session().await;
    run(&session, "BEGIN IMMEDIATE").await;
    is_unavailable(&world.web().reveal(&token).await);
    run(&session, "ROLLBACK").await;
    session.close().await.unwrap();
    opens_in_the_end(&world, world.web(), &sent).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_is_answered_before_a_web_stops() {
    let mut world = World::of_web(Engine::MySql).await;
    let sent = send(&world).await;
    let admin = world.database.admin_session().await;
    let name = world.database.name();
    run(
        &admin,
        &format!(
            "CREATE TRIGGER {name}.slow BEFORE UPDATE ON {name}.secrets FOR EACH ROW DO SLEEP(2)"
        ),
    )
    .await;
    let pressed = press_apart(world.web(), &sent.token.encode()).await;
    let burning = format!(
        "SELECT COUNT(*) FROM performance_schema.threads \
         WHERE processlist_db = '{name}' AND processlist_state = 'User sleep'"
    );
    eventually("the burn is under way", || async {
        (world.database.admin_count(&burning).await > 0).then_some(())
    })
    .await;
    let mut web = world.webs.remove(0);
    web.process.signal("TERM").await;
    web.process.line_with("stopping").await;
    assert_eq!(pressed.await.unwrap(), Some(200));
    assert_eq!(web.process.exit_code().await, Some(0));
    world.finish().await;
}
