//! Random faults under load, for as long as one likes.
//!
//! What is done follows from the seed: who sends what to whom, and which faults come in which
//! order. How these fall together in time does not. Whatever happens, at the end everybody was
//! told, nothing was lost, nothing was shown twice, and every rule of
//! [`invariants`](crate::invariants) holds.

mod database;
mod faults;
mod links;
mod programs;
mod senders;
mod takers;
mod visitors;
mod weather;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Mutex,
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use self::{programs::Programs, visitors::Door};
use crate::{
    Account, Engine, Options, OwnMySql, TestDatabase, World, eventually_within, free_port,
    mysql_proxy::MySqlProxy,
};

/// How much happened, by what it was.
#[derive(Default)]
pub struct Counts(Mutex<BTreeMap<String, u64>>);

impl Counts {
    fn add(&self, what: &str) {
        self.add_many(what, 1);
    }

    fn add_many(&self, what: &str, many: u64) {
        *self.0.lock().unwrap().entry(what.to_owned()).or_default() += many;
    }

    /// Each count, by name.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap().clone()
    }

    fn of(&self, what: &str) -> u64 {
        self.all().get(what).copied().unwrap_or_default()
    }
}

/// What those have in common who act at the same time.
struct Scene<'a> {
    world: &'a World,
    /// The way to MySQL in bad weather.
    proxy: Option<MySqlProxy>,
    /// Where links are opened: in fair weather, and in bad.
    doors: [Door; 2],
    counts: Counts,
    /// What was sent: the secret's text by the dialog's view.
    sent: Mutex<HashMap<String, String>>,
    /// The secrets that somebody got, by their links or rows.
    shown: Mutex<HashSet<String>>,
    /// What senders were told who wanted something back: the row, and the modal's title.
    told: Mutex<Vec<(Uuid, String)>>,
    seed: u64,
    until: Instant,
}

/// Runs for so long, then lets everything heal, and panics if anything is not as it must be.
pub async fn run(engine: Engine, seed: u64, length: Duration) -> BTreeMap<String, u64> {
    let mut mysql = match engine {
        Engine::MySql => Some(OwnMySql::with_clock().await),
        Engine::Sqlite => None,
    };
    let mut world = start(engine, mysql.as_ref()).await;
    let proxy = match mysql {
        Some(_) => Some(MySqlProxy::before(&world.database).await),
        None => None,
    };
    let mut variables = vec![
        ("LISTEN_ADDR", format!("127.0.0.1:{}", free_port())),
        ("RATE_LIMIT", "100000/1s".to_owned()),
        ("RUST_LOG", "info".to_owned()),
    ];
    if let Some(proxy) = &proxy {
        let url = proxy.url(&world.database, Account::Web).await;
        variables.push(("DATABASE_URL", url));
    }
    let web = world.new_web(&variables).await;
    let scene = Scene {
        world: &world,
        doors: [Door::of(world.web(), false), Door::of(&web, true)],
        proxy,
        counts: Counts::default(),
        sent: Mutex::default(),
        shown: Mutex::default(),
        told: Mutex::default(),
        seed,
        until: Instant::now() + length,
    };
    let mut bots = Vec::new();
    for is_unsteady in [false, true] {
        bots.push(programs::new_bot(&scene, is_unsteady).await);
    }
    world.slack().connections(4).await;
    let retry = json!({ "retry": true });
    world.slack().post("/quirks", &retry).await;

    let programs = Programs::with(bots, web, variables);
    let senders = (0..senders::SENDERS).map(|number| senders::send(&scene, number));
    let visitors = (0..visitors::VISITORS).map(|number| visitors::open(&scene, number));
    let (_, _, (), programs) = tokio::join!(
        join_all(senders),
        join_all(visitors),
        takers::take_back(&scene),
        weather::break_things(&scene, mysql.as_mut(), programs),
    );
    finish(&scene).await;
    let counts = scene.counts.all();
    drop(scene);
    world.bots = programs.bots;
    world.webs.push(programs.web);
    world.finish().await;
    counts
}

async fn start(engine: Engine, mysql: Option<&OwnMySql>) -> World {
    let database = match mysql {
        Some(mysql) => TestDatabase::migrated_on(mysql).await,
        None => TestDatabase::migrated(engine).await,
    };
    let quiet = ("RUST_LOG", "info".to_owned());
    let options = Options {
        slack: true,
        bot: false,
        bot_variables: vec![quiet.clone(), ("CLEANUP_INTERVAL", "5s".to_owned())],
        web_variables: vec![quiet, ("RATE_LIMIT", "100000/1s".to_owned())],
        ..Options::default()
    };
    World::on(database, options).await
}

/// Everything heals; then everything must be as it should.
async fn finish(scene: &Scene<'_>) {
    let Scene { world, counts, .. } = scene;
    world.settled().await;
    let accepted: Vec<_> = scene.sent.lock().unwrap().keys().cloned().collect();
    for view in &accepted {
        let sql = format!("SELECT COUNT(*) FROM secrets WHERE submission_key = '{view}'");
        assert_eq!(world.database.count(&sql).await, 1, "{view} was accepted");
    }
    let conversations = world.slack().conversations().await;
    let postings = conversations.postings.iter();
    let messages: Vec<_> = postings.filter(|posting| links::is_link(posting)).collect();
    let mut seen = HashSet::new();
    for message in messages {
        counts.add("message posted");
        if !seen.insert(links::secret_of(message)) {
            counts.add("message posted again");
            continue;
        }
        // Of one that is over the button gives none.
        if let Some(link) = links::follow(scene, message).await {
            visitors::reveal(scene, &scene.doors[0], &link).await;
        }
    }
    takers::check(scene).await;
    for (what, sql) in [
        ("secret stored", "SELECT COUNT(*) FROM secrets"),
        (
            "secret opened",
            "SELECT COUNT(*) FROM audit_events WHERE event = 'viewed'",
        ),
        (
            "message failed",
            "SELECT COUNT(*) FROM audit_events WHERE event = 'dm_failed'",
        ),
        (
            "secret taken back",
            "SELECT COUNT(*) FROM audit_events WHERE event = 'revoked'",
        ),
    ] {
        for _ in 0..world.database.count(sql).await {
            counts.add(what);
        }
    }
    // The bots may pause for a minute and more after what they went through.
    eventually_within(
        Duration::from_mins(4),
        "messages show that all is opened",
        || async {
            let live = "SELECT COUNT(*) FROM deliveries JOIN secrets \
             ON secrets.id = deliveries.secret_id WHERE destroyed_at IS NOT NULL \
             AND shown = 'live' AND message_ts IS NOT NULL";
            (world.database.count(live).await == 0).then_some(())
        },
    )
    .await;
    // Fewer only where the answer to a COMMIT got lost for good: then it is shown to nobody.
    assert!(
        counts.of("secret shown") + counts.of("secret shown in part") <= counts.of("secret opened"),
        "each was shown once"
    );
}
