//! Several hosts in `DATABASE_URL`: two servers, one of which follows the other until it is told to
//! take changes in its place.

use std::time::Duration;

use e2e::{
    Account, Options, OwnMySql, Process, Submission, TestDatabase, World, connect,
    eventually_within, free_port,
    mysql_proxy::{Aim, Fault, Hold, MySqlProxy, Trip, Whose},
    run,
};
use sea_orm::{ConnectionTrait as _, Statement};
use shared::crypto::LinkToken;

const WENT_OVER: &str = "went over to another of its hosts";
const NONE: &str = "none of its hosts takes changes";

/// Longest until a host is looked at that answers, and takes no changes any more; and some more on
/// a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

struct Pair {
    servers: [OwnMySql; 2],
    ports: [u16; 2],
}

impl Pair {
    async fn start() -> Self {
        let ports = [free_port(), free_port()];
        let server = async |port: u16| {
            let words = [format!("--port={port}"), format!("--server-id={port}")];
            let [port, id] = &words;
            let more = ["--gtid-mode=ON", "--enforce-gtid-consistency=ON", port, id];
            OwnMySql::start_with_clock(&more).await
        };
        let pair = Self {
            servers: [server(ports[0]).await, server(ports[1]).await],
            ports,
        };
        pair.follow(1).await;
        pair
    }

    /// One of them follows the other, and takes no changes of its own.
    async fn follow(&self, at: usize) {
        let source = self.ports[1 - at];
        self.say(
            at,
            &[
                "SET GLOBAL super_read_only = ON",
                &format!(
                    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {source}, \
                     SOURCE_USER = 'root', SOURCE_SSL = 1, SOURCE_AUTO_POSITION = 1, \
                     SOURCE_CONNECT_RETRY = 1"
                ),
                "START REPLICA",
            ],
        )
        .await;
    }

    /// It has what the other one has.
    async fn catch_up(&self, at: usize) {
        let there = self.text(1 - at, "SELECT @@global.gtid_executed").await;
        let wait = format!("SELECT CAST(WAIT_FOR_EXECUTED_GTID_SET('{there}', 60) AS CHAR)");
        assert_eq!(self.text(at, &wait).await, "0");
    }

    /// It takes changes, and follows nobody.
    async fn promote(&self, at: usize) {
        self.say(
            at,
            &[
                "STOP REPLICA",
                "RESET REPLICA ALL",
                "SET GLOBAL super_read_only = OFF",
                "SET GLOBAL read_only = OFF",
            ],
        )
        .await;
    }

    /// The other one follows it from now on, and nothing is lost.
    async fn switch(&self, to: usize) {
        self.say(1 - to, &["SET GLOBAL super_read_only = ON"]).await;
        self.catch_up(to).await;
        self.promote(to).await;
        self.follow(1 - to).await;
    }

    async fn say(&self, at: usize, all: &[&str]) {
        let admin = connect(&self.servers[at].url()).await;
        for sql in all {
            admin.execute_unprepared(sql).await.unwrap();
        }
        admin.close().await.unwrap();
    }

    async fn text(&self, at: usize, sql: &str) -> String {
        let admin = connect(&self.servers[at].url()).await;
        let statement = Statement::from_string(admin.get_database_backend(), sql);
        let row = admin.query_one_raw(statement).await.unwrap().unwrap();
        admin.close().await.unwrap();
        row.try_get_by_index(0).unwrap()
    }

    /// Programs that know both.
    async fn world(&self) -> World {
        let database = TestDatabase::migrated_on(&self.servers[0]).await;
        let url = |account| ("DATABASE_URL", database.url_at(account, &self.ports));
        let [bot, web] = [url(Account::Bot), url(Account::Web)];
        let mut options = Options {
            bot_variables: vec![bot],
            ..Options::default()
        };
        options.web_variables.push(web);
        World::on(database, options).await
    }
}

/// Waits until a program has moved so many times in all.
async fn went_over(process: &mut Process, times: usize) {
    eventually_within(PATIENCE, "another host", async || {
        (process.output().matches(WENT_OVER).count() >= times).then_some(())
    })
    .await;
    assert_eq!(process.output().matches(WENT_OVER).count(), times);
}

