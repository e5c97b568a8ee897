//! Clients that mean harm, or are broken: each is answered or sent away within bounds, and others
//! are served meanwhile.

use std::time::{Duration, Instant};

use e2e::{
    Account, Engine, Options, World, eventually, on_each_engine,
    raw::{connect_from, drip, exchange, read_to_end},
};
use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sea_orm::ConnectionTrait as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The attacker's address, and another client's.
const ATTACKER: &str = "127.0.0.2";
const NEIGHBOR: &str = "127.0.0.3";

/// More than ten seconds, which a head and a whole request may take, and some for a busy machine.
const BOUND: Duration = Duration::from_secs(25);

/// More memory than this for any attack is too much.
const MEMORY: u64 = 64 << 20;

async fn world() -> World {
    let options = Options {
        bot: false,
        web_variables: vec![("RATE_LIMIT", "60/60s".to_owned())],
        ..Options::default()
    };
    World::with(Engine::Sqlite, options).await
}

fn head(world: &World, first_line: &str, more: &str) -> String {
    let (_, host) = world.web().public_url.split_once("://").unwrap();
    format!("{first_line} HTTP/1.1\r\nhost: {host}\r\n{more}")
}

fn post(world: &World, more: &str) -> String {
    let origin = &world.web().public_url;
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    head(
        world,
        "POST /reveal",
        &format!("origin: {origin}\r\n{form}{more}"),
    )
}

