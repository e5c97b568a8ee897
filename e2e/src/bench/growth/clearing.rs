//! Secrets are opened while the bot destroys what expired, and while it removes what ended long
//! ago.

use std::time::{Duration, Instant};

use super::{MANY, fill::clock, open, written};
use crate::{
    Account, Engine, World,
    bench::{Row, Tell, figures::Times, memory::resident},
};

/// How much longer an opening may take meanwhile.
const LONGER: f64 = 2.0;

/// How much more memory the bot may have meanwhile.
const MEMORY: f64 = 1.5;

/// The bot leaves the database to whoever opens secrets for as long as its own batches take: what
/// it has not cleared away by then it would go on with for half an hour.
const LONGEST: Duration = Duration::from_mins(5);

/// Rows whose time one statement changes.
const AT_ONCE: u64 = 20_000;

/// Those that were filled in and live.
const LIVING: &str = "destroyed_at IS NULL AND submission_key LIKE 'VFILL%'";

/// What the bot clears away, and which rows are left to it.
struct Work {
    doing: &'static str,
    left: String,
}

/// How it went.
struct Cleared {
    opened: Vec<Times>,
    /// The bot's memory, in MiB, after each of these.
    memory: Vec<f64>,
    /// Rows.
    done: i64,
    seconds: f64,
    /// Waits of one transaction for a row of another's.
    lock_waits: Option<f64>,
}

pub(super) async fn measure(
    mut empty: World,
    mut grown: World,
    rounds: usize,
    tell: &mut Tell<'_>,
) {
    let engine = grown.database.engine.name();
    let idle = idle_bot(&mut empty).await;
    empty.discard().await;
    let now = clock(&grown.database).await;
    let works = [
        (
            "created_at + 1",
            Work {
                doing: "sweeping",
                left: format!("destroyed_at IS NULL AND expires_at < {now}"),
            },
        ),
        (
            "created_at + 604800000",
            Work {
                doing: "purging",
                left: format!("destroyed_at < {}", now - 31 * 24 * 3_600_000),
            },
        ),
    ];
    for (expiry, work) in works {
        expire_at(&grown, expiry).await;
        written(&grown).await;
        let mut before = Vec::new();
        for _ in 0..rounds {
            before.push(open(&grown, MANY).await);
        }
        let cleared = clear(&mut grown, &work).await;
        let named = format!("{engine}, growth, {}", work.doing);
        rows(&named, &before, &cleared, idle)
            .into_iter()
            .for_each(&mut *tell);
    }
    grown.abandon().await;
}

/// What a bot needs that has nothing to do.
async fn idle_bot(world: &mut World) -> f64 {
    world.start_bot().await;
    open(world, 1).await;
    let memory = resident(world.bot().process.id());
    stop_bots(world).await;
    memory
}

async fn stop_bots(world: &mut World) {
    for mut bot in world.bots.drain(..) {
        assert_eq!(bot.process.stop().await, Some(0));
    }
}

/// The time of all that were filled in ends then.
async fn expire_at(world: &World, expiry: &str) {
    let now = clock(&world.database).await;
    // In pieces: what one transaction changes is kept until its end.
    let earliest = format!("SELECT COALESCE(MIN(created_at), {now}) FROM secrets WHERE {LIVING}");
    let latest = format!("SELECT COALESCE(MAX(created_at), 0) FROM secrets WHERE {LIVING}");
    let first = world.database.count(&earliest).await.unsigned_abs();
    let last = world.database.count(&latest).await.unsigned_abs();
    let count = count(world, LIVING).await.unsigned_abs();
    let step = (last.saturating_sub(first) / (count / AT_ONCE + 1)).max(1);
    let mut from = first;
    while from <= last {
        let to = from + step;
        let update = format!(
            "UPDATE secrets SET expires_at = {expiry} WHERE id >= {} AND id < {} AND {LIVING}",
            first_id(from),
            first_id(to)
        );
        world.database.run(Account::Migrate, &update).await.unwrap();
        from = to;
    }
}

/// No id of that millisecond is less.
fn first_id(millis: u64) -> String {
    format!("UNHEX('{millis:012X}00000000000000000000')")
}

async fn count(world: &World, rows: &str) -> i64 {
    let count = format!("SELECT COUNT(*) FROM secrets WHERE {rows}");
    world.database.count(&count).await
}

/// Opens secrets until the bot has nothing left to do, or for so long.
async fn clear(world: &mut World, work: &Work) -> Cleared {
    let any = format!(
        "SELECT COUNT(*) FROM (SELECT id FROM secrets WHERE {} LIMIT 1) AS any_row",
        work.left
    );
    let left = count(world, &work.left).await;
    let waits = lock_waits(world).await;
    let begun = Instant::now();
    let often = [("CLEANUP_INTERVAL", "1s".to_owned())];
    let bot = world.launch_bot(&often);
    bot.process.line_with("ready: connected to Slack").await;
    let id = bot.process.id();
    let (mut opened, mut memory) = (Vec::new(), Vec::new());
    while opened.is_empty() || (begun.elapsed() < LONGEST && world.database.count(&any).await > 0) {
        opened.push(open(world, MANY).await);
        memory.push(resident(id));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let waited = lock_waits(world).await;
    stop_bots(world).await;
    Cleared {
        opened,
        memory,
        done: left - count(world, &work.left).await,
        seconds,
        lock_waits: waited.zip(waits).map(|(after, before)| after - before),
    }
}

/// MySQL's count; in SQLite one writer waits for the other, and nobody counts it.
#[expect(clippy::cast_precision_loss, reason = "a count")]
async fn lock_waits(world: &World) -> Option<f64> {
    let waits = "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM performance_schema.global_status \
                 WHERE VARIABLE_NAME = 'Innodb_row_lock_waits'";
    match world.database.engine {
        Engine::MySql => Some(world.database.admin_count(waits).await as f64),
        Engine::Sqlite => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count")]
fn rows(named: &str, before: &[Times], cleared: &Cleared, idle: f64) -> Vec<Row> {
    let named = |what: &str| format!("{named}: {what}");
    let rates = |times: &[Times]| times.iter().map(|times| times.rate).collect();
    let p99s = |times: &[Times]| times.iter().map(Times::p99).collect::<Vec<_>>();
    let before_p99 = Row::new(named("p99 of a reveal before"), "ms", p99s(before));
    let usual = before_p99.median();
    let longer = p99s(&cleared.opened).into_iter().map(|p99| p99 / usual);
    let longer = longer.collect();
    let peak = cleared.memory.iter().copied().fold(0.0, f64::max);
    let done = cleared.done as f64;
    let mut rows = vec![
        Row::new(named("rows"), "", vec![done]),
        Row::new(named("rows a second"), "/s", vec![done / cleared.seconds]),
        Row::new(named("reveals before"), "/s", rates(before)),
        Row::new(named("reveals"), "/s", rates(&cleared.opened)),
        before_p99,
        Row::new(named("p99 of a reveal"), "ms", p99s(&cleared.opened)),
        Row::new(named("p99 / before"), "", longer).at_most(LONGER),
        Row::new(named("bot, idle"), "MiB", vec![idle]),
        Row::new(named("bot"), "MiB", cleared.memory.clone()),
        Row::new(named("bot, at most / idle"), "", vec![peak / idle]).at_most(MEMORY),
    ];
    if let Some(waits) = cleared.lock_waits {
        rows.push(Row::new(named("lock waits"), "", vec![waits]).at_most(0.0));
    }
    rows
}