fn submission(secret: &str) -> Submission<'_> {
    Submission {
        secret,
        ..Submission::default()
    }
}

/// A secret goes all the way, and is shown once.
async fn send_and_open(world: &mut World, secret: &str) {
    let link = world.alice_sends_bob(submission(secret)).await;
    open(world, &link, secret).await;
}

async fn open(world: &World, link: &str, secret: &str) {
    let token = link.rsplit('/').next().unwrap();
    let page = world.web().reveal(token).await;
    assert_eq!(page.secret().as_deref(), Some(secret), "{}", page.html);
    let again = world.web().reveal(token).await;
    assert_eq!(again.secret(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_follow_the_host_that_takes_changes() {
    let pair = Pair::start().await;
    let mut world = pair.world().await;
    send_and_open(&mut world, "canary-of-the-first").await;
    let kept = world.alice_sends_bob(submission("canary-kept")).await;

    pair.switch(1).await;
    went_over(&mut world.webs[0].process, 1).await;
    went_over(&mut world.bot().process, 1).await;
    open(&world, &kept, "canary-kept").await;
    send_and_open(&mut world, "canary-of-the-second").await;

    pair.switch(0).await;
    went_over(&mut world.webs[0].process, 2).await;
    went_over(&mut world.bot().process, 2).await;
    send_and_open(&mut world, "canary-of-the-first-again").await;
    for process in [&world.webs[0].process, &world.bots[0].process] {
        assert!(process.output().matches(NONE).count() <= 2);
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_says_nothing_any_more_is_left() {
    let pair = Pair::start().await;
    let mut world = pair.world().await;
    let kept = world.alice_sends_bob(submission("canary-kept")).await;
    pair.catch_up(1).await;
    let token = kept.rsplit('/').next().unwrap();
    let page = world.web().look(token).await;
    let confirmation = page.confirmation().unwrap().to_owned();

    pair.servers[0].freeze().await;
    // Its answer never comes, and that of the row does once there is a host to ask.
    let (pressed, ()) = tokio::join!(world.web().press(token, &confirmation), pair.promote(1));
    went_over(&mut world.webs[0].process, 1).await;
    went_over(&mut world.bot().process, 1).await;
    let shown = match pressed.secret() {
        Some(shown) => shown,
        None => world.web().reveal(token).await.secret().unwrap(),
    };
    assert_eq!(shown, "canary-kept");
    assert_eq!(world.web().reveal(token).await.secret(), None);
    send_and_open(&mut world, "canary-of-the-second").await;
}

/// A world whose reveal-web reaches the first server through a proxy.
async fn world_behind(pair: &Pair, proxy: &MySqlProxy, database: TestDatabase) -> World {
    let ports = pair.ports;
    let bot = database.url_at(Account::Bot, &ports);
    // Without TLS a server takes only those whom it has seen before.
    let first = proxy.url(&database, Account::Web).await;
    pair.catch_up(1).await;
    let second = database.url_at(Account::Web, &ports[1..]);
    connect(&second).await.close().await.unwrap();
    let both = format!(":{},127.0.0.1:{}/", proxy.port(), ports[1]);
    let web = first.replace(&format!(":{}/", proxy.port()), &both);
    let mut options = Options {
        bot_variables: vec![("DATABASE_URL", bot)],
        ..Options::default()
    };
    options.web_variables.push(("DATABASE_URL", web));
    World::on(database, options).await
}

/// Who presses hears nothing of the first server's answer, and the next server refuses the other
/// try: the first may have done it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_host_that_was_left_may_have_done_is_said_to_be_unknown() {
    let pair = Pair::start().await;
    let database = TestDatabase::migrated_on(&pair.servers[0]).await;
    let proxy = MySqlProxy::before(&database).await;
    let mut world = world_behind(&pair, &proxy, database).await;
    let kept = world.alice_sends_bob(submission("canary-kept")).await;
    let token = kept.rsplit('/').next().unwrap();
    let page = world.web().look(token).await;
    let confirmation = page.confirmation().unwrap().to_owned();

    let hash = LinkToken::parse(token).unwrap().hash();
    let unheard = (
        Aim::Every(Trip::Whole),
        Fault::Swallowed(Hold::UntilReleased),
    );
    let watch = proxy.watch(Whose::All, &[hash.as_bytes()], &[unheard]);
    let account = world.database.account(Account::Web);
    let right = |verb: &str, preposition: &str| {
        format!("{verb} EXECUTE ON PROCEDURE burn_1 {preposition} {account}")
    };
    let (pressed, ()) = tokio::join!(world.web().press(token, &confirmation), async {
        watch.hit().await;
        let revoke = right("REVOKE", "FROM");
        world.database.run(Account::Migrate, &revoke).await.unwrap();
        pair.switch(1).await;
    });
    assert_eq!((pressed.status, pressed.state()), (503, "unsure"));
    went_over(&mut world.webs[0].process, 1).await;
    drop(watch);

    // It was not opened after all.
    let database = connect(&world.database.url_at(Account::Migrate, &pair.ports[1..])).await;
    let grant = right("GRANT", "TO");
    database.execute_unprepared(&grant).await.unwrap();
    database.close().await.unwrap();
    open(&world, &kept, "canary-kept").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seconds_between_hosts_end_nothing_early() {
    let pair = Pair::start().await;
    pair.servers[1].set_clock("+8");
    let mut world = pair.world().await;
    let kept = world.alice_sends_bob(submission("canary-kept")).await;
    let short = Submission {
        lifetime: Some("15m"),
        ..submission("canary-short")
    };
    let short = world.alice_sends_bob(short).await;
    pair.switch(1).await;
    went_over(&mut world.webs[0].process, 1).await;
    went_over(&mut world.bot().process, 1).await;
    open(&world, &kept, "canary-kept").await;
    open(&world, &short, "canary-short").await;
    send_and_open(&mut world, "canary-of-the-second").await;
    pair.switch(0).await;
    went_over(&mut world.webs[0].process, 2).await;
    went_over(&mut world.bot().process, 2).await;
    send_and_open(&mut world, "canary-of-the-first").await;
    for process in [&world.webs[0].process, &world.bots[0].process] {
        assert!(!process.output().contains("clock can't be trusted"));
    }
    let early = "SELECT COUNT(*) FROM audit_events WHERE event = 'expired_destroyed'";
    assert_eq!(world.database.count(early).await, 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_there_is_passed_over() {
    let (nobody, port) = (free_port(), free_port());
    let server = OwnMySql::start(&[&format!("--port={port}")]).await;
    let database = TestDatabase::migrated_on(&server).await;
    let url = |account| ("DATABASE_URL", database.url_at(account, &[nobody, port]));
    let variables = [url(Account::Migrate)];
    let status = run("secure-secret-migrate", &["status"], &variables).await;
    assert_eq!(status.code, Some(0), "{}", status.err);
    let bot_variables = vec![url(Account::Bot)];
    let web_variables = vec![url(Account::Web)];
    let options = Options {
        bot_variables,
        web_variables,
        ..Options::default()
    };
    let mut world = World::on(database, options).await;
    send_and_open(&mut world, "canary-of-the-only-one").await;
    assert!(!world.webs[0].process.output().contains(WENT_OVER));

    // Where no host takes changes that is said once, and links are there to look at.
    let kept = world.alice_sends_bob(submission("canary-kept")).await;
    let admin = world.database.admin_session().await;
    admin
        .execute_unprepared("SET GLOBAL super_read_only = ON")
        .await
        .unwrap();
    world.webs[0].process.line_with(NONE).await;
    world.bot().process.line_with(NONE).await;
    let token = kept.rsplit('/').next().unwrap();
    assert_eq!(world.web().reveal(token).await.status, 503);
    for sql in [
        "SET GLOBAL super_read_only = OFF",
        "SET GLOBAL read_only = OFF",
    ] {
        admin.execute_unprepared(sql).await.unwrap();
    }
    admin.close().await.unwrap();
    let again = "a host takes changes again";
    world.webs[0].process.line_with(again).await;
    world.bot().process.line_with(again).await;
    open(&world, &kept, "canary-kept").await;
    assert_eq!(world.webs[0].process.output().matches(NONE).count(), 1);
    world.finish().await;
}
