//! Random faults under load, for as long as one likes.
//!
//! What is done follows from the seed: who sends what to whom, and which faults come in which order.
//! How these fall together in time does not. Whatever happens, at the end everybody was told, nothing
//! was lost, nothing was shown twice, and every rule of [`invariants`](crate::invariants) holds.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use shared::crypto::LinkToken;
use tokio::time::{Instant, sleep};

use crate::{Bot, Engine, Options, OwnMySql, TestDatabase, World, eventually_within};

/// People who send at the same time.
const SENDERS: usize = 6;

/// What there is to be done to the Web API.
const METHODS: [&str; 7] = [
    "users.info",
    "conversations.open",
    "chat.postMessage",
    "chat.update",
    "views.open",
    "views.update",
    "apps.connections.open",
];

/// How much happened, by what it was.
#[derive(Default)]
pub struct Counts(Mutex<BTreeMap<String, u64>>);

impl Counts {
    fn add(&self, what: &str) {
        *self.0.lock().unwrap().entry(what.to_owned()).or_default() += 1;
    }

    /// Each count, by name.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap().clone()
    }
}

/// What was sent: the secret's text by the dialog's view.
type Sent = Mutex<HashMap<String, String>>;

/// Runs for so long, then lets everything heal, and panics if anything is not as it must be.
pub async fn run(engine: Engine, seed: u64, length: Duration) -> BTreeMap<String, u64> {
    let mut server = match engine {
        Engine::MySql => Some(OwnMySql::start(&[]).await),
        Engine::Sqlite => None,
    };
    let database = match &server {
        Some(server) => TestDatabase::migrated_on(server).await,
        None => TestDatabase::migrated(engine).await,
    };
    let options = Options {
        slack: true,
        bot: false,
        bot_variables: vec![
            ("RUST_LOG", "info".to_owned()),
            ("CLEANUP_INTERVAL", "5s".to_owned()),
        ],
        ..Options::default()
    };
    let mut world = World::on(database, options).await;
    let bots = vec![world.new_bot(&[]), world.new_bot(&[])];
    world.slack().connections(4).await;
    world
        .slack()
        .post("/quirks", &json!({ "retry": true }))
        .await;

    let (counts, sent, until) = (Counts::default(), Sent::default(), Instant::now() + length);
    let senders = (0..SENDERS).map(|number| send(&world, seed, number, &counts, &sent, until));
    let (_, (), bots) = tokio::join!(
        futures_util::future::join_all(senders),
        open(&world, seed, &counts, &sent, until),
        break_things(&world, server.as_mut(), bots, seed, &counts, until),
    );
    world.bots = bots;
    finish(world, &counts, &sent).await;
    counts.all()
}

/// One person who sends one secret after the other, and presses again as the dialog says.
async fn send(
    world: &World,
    seed: u64,
    number: usize,
    counts: &Counts,
    sent: &Sent,
    until: Instant,
) {
    let mut random = StdRng::seed_from_u64(seed ^ (number as u64 + 1));
    let mut round = 0;
    while Instant::now() < until {
        round += 1;
        let user = format!("U0CROWD{:03}", number * 80 + random.random_range(0..80));
        let recipient = format!("U0CROWD{:03}", random.random_range(0..500));
        let secret = format!(
            "soak-{seed}-{number}-{round}-{}",
            "é".repeat(random.random_range(0..2000))
        );
        if user == recipient {
            continue;
        }
        let typed = json!({ "user": user, "command": "/sendsecret", "text": "" });
        world.slack().post("/command", &typed).await;
        let Some(dialog) = dialog_of(world, &user).await else {
            counts.add("a command without a dialog");
            continue;
        };
        let values = json!({
            "recipient": { "value": { "selected_user": recipient } },
            "secret": { "value": { "value": secret } },
        });
        let accepted = submit(world, &user, &dialog, &values, counts).await;
        if accepted {
            let view = dialog["id"].as_str().unwrap().to_owned();
            sent.lock().unwrap().insert(view, secret);
        }
        let close = json!({ "user": user, "view_id": dialog["id"] });
        world.slack().post("/close", &close).await;
        sleep(Duration::from_millis(random.random_range(0..800))).await;
    }
}