/// Somebody else opens a page and is answered soon.
async fn neighbor_is_served(world: &World) {
    let begun = Instant::now();
    let stream = connect_from(NEIGHBOR, &world.web().url).await;
    let request = head(world, "GET /s/short", "connection: close\r\n\r\n");
    let answer = exchange(stream, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

/// Resident memory of reveal-web in bytes.
fn memory(world: &World) -> u64 {
    let status = format!("/proc/{}/status", world.web().process.id());
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() << 10
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("")
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_sent_away_and_others_served() {
    let world = world().await;
    let url = &world.web().url;
    let before = memory(&world);
    let silent = (0..35).map(|_| async {
        let mut stream = connect_from(ATTACKER, url).await;
        let begun = Instant::now();
        assert_eq!(read_to_end(&mut stream).await, "");
        begun.elapsed()
    });
    let heads = (0..35).map(|_| async {
        let stream = connect_from(ATTACKER, url).await;
        let (took, answer) =
            drip(stream, "GET / HTTP/1.1\r\nx: ", Duration::from_millis(500)).await;
        assert!(answer.is_empty() || status(&answer) == "408", "{answer}");
        took
    });
    let body = post(&world, "content-length: 4000\r\n\r\n");
    let bodies = (0..35).map(|_| async {
        let stream = connect_from(ATTACKER, url).await;
        let (took, answer) = drip(stream, &body, Duration::from_millis(500)).await;
        assert_eq!(status(&answer), "408", "{answer}");
        assert!(answer.contains("content-security-policy"), "{answer}");
        took
    });
    let neighbor = async {
        for _ in 0..20 {
            neighbor_is_served(&world).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let (silent, heads, bodies, ()) = tokio::join!(
        join_all(silent),
        join_all(heads),
        join_all(bodies),
        neighbor
    );
    for took in silent.into_iter().chain(heads).chain(bodies) {
        assert!(took < BOUND, "{took:?}");
    }
    assert!(memory(&world).saturating_sub(before) < MEMORY);
    world.finish().await;
}

/// Connects from these addresses. Connections are accepted in turn: none of these waits any more
/// when somebody else was served, and a system's queue that runs over would lose some.
async fn connect(
    world: &World,
    sources: impl IntoIterator<Item = impl AsRef<str>>,
) -> Vec<(TcpStream, Instant)> {
    let url = &world.web().url;
    let connecting = sources
        .into_iter()
        .map(|source| async move { (connect_from(source.as_ref(), url).await, Instant::now()) });
    let connected = join_all(connecting).await;
    neighbor_is_served(world).await;
    connected
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_takes_no_more_than_its_places() {
    let world = world().await;
    let mut connected = Vec::new();
    for _ in 0..2 {
        connected.extend(connect(&world, [ATTACKER; 200]).await);
    }
    // Those beyond the limit are closed at once, the others when they have said nothing for long.
    let lives = join_all(connected.into_iter().map(|(mut stream, begun)| async move {
        read_to_end(&mut stream).await;
        begun.elapsed()
    }))
    .await;
    let stayed = lives
        .iter()
        .filter(|life| **life >= Duration::from_secs(9))
        .count();
    assert!((100..=128).contains(&stayed), "{stayed}");
    assert!(lives.iter().all(|life| *life < BOUND));
    neighbor_is_served(&world).await;
    world.finish().await;
}

/// What the unit for systemd allows the process; compose.yaml allows as much, or more.
fn of_the_unit(limit: &str) -> String {
    let unit = "deploy/systemd/secure-secret-web.service.d/settings.conf";
    let unit = std::fs::read_to_string(e2e::project().join(unit)).unwrap();
    let value = unit.lines().find_map(|line| line.strip_prefix(limit));
    value.unwrap().to_owned()
}

/// Sixteen addresses take what they get, as the unit has it, and with the 1,024 files that systemd
/// gives otherwise. Somebody who was there before stays, and who comes is served.
#[tokio::test(flavor = "multi_thread")]
async fn a_few_addresses_do_not_take_every_place() {
    // Both ends of each connection are on this machine.
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    for (open_files, places) in [
        (of_the_unit("LimitNOFILE="), 2048),
        ("1024".to_owned(), 896),
    ] {
        let health = format!("127.0.0.1:{}", e2e::free_port());
        let mut world = World::without_programs(Engine::Sqlite).await;
        let variables = [
            ("OPEN_FILES", open_files),
            ("HEALTH_ADDR", health.clone()),
            ("RATE_LIMIT", "60/60s".to_owned()),
        ];
        world.start_web(&variables).await;
        let output = world.web().process.output();
        let is_told = output.contains("the limit of open files allows fewer connections");
        assert_eq!(is_told, places < 2048, "{output}");
        let url = &world.web().url;
        let mut established = connect_from(NEIGHBOR, url).await;
        let page = head(&world, "GET /favicon.ico", "\r\n");
        let attackers: Vec<_> = (10..26).map(|host| format!("127.0.0.{host}")).collect();
        let mut connected = Vec::new();
        for _ in 0..8 {
            let again = attackers.iter().flat_map(|source| [source; 16]);
            connected.extend(connect(&world, again).await);
        }
        established.write_all(page.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        established.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 204");
        let told = reqwest::get(format!("http://{health}/metrics"));
        let told = told.await.unwrap().text().await.unwrap();
        let metric = |name: &str| -> usize {
            let name = format!("secure_secret_web_{name} ");
            let value = told.lines().find_map(|line| line.strip_prefix(&name));
            value.unwrap().parse().unwrap()
        };
        assert_eq!(metric("connection_places"), places);
        // More if they come one after the other than if they come in turn.
        let taken = metric("connections");
        let expected = if places == 2048 { 700..1100 } else { 400..700 };
        assert!(expected.contains(&taken), "{taken} of {places}");
        assert!(!output.contains("could not be accepted"), "{output}");
        drop(connected);
        neighbor_is_served(&world).await;
        world.finish().await;
    }
}

/// So many requests that begin and never end take every place there is: who comes then is told to
/// come back, and can when those are sent away.
#[tokio::test(flavor = "multi_thread")]
async fn more_requests_at_once_than_there_are_places_are_told_to_come_back() {
    let options = Options {
        bot: false,
        ..Options::default()
    };
    let world = World::with(Engine::Sqlite, options).await;
    let url = &world.web().url;
    let unfinished = post(&world, "content-length: 4000\r\n\r\n");
    let clients = (0..600).map(|number| {
        let (unfinished, source) = (&unfinished, format!("127.0.0.{}", 10 + number / 100));
        async move {
            let mut stream = connect_from(&source, url).await;
            stream.write_all(unfinished.as_bytes()).await.unwrap();
            let mut head = [0; 64];
            let length = stream.read(&mut head).await.unwrap_or(0);
            status(&String::from_utf8_lossy(&head[..length])).to_owned()
        }
    });
    let statuses = join_all(clients).await;
    let count = |wanted: &str| statuses.iter().filter(|status| *status == wanted).count();
    assert_eq!((count("408"), count("503")), (512, 88));
    neighbor_is_served(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_and_bodies_have_a_largest_size() {
    let world = world().await;
    let url = &world.web().url;
    let before = memory(&world);
    let fields = "x-field: y\r\n".repeat(300);
    let endless = format!("{:x}\r\n{}\r\n", 8192, "x".repeat(8192)).repeat(600);
    for (name, request, expected) in [
        (
            "many fields",
            head(&world, "GET /", &format!("{fields}\r\n")),
            "431",
        ),
        (
            "a long field",
            head(
                &world,
                "GET /",
                &format!("x: {}\r\n\r\n", "y".repeat(150_000)),
            ),
            "431",
        ),
        (
            "a long path",
            format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "y".repeat(70_000)),
            "4",
        ),
        (
            "a large body",
            post(
                &world,
                &format!("content-length: 5000000\r\n\r\n{}", "x".repeat(100_000)),
            ),
            "413",
        ),
        (
            "chunks without end",
            post(
                &world,
                &format!("transfer-encoding: chunked\r\n\r\n{endless}"),
            ),
            "413",
        ),
    ] {
        let stream = connect_from(ATTACKER, url).await;
        let answer = exchange(stream, request.as_bytes()).await;
        // Who sends on after the answer may be reset before reading it.
        assert!(
            answer.is_empty() || status(&answer).starts_with(expected),
            "{name}: {answer}"
        );
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{name}: {answer}");
    }
    neighbor_is_served(&world).await;
    assert!(memory(&world).saturating_sub(before) < MEMORY);
    world.finish().await;
}

/// As many connections as some addresses get, each with a head that is large and never ends: memory
/// is bounded by what one connection may hold.
#[tokio::test(flavor = "multi_thread")]
async fn large_heads_on_every_connection_are_bounded_in_memory() {
    let world = world().await;
    let before = memory(&world);
    let attackers: Vec<_> = (0..300_u16)
        .map(|host| format!("127.0.{}.{}", 1 + host / 100, 10 + host % 100))
        .collect();
    let mut connected = Vec::new();
    for _ in 0..8 {
        connected.extend(connect(&world, &attackers).await);
    }
    let large = head(&world, "GET /", &format!("cookie: {}", "x".repeat(63_000)));
    for (stream, _) in &mut connected {
        // Many were sent away.
        stream.write_all(large.as_bytes()).await.ok();
    }
    let taken = || memory(&world).saturating_sub(before);
    let arrived = || async { (taken() > 100 << 20).then_some(()) };
    eventually("the heads have arrived", arrived).await;
    neighbor_is_served(&world).await;
    // Nearly all places are taken, and each may hold up to twice the largest head.
    let allowed = of_the_unit("MemoryMax=").strip_suffix('M').map(str::parse);
    let allowed: u64 = allowed.unwrap().unwrap();
    assert!(taken() < (allowed << 20) / 2, "{} bytes", taken());
    world.finish().await;
}

/// Shapes in which a proxy and we could disagree about where a form ends, each with what stands
/// before the request of `length` bytes that hides behind it.
/// Source: RFC 9112, section 6.3 and 11.2.
fn unclear_ends(length: usize) -> [(&'static str, String); 10] {
    let longer = length + "0\r\n\r\n".len();
    [
        (
            "two lengths",
            format!("content-length: 0\r\ncontent-length: {length}\r\n\r\n"),
        ),
        (
            "a list of lengths",
            format!("content-length: 0, {length}\r\n\r\n"),
        ),
        ("a signed length", "content-length: +0\r\n\r\n".into()),
        (
            "length and chunks",
            format!("content-length: {longer}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        ),
        (
            "chunks twice",
            "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n".into(),
        ),
        (
            "odd chunks",
            "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n".into(),
        ),
        (
            "a space before the colon",
            "content-length : 0\r\n\r\n".into(),
        ),
        (
            "a folded field",
            "x: y\r\n content-length: 0\r\n\r\n".into(),
        ),
        (
            "a bare carriage return",
            "x: y\rcontent-length: 0\r\n\r\n".into(),
        ),
        (
            "a chunk size that overflows",
            "transfer-encoding: chunked\r\n\r\n10000000000000000\r\n".into(),
        ),
    ]
}

/// The same for what is no form. Source for the hosts: RFC 9112, section 3.2.
fn unclear_beginnings(world: &World) -> [(&'static str, String); 4] {
    [
        ("no host", "GET / HTTP/1.1\r\n\r\n".into()),
        (
            "two hosts",
            head(world, "GET /", "host: evil.example\r\n\r\n"),
        ),
        ("an older protocol", "GET / HTTP/0.9\r\n\r\n".into()),
        ("HTTP/2 unasked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into()),
    ]
}

/// The request that hides in each of them must not be answered as one of its own.
#[tokio::test(flavor = "multi_thread")]
async fn no_request_hides_in_another() {
    let world = world().await;
    let hidden = head(&world, "GET /favicon.ico", "\r\n");
    let forms = unclear_ends(hidden.len()).map(|(name, form)| (name, post(&world, &form)));
    let hiding = forms.into_iter().chain(unclear_beginnings(&world));
    let hiding = hiding.map(|(name, request)| (name, request + &hidden));
    let upgrade = "connection: upgrade, http2-settings\r\nupgrade: h2c\r\n\
                   http2-settings: AAMAAABkAAQAAP__\r\n\r\n";
    let upgrade = ("an upgrade", head(&world, "GET /", upgrade));
    for (name, request) in hiding.chain([upgrade]) {
        let mut stream = connect_from(ATTACKER, &world.web().url).await;
        stream.write_all(request.as_bytes()).await.ok();
        stream.shutdown().await.ok();
        let answer = read_to_end(&mut stream).await;
        assert!(!answer.contains("HTTP/1.1 204"), "{name}: {answer}");
        assert!(
            answer.is_empty() || status(&answer).starts_with('4'),
            "{name}: {answer}"
        );
    }
    neighbor_is_served(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_one_go_are_answered_in_order_and_counted_each() {
    let world = world().await;
    let many = head(&world, "GET /nowhere", "\r\n").repeat(100)
        + &head(&world, "GET /", "connection: close\r\n\r\n");
    let stream = connect_from(ATTACKER, &world.web().url).await;
    let answers = exchange(stream, many.as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 404").count(), 60);
    assert_eq!(answers.matches("HTTP/1.1 429").count(), 41);
    neighbor_is_served(&world).await;
    world.finish().await;
}

on_each_engine! {
    /// The burn waits for a lock that somebody else has; meanwhile whoever pressed the button goes.
    async fn who_leaves_before_it_is_burned_leaves_it_as_it_was(engine) {
        let world = World::of_web(engine).await;
        let sent = world.keys.send(&world.database.store().await, "still there").await;
        let token = sent.token.encode();
        let page = world.web().look(&token).await;
        let body = format!("token={}&confirmation={}", token.as_str(), page.confirmation().unwrap());
        let request = post(&world, &format!("content-length: {}\r\n\r\n{body}", body.len()));
        let session = world.database.session().await;
        let lock = match engine {
            Engine::Sqlite => ["BEGIN IMMEDIATE", "SELECT 1"],
            Engine::MySql => ["BEGIN", "SELECT id FROM secrets FOR UPDATE"],
        };
        for statement in lock {
            session.execute_unprepared(statement).await.unwrap();
        }
        let account = world.database.account(Account::Web);
        let waits_given_up = format!(
            "SELECT CAST(COALESCE(SUM(sum_error_raised), 0) AS SIGNED) \
             FROM performance_schema.events_errors_summary_by_user_by_error \
             WHERE user = '{account}' AND error_number = 1205"
        );
        let mut stream = connect_from(ATTACKER, &world.web().url).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        // The request has arrived when another one on a later connection has been answered.
        world.web().get("/nowhere").await;
        let mut nothing = [0; 1];
        let waiting = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut nothing));
        assert!(waiting.await.is_err(), "nothing is answered while the row is locked");
        drop(stream);
        // Whoever looks at the connection sees its end before the lock is free.
        world.web().get("/nowhere").await;
        if engine == Engine::MySql {
            // A call that is under way can't be taken back; it gives up its wait, and is not made
            // again.
            eventually("a wait given up", || async {
                (world.database.admin_count(&waits_given_up).await > 0).then_some(())
            })
            .await;
        }
        session.execute_unprepared("ROLLBACK").await.unwrap();
        session.close().await.unwrap();
        let page = world.web().reveal(&token).await;
        assert_eq!((page.status, page.secret().as_deref()), (200, Some("still there")));
        world.finish().await;
    }
}
