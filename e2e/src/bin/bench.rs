//! What it costs: reveals against the bare transaction, acknowledgements, memory, start.
//!
//! Run by `cargo xtask bench`. Ratios within one run are what counts: machines differ.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use e2e::{Account, Engine, Options, Submission, TestDatabase, World, load};
use futures_util::future::join_all;
use sea_orm::sqlx::{self, Connection as _, MySqlConnection, Row as _};
use shared::crypto::LinkToken;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

const CLIENTS: [usize; 3] = [1, 16, 64];
const LASTS: Duration = Duration::from_secs(3);
const SUBMISSIONS: usize = 300;
const BURST: usize = 1000;

#[tokio::main]
async fn main() {
    let options = Options {
        bot: false,
        ..as_operators_run_it()
    };
    let world = World::with(Engine::MySql, options).await;
    println!("reveals per second (GET + POST) against look + burn from bare sqlx, MySQL\n");
    println!("clients   bare/s  p50 ms  p99 ms   whole/s  p50 ms  p99 ms   ratio");
    for clients in CLIENTS {
        let bare = measure(clients, &world, Way::Bare).await;
        let whole = measure(clients, &world, Way::Whole).await;
        println!(
            "{clients:>7} {:>8.0} {:>7.1} {:>7.1} {:>9.0} {:>7.1} {:>7.1} {:>7.2}",
            bare.rate,
            bare.p50,
            bare.p99,
            whole.rate,
            whole.p50,
            whole.p99,
            whole.rate / bare.rate
        );
    }
    world.discard().await;
    acknowledgements().await;
}

fn as_operators_run_it() -> Options {
    let log = ("RUST_LOG", "info".to_owned());
    let mut options = Options::default();
    options.bot_variables.push(log.clone());
    options.web_variables.push(log);
    options
}

#[derive(Clone, Copy)]
enum Way {
    Bare,
    Whole,
}

struct Figures {
    rate: f64,
    p50: f64,
    p99: f64,
}

/// Each client burns one secret after the other until the time is up.
async fn measure(clients: usize, world: &World, way: Way) -> Figures {
    let links = prepare(world, 20_000).await;
    let links = Arc::new(Mutex::new(links));
    let deadline = Instant::now() + LASTS;
    let begun = Instant::now();
    let times = join_all((0..clients).map(|_| client(world, way, Arc::clone(&links), deadline)));
    let mut times: Vec<f64> = times.await.into_iter().flatten().collect();
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    Figures {
        rate,
        p50: quantile(&mut times, 0.5),
        p99: quantile(&mut times, 0.99),
    }
}