async fn dialog_of(world: &World, user: &str) -> Option<Value> {
    let deadline = Instant::now() + Duration::from_secs(4);
    while Instant::now() < deadline {
        if let Some(dialog) = world.slack().dialogs(user).await.pop() {
            return Some(dialog);
        }
        sleep(Duration::from_millis(50)).await;
    }
    None
}

/// Presses Send until it is accepted. Once it was, pressing again must not send anything new.
async fn submit(
    world: &World,
    user: &str,
    dialog: &Value,
    values: &Value,
    counts: &Counts,
) -> bool {
    let body = json!({ "user": user, "view_id": dialog["id"], "values": values });
    for _ in 0..60 {
        let outcome = world.slack().post("/submit", &body).await;
        match outcome["outcome"].as_str().unwrap_or_default() {
            "closed" => {
                counts.add("submission accepted");
                return true;
            }
            "updated" => {
                counts.add("submission accepted before");
                return true;
            }
            "errors" => counts.add("submission sent back"),
            _ => counts.add("submission not acknowledged"),
        }
        sleep(Duration::from_millis(500)).await;
    }
    counts.add("submission given up");
    false
}

/// Recipients who open about half of the links that they get, some of them twice.
async fn open(world: &World, seed: u64, counts: &Counts, sent: &Sent, until: Instant) {
    let mut random = StdRng::seed_from_u64(seed.rotate_left(17));
    let mut from = 0;
    while Instant::now() < until {
        let path = format!("/postings?from={from}");
        let postings = world.slack().get(&path).await;
        let postings = postings.as_array().unwrap();
        from += postings.len();
        for posting in postings {
            if !is_link(posting) || random.random_bool(0.5) {
                continue;
            }
            let link = crate::link_of(posting);
            let token = link.rsplit('/').next().unwrap().to_owned();
            for _ in 0..random.random_range(1..3) {
                reveal(world, &token, counts, sent).await;
            }
        }
        sleep(Duration::from_millis(500)).await;
    }
}

async fn reveal(world: &World, token: &str, counts: &Counts, sent: &Sent) {
    let page = world.web().reveal(token).await;
    match (page.status, page.secret()) {
        (200, Some(secret)) => {
            counts.add("secret shown");
            if let Some(expected) = expected(world, token, sent).await {
                assert!(secret == expected, "another secret was shown");
            }
        }
        (410, None) => counts.add("link used again"),
        (503, None) => counts.add("link tried in vain"),
        (status, _) => panic!("status {status} for a link"),
    }
}

