//! A secret is opened on a database that is read-only, full, frozen or locked: it lives, and opens
//! later.

use std::time::{Duration, Instant};

use e2e::{
    Engine, Options, OwnMySql, Page, Sent, TestDatabase, World, eventually, mysql_proxy::Welcome,
};
use sea_orm::{ConnectionTrait as _, DatabaseConnection};

use super::world_of_lanes;

/// The page of each secret, while all is well.
struct Visit {
    sent: Sent,
    page: Page,
}

async fn visits(world: &World, count: usize, text: &str) -> Vec<Visit> {
    let store = world.database.store().await;
    let mut visits = Vec::new();
    for _ in 0..count {
        let sent = world.keys.send(&store, text).await;
        let page = world.web().look(&sent.token.encode()).await;
        visits.push(Visit { sent, page });
    }
    visits
}

impl Visit {
    async fn press(&self, world: &World) -> Page {
        let confirmation = self.page.confirmation().unwrap();
        world
            .web()
            .press(&self.sent.token.encode(), confirmation)
            .await
    }

    /// The visitor is to try again.
    async fn is_put_off(&self, world: &World) {
        let page = self.press(world).await;
        assert_eq!((page.status, page.state()), (503, "unavailable"));
    }

    /// By the same page, once.
    async fn opens(&self, world: &World) {
        let page = self.press(world).await;
        assert_eq!(
            page.secret().as_deref(),
            Some(&*self.sent.text),
            "{}",
            page.state()
        );
        let again = self.press(world).await;
        assert_eq!((again.status, again.state()), (410, "repeated"));
    }
}

async fn run(session: &DatabaseConnection, sql: &str) {
    session.execute_unprepared(sql).await.unwrap();
}

fn web_alone() -> Options {
    Options {
        bot: false,
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_outlives_a_mysql_that_takes_nothing() {
    let server = OwnMySql::start(&[
        "--innodb-file-per-table=OFF",
        "--innodb-data-file-path=ibdata1:12M:autoextend:max:24M",
    ])
    .await;
    let database = TestDatabase::migrated_on(&server).await;
    let world = World::on(database, web_alone()).await;
    let admin = e2e::connect(&server.url()).await;

    let [read_only, frozen, gone] = &visits(&world, 3, "patient").await[..] else {
        unreachable!()
    };
    run(&admin, "SET GLOBAL super_read_only = ON").await;
    read_only.is_put_off(&world).await;
    run(&admin, "SET GLOBAL super_read_only = OFF").await;
    run(&admin, "SET GLOBAL read_only = OFF").await;
    read_only.opens(&world).await;

    server.freeze().await;
    let begun = Instant::now();
    frozen.is_put_off(&world).await;
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    server.thaw().await;
    frozen.opens(&world).await;

    // Every connection is ended, as a failover does.
    let id = world.database.account(e2e::Account::Web);
    // information_schema.processlist fails while a statement with a binary parameter is under way.
    let kill = format!(
        "SELECT GROUP_CONCAT(processlist_id) FROM performance_schema.threads \
         WHERE processlist_user = '{id}'"
    );
    let ids = world.database.admin_text(&kill).await;
    for id in ids.split(',') {
        run(&admin, &format!("KILL {id}")).await;
    }
    // What is asked over a dead connection has no answer.
    eventually("a new connection", || async {
        let page = world.web().look(&gone.sent.token.encode()).await;
        page.confirmation().is_some().then_some(())
    })
    .await;
    gone.opens(&world).await;
    world.finish().await;
}

/// As in a failover: what was there is cut, and who comes anew is not met as usual.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_outlives_a_mysql_that_takes_no_connection() {
    let (world, proxies) = world_of_lanes(1, false).await;
    let (web, proxy) = (&world.webs[1], &proxies[0]);
    for welcome in [Welcome::Cut, Welcome::CutAfterGreeting, Welcome::Silence] {
        let sent = world
            .keys
            .send(&world.database.store().await, "patient")
            .await;
        let token = sent.token.encode();
        let page = web.look(&token).await;
        let confirmation = page.confirmation().unwrap();
        proxy.cut_all(welcome);
        for page in [
            web.press(&token, confirmation).await,
            web.look(&token).await,
        ] {
            assert_eq!(
                (page.status, page.state()),
                (503, "unavailable"),
                "{welcome:?}"
            );
        }
        proxy.cut_all(Welcome::Usual);
        eventually("a new connection", || async {
            web.look(&token).await.confirmation().map(drop)
        })
        .await;
        let page = web.press(&token, confirmation).await;
        assert_eq!(page.secret().as_deref(), Some("patient"), "{welcome:?}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_outlives_a_full_mysql() {
    let server = OwnMySql::start(&[
        "--innodb-file-per-table=OFF",
        "--innodb-data-file-path=ibdata1:12M:autoextend:max:24M",
    ])
    .await;
    let database = TestDatabase::migrated_on(&server).await;
    let world = World::on(database, web_alone()).await;
    let session = world.database.session().await;
    // Rows next to each other: their ends need pages of their own.
    let visits = visits(&world, 120, &"y".repeat(200)).await;
    run(&session, "CREATE TABLE filler (content LONGBLOB)").await;
    let mut size = 1 << 20;
    while size >= 1 << 9 {
        let fill = format!("INSERT INTO filler VALUES (REPEAT('x', {size}))");
        if session.execute_unprepared(&fill).await.is_err() {
            size /= 2;
        }
    }
    let mut put_off = Vec::new();
    for visit in &visits {
        let page = visit.press(&world).await;
        if page.secret().is_none() {
            assert_eq!((page.status, page.state()), (503, "unavailable"));
            put_off.push(visit);
        }
    }
    println!("{} of {} were put off", put_off.len(), visits.len());
    run(&session, "DROP TABLE filler").await;
    // One after the other: all at once some would wait too long for the disk.
    for visit in put_off {
        visit.opens(&world).await;
    }
    session.close().await.unwrap();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_outlives_a_sqlite_that_takes_nothing() {
    let world = World::with(Engine::Sqlite, web_alone()).await;
    let [full, locked] = &visits(&world, 2, "patient").await[..] else {
        unreachable!()
    };
    // A database file can't grow beyond the largest file that the process may write.
    let pid = world.web().process.id();
    let limit = async |bytes: &str| {
        let limited = tokio::process::Command::new("prlimit")
            .args([&format!("--pid={pid}"), &format!("--fsize={bytes}")])
            .status();
        assert!(limited.await.unwrap().success());
    };
    limit("4096:unlimited").await;
    full.is_put_off(&world).await;
    limit("unlimited:unlimited").await;
    full.opens(&world).await;

    let session = world.database.session().await;
    run(&session, "BEGIN EXCLUSIVE").await;
    locked.is_put_off(&world).await;
    run(&session, "ROLLBACK").await;
    session.close().await.unwrap();
    locked.opens(&world).await;
    world.finish().await;
}