async fn client(
    world: &World,
    way: Way,
    links: Arc<Mutex<Vec<LinkToken>>>,
    deadline: Instant,
) -> Vec<f64> {
    let mut client = match way {
        Way::Bare => Client::Bare(bare_connection(&world.database).await),
        Way::Whole => Client::Whole(Visitor::connect(&world.web().public_url).await),
    };
    let mut times = Vec::new();
    while Instant::now() < deadline {
        let Some(token) = links.lock().unwrap().pop() else {
            break;
        };
        let begun = Instant::now();
        match &mut client {
            Client::Bare(connection) => {
                burn_barely(connection, token.hash().as_bytes()).await;
            }
            Client::Whole(visitor) => visitor.reveal(&token.encode()).await,
        }
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times
}

enum Client {
    Bare(MySqlConnection),
    Whole(Visitor),
}

/// A browser that does the least: the machine's two cores are the server's, as far as can be.
struct Visitor {
    /// Host and port.
    host: String,
    connection: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Visitor {
    async fn connect(url: &str) -> Self {
        let host = url.trim_start_matches("http://").to_owned();
        let connection = TcpStream::connect(&host).await.unwrap();
        connection.set_nodelay(true).unwrap();
        Self {
            host,
            connection: BufReader::new(connection),
            body: Vec::new(),
        }
    }

    async fn reveal(&mut self, token: &str) {
        let host = self.host.clone();
        self.ask(&format!("GET /s/{token} HTTP/1.1\r\nhost: {host}\r\n\r\n"))
            .await;
        let page = std::str::from_utf8(&self.body).unwrap();
        let (_, after) = page.split_once("name=\"confirmation\" value=\"").unwrap();
        let (confirmation, _) = after.split_once('"').unwrap();
        let body = format!("token={token}&confirmation={confirmation}&lang=en");
        let length = body.len();
        self.ask(&format!(
            "POST /reveal HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await;
        let shown = "s".repeat(32);
        let shown = self
            .body
            .windows(shown.len())
            .any(|window| window == shown.as_bytes());
        assert!(shown, "the secret is in the page");
    }

    /// Sends a request and reads its answer, which must be a success.
    async fn ask(&mut self, request: &str) {
        self.connection.write_all(request.as_bytes()).await.unwrap();
        let (mut line, mut length) = (String::new(), 0);
        self.connection.read_line(&mut line).await.unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        while line != "\r\n" {
            line.clear();
            self.connection.read_line(&mut line).await.unwrap();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        self.body.resize(length, 0);
        self.connection.read_exact(&mut self.body).await.unwrap();
    }
}

/// Live secrets, written in bulk: copies of one sealed row would not open, so each is sealed.
async fn prepare(world: &World, count: usize) -> Vec<LinkToken> {
    let mut connection = bare_connection(&world.database).await;
    let keys = world.keys.master();
    let clock = "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";
    let now: i64 = sqlx::query_scalar(clock)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let mut tokens = Vec::new();
    for _ in 0..count.div_ceil(500) {
        let mut insert = sqlx::QueryBuilder::<sqlx::MySql>::new(
            "INSERT INTO secrets (id, format, token_hash, submission_key, part, ciphertext, key_id, \
             team, sender, sender_name, recipient, created_at, expires_at) ",
        );
        let rows: Vec<_> = (0..500).map(|_| e2e::sealed_row(&keys, now)).collect();
        insert.push_values(&rows, |mut row, sealed| {
            row.push_bind(sealed.id.to_vec())
                .push_bind(1_i16)
                .push_bind(sealed.token.hash().as_bytes().to_vec())
                .push_bind(sealed.submission_key.clone())
                .push_bind(0_i16)
                .push_bind(sealed.ciphertext.clone())
                .push_bind(sealed.key_id.to_vec())
                .push_bind("T1")
                .push_bind("U1")
                .push_bind("Alice")
                .push_bind("U2")
                .push_bind(now)
                .push_bind(sealed.expires_at);
        });
        insert.build().execute(&mut connection).await.unwrap();
        tokens.extend(rows.into_iter().map(|row| row.token));
    }
    tokens
}

async fn bare_connection(database: &TestDatabase) -> MySqlConnection {
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

/// What must be done at the least: look, lock, null, write down, commit.
async fn burn_barely(connection: &mut MySqlConnection, hash: &[u8]) {
    const NOW: &str = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";
    let look = format!(
        "SELECT id, sender_name, expires_at, viewed_at, destroy_reason, {NOW} FROM secrets WHERE token_hash = ?"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(look))
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
    sqlx::query(sqlx::AssertSqlSafe(for_update))
        .bind(&id)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    let burn = "UPDATE secrets SET viewed_at = 1, destroyed_at = 1, destroy_reason = 'viewed', \
         ciphertext = NULL, burn_id = ? WHERE id = ? AND destroyed_at IS NULL";
    let burned = sqlx::query(burn)
        .bind(&id)
        .bind(&id)
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(burned.rows_affected(), 1);
    let event = "INSERT INTO audit_events (id, secret_id, event, slot, occurred_at, metadata) \
         VALUES (?, ?, 'viewed', 'terminal', 1, '{}')";
    sqlx::query(event)
        .bind(&id)
        .bind(&id)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

/// Acknowledgements through the simulator, and what each program needs.
async fn acknowledgements() {
    let begun = Instant::now();
    let mut world = World::with(Engine::MySql, as_operators_run_it()).await;
    println!(
        "\neverything started within {:.0} ms",
        begun.elapsed().as_secs_f64() * 1000.0
    );
    for (name, process) in [
        ("secure-secret-web", Some(&world.webs[0].process)),
        (
            "secure-secret-bot",
            world.bots.first().map(|bot| &bot.process),
        ),
    ] {
        let process = process.unwrap();
        let memory = memory_mib(process.id(), "VmRSS:");
        println!(
            "{name}: ready after {:.0} ms, {memory:.1} MiB resident when idle",
            process.ready_after().as_secs_f64() * 1000.0
        );
    }
    let mut times = Vec::new();
    for number in 0..SUBMISSIONS {
        let (user, recipient) = (load::member(number), load::member(number + 1));
        let dialog = world.slack().open_dialog(&user, "").await;
        let submission = Submission {
            recipient: Some(&recipient),
            secret: "benchmark",
            ..Submission::default()
        };
        let outcome = world.slack().submit(&user, &dialog, &submission).await;
        assert_eq!(outcome["outcome"], "closed", "{outcome}");
        times.push(outcome["latency_ms"].as_f64().unwrap());
    }
    println!(
        "{SUBMISSIONS} submissions, one at a time: acknowledged after {:.1} ms (p50), {:.1} ms (p99)",
        quantile(&mut times, 0.5),
        quantile(&mut times, 0.99)
    );
    world.settled().await;
    burst(&world).await;
    world.watch_for("benchmark-has-no-canary");
    world.finish().await;
}

/// All at once, over two connections; then until every message and receipt is out.
async fn burst(world: &World) {
    world.slack().connections(2).await;
    let begun = Instant::now();
    let mut burst = load::burst(world, BURST).await;
    let accepted = begun.elapsed();
    world.settled().await;
    let bot = world.bots[0].process.id();
    println!(
        "{BURST} submissions at once: acknowledged after {:.0} ms (p50), {:.0} ms (p99), {:.0} ms (longest); \
         {} sent back to be pressed again; all accepted {:.1} s and all delivered {:.1} s after the \
         first dialog was asked for; the bot's memory: {:.1} MiB now, {:.1} MiB at most",
        quantile(&mut burst.latencies, 0.5),
        quantile(&mut burst.latencies, 0.99),
        quantile(&mut burst.latencies, 1.0),
        burst.sent_back,
        accepted.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        memory_mib(bot, "VmRSS:"),
        memory_mib(bot, "VmHWM:"),
    );
}

/// A line of `/proc/<process>/status`.
fn memory_mib(process: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib / 1024.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index"
)]
fn quantile(times: &mut [f64], share: f64) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    let last = times.len().saturating_sub(1);
    times
        .get((last as f64 * share) as usize)
        .copied()
        .unwrap_or(f64::NAN)
}