/// What was typed into the dialog whose link this is, if its sender knows already that it went out.
async fn expected(world: &World, token: &str, sent: &Sent) -> Option<String> {
    let hash = hex(LinkToken::parse(token)?.hash().as_bytes());
    let sql = format!("SELECT submission_key FROM secrets WHERE token_hash = x'{hash}'");
    let session = world.database.try_session().await?;
    let statement = Statement::from_string(session.get_database_backend(), sql);
    let row = session.query_one_raw(statement).await.ok()??;
    session.close().await.ok();
    let view: String = row.try_get_by_index(0).ok()?;
    sent.lock().unwrap().get(&view).cloned()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn is_link(posting: &Value) -> bool {
    posting["blocks"].to_string().contains("open_secret")
}

/// One fault after the other. Gives the bots back that are alive at the end.
async fn break_things(
    world: &World,
    mut server: Option<&mut OwnMySql>,
    mut bots: Vec<Bot>,
    seed: u64,
    counts: &Counts,
    until: Instant,
) -> Vec<Bot> {
    let mut random = StdRng::seed_from_u64(seed.rotate_left(33));
    while Instant::now() < until {
        match random.random_range(0..100) {
            0..50 => fail_calls(world, &mut random, counts).await,
            50..75 => fail_sockets(world, &mut random, counts).await,
            75..85 => {
                let victim = random.random_range(0..bots.len());
                let mut bot = bots.swap_remove(victim);
                if random.random_bool(0.6) {
                    counts.add("fault: bot killed");
                    bot.process.kill().await;
                } else {
                    counts.add("fault: bot stopped");
                    assert_eq!(
                        bot.process.stop().await,
                        Some(0),
                        "{}",
                        bot.process.output()
                    );
                }
                assert!(
                    !bot.process.output().contains("panicked"),
                    "{}",
                    bot.process.output()
                );
                bots.push(world.new_bot(&[]));
            }
            _ => stop_database(world, server.as_deref_mut(), &mut random, counts).await,
        }
        sleep(Duration::from_millis(random.random_range(200..2500))).await;
    }
    world.slack().post("/heal", &json!({})).await;
    bots
}

async fn fail_calls(world: &World, random: &mut StdRng, counts: &Counts) {
    let method = METHODS.choose(random).unwrap();
    let faults = [
        json!({ "status": 429, "retry_after": 1 }),
        json!({ "status": 503 }),
        json!({ "status": 500 }),
        json!({ "error": "internal_error" }),
        json!({ "mode": "hang" }),
        json!({ "mode": "hang_after" }),
        json!({ "mode": "lose" }),
        json!({ "mode": "garbage" }),
    ];
    let mut fault = faults.choose(random).unwrap().clone();
    fault["method"] = (*method).into();
    fault["times"] = random.random_range(1..4).into();
    counts.add(&format!("fault: {method}"));
    world.slack().fail(&fault).await;
}

async fn fail_sockets(world: &World, random: &mut StdRng, counts: &Counts) {
    let acts = [
        json!({ "act": "disconnect", "reason": "warning", "close_after_ms": 2000 }),
        json!({ "act": "disconnect", "reason": "refresh_requested", "close_after_ms": 500 }),
        json!({ "act": "drop" }),
        json!({ "act": "freeze" }),
        json!({ "act": "close", "code": 1009 }),
        json!({ "act": "text", "text": "{" }),
    ];
    let open = world.slack().get("/connections").await;
    let open = open["ids"].as_array().unwrap().clone();
    if random.random_bool(0.2) {
        let fault = ["hang", "refuse", "no_hello", "too_many"]
            .choose(random)
            .unwrap();
        counts.add(&format!("fault: handshake {fault}"));
        world.slack().fail_handshake(fault).await;
    }
    let mut act = acts.choose(random).unwrap().clone();
    let Some(connection) = open.choose(random) else {
        return;
    };
    counts.add(&format!("fault: socket {}", act["act"].as_str().unwrap()));
    act["connection"] = connection.clone();
    world.slack().act(&act).await;
}

/// The database is frozen, killed, or locked, for a while.
async fn stop_database(
    world: &World,
    server: Option<&mut OwnMySql>,
    random: &mut StdRng,
    counts: &Counts,
) {
    let length = Duration::from_millis(random.random_range(200..5000));
    let Some(server) = server else {
        counts.add("fault: database locked");
        let session = world.database.session().await;
        // Where somebody else holds it, that is as good.
        if session.execute_unprepared("BEGIN EXCLUSIVE").await.is_ok() {
            sleep(length).await;
            session.execute_unprepared("ROLLBACK").await.unwrap();
        }
        session.close().await.unwrap();
        return;
    };
    if random.random_bool(0.8) {
        counts.add("fault: database frozen");
        server.freeze().await;
        sleep(length).await;
        server.thaw().await;
    } else {
        counts.add("fault: database killed");
        server.kill().await;
        sleep(length).await;
        server.run().await;
    }
}

/// Everything heals; then everything must be as it should.
async fn finish(world: World, counts: &Counts, sent: &Sent) {
    world.settled().await;
    let accepted: Vec<_> = sent.lock().unwrap().keys().cloned().collect();
    for view in &accepted {
        let sql = format!("SELECT COUNT(*) FROM secrets WHERE submission_key = '{view}'");
        assert_eq!(world.database.count(&sql).await, 1, "{view} was accepted");
    }
    let conversations = world.slack().conversations().await;
    let mut links: Vec<_> = conversations
        .postings
        .iter()
        .filter(|posting| is_link(posting))
        .map(crate::link_of)
        .collect();
    for _ in &links {
        counts.add("message posted");
    }
    links.sort_unstable();
    let posted = links.len();
    links.dedup();
    for _ in links.len()..posted {
        counts.add("message posted again");
    }
    for link in &links {
        reveal(&world, link.rsplit('/').next().unwrap(), counts, sent).await;
    }
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
    let count = |what: &str| counts.all().get(what).copied().unwrap_or_default();
    assert!(
        count("secret shown") <= count("secret opened"),
        "each was shown once"
    );
    world.finish().await;
}
