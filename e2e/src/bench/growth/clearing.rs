//! Secrets are opened while the bot destroys what expired and removes what ended long ago.

use std::time::Instant;

use super::{MANY, fill::clock, open, written};
use crate::{
    Account, Engine, World,
    bench::{Row, figures::Times, memory::resident},
};

/// How much longer an opening may take meanwhile.
const LONGER: f64 = 2.0;

/// How much more memory the bot may have meanwhile.
const MEMORY: f64 = 1.5;

/// Rows that one statement makes expire.
const AT_ONCE: u64 = 20_000;

/// What the bot still has to do.
struct Left {
    expired: String,
    old: String,
}

/// How it went.
struct Cleared {
    opened: Vec<Times>,
    /// How many of these were while expired secrets were destroyed: the sweep is first.
    until_swept: usize,
    /// The bot's memory, in MiB, after each of these.
    memory: Vec<f64>,
    /// When the last expired secret was destroyed and the last old one removed, in seconds.
    swept: f64,
    purged: f64,
    /// Waits of one transaction for a row of another's.
    lock_waits: Option<f64>,
}

pub(super) async fn measure(mut empty: World, mut grown: World, rounds: usize) -> Vec<Row> {
    let idle = idle_bot(&mut empty).await;
    let left = expire(&grown).await;
    written(&grown).await;
    let mut before = Vec::new();
    for _ in 0..rounds {
        before.push(open(&grown, MANY).await);
    }
    let cleared = clear(&mut grown, &left).await;
    let rows = rows(grown.database.engine, &before, &cleared, idle);
    empty.discard().await;
    grown.abandon().await;
    rows
}

/// What a bot needs that has nothing to do.
async fn idle_bot(world: &mut World) -> f64 {
    world.start_bot().await;
    open(world, 1).await;
    let memory = resident(world.bot().process.id());
    for mut bot in world.bots.drain(..) {
        assert_eq!(bot.process.stop().await, Some(0));
    }
    memory
}

/// The time of all that were filled in is over.
async fn expire(world: &World) -> Left {
    let now = clock(&world.database).await;
    let living = "destroyed_at IS NULL AND submission_key LIKE 'VFILL%'";
    // In pieces: what one transaction changes is kept until its end.
    let earliest = format!("SELECT COALESCE(MIN(created_at), {now}) FROM secrets WHERE {living}");
    let latest = format!("SELECT COALESCE(MAX(created_at), 0) FROM secrets WHERE {living}");
    let count = format!("SELECT COUNT(*) FROM secrets WHERE {living}");
    let first = world.database.count(&earliest).await.unsigned_abs();
    let last = world.database.count(&latest).await.unsigned_abs();
    let count = world.database.count(&count).await.unsigned_abs();
    let step = ((last - first) / (count / AT_ONCE + 1)).max(1);
    let mut from = first;
    while from <= last {
        let to = from + step;
        let update = format!(
            "UPDATE secrets SET expires_at = created_at + 1 \
             WHERE id >= {} AND id < {} AND {living}",
            first_id(from),
            first_id(to)
        );
        world.database.run(Account::Migrate, &update).await.unwrap();
        from = to;
    }
    let any = |rows: String| {
        format!("SELECT COUNT(*) FROM (SELECT id FROM secrets WHERE {rows} LIMIT 1) AS any_row")
    };
    let month = 31 * 24 * 3_600_000;
    Left {
        expired: any(format!("destroyed_at IS NULL AND expires_at < {now}")),
        old: any(format!("destroyed_at < {}", now - month)),
    }
}

/// No id of that millisecond is less.
fn first_id(millis: u64) -> String {
    format!("UNHEX('{millis:012X}00000000000000000000')")
}

/// Opens secrets until the bot has nothing left to do.
async fn clear(world: &mut World, left: &Left) -> Cleared {
    let waits = lock_waits(world).await;
    let begun = Instant::now();
    let often = [("CLEANUP_INTERVAL", "1s".to_owned())];
    let bot = world.launch_bot(&often);
    bot.process.line_with("ready: connected to Slack").await;
    let id = bot.process.id();
    let (mut opened, mut memory) = (Vec::new(), Vec::new());
    let (mut until_swept, mut swept, mut purged) = (0, None, None);
    while swept.is_none() || purged.is_none() {
        opened.push(open(world, MANY).await);
        memory.push(resident(id));
        let so_far = begun.elapsed().as_secs_f64();
        if swept.is_none() && world.database.count(&left.expired).await == 0 {
            (until_swept, swept) = (opened.len(), Some(so_far));
        }
        if purged.is_none() && world.database.count(&left.old).await == 0 {
            purged = Some(so_far);
        }
    }
    let waited = lock_waits(world).await;
    Cleared {
        opened,
        until_swept,
        memory,
        swept: swept.unwrap_or_default(),
        purged: purged.unwrap_or_default(),
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

fn rows(engine: Engine, before: &[Times], cleared: &Cleared, idle: f64) -> Vec<Row> {
    let named = |what: &str| format!("{}, growth, clearing: {what}", engine.name());
    let rates = before.iter().map(|times| times.rate).collect();
    let p99s = before.iter().map(Times::p99).collect();
    let p99 = Row::new(named("p99 of a reveal before"), "ms", p99s);
    let usual = p99.median();
    let mut rows = vec![
        Row::new(named("swept after"), "s", vec![cleared.swept]),
        Row::new(named("purged after"), "s", vec![cleared.purged]),
        Row::new(named("reveals before"), "/s", rates),
        p99,
    ];
    let (sweeping, purging) = cleared.opened.split_at(cleared.until_swept);
    for (doing, opened) in [("sweeping", sweeping), ("purging", purging)] {
        if !opened.is_empty() {
            rows.extend(meanwhile(&named(doing), opened, usual));
        }
    }
    let peak = cleared.memory.iter().copied().fold(0.0, f64::max);
    rows.extend([
        Row::new(named("bot, idle"), "MiB", vec![idle]),
        Row::new(named("bot, meanwhile"), "MiB", cleared.memory.clone()),
        Row::new(named("bot, at most / idle"), "", vec![peak / idle]).at_most(MEMORY),
    ]);
    if let Some(waits) = cleared.lock_waits {
        rows.push(Row::new(named("lock waits"), "", vec![waits]).at_most(0.0));
    }
    rows
}

fn meanwhile(named: &str, opened: &[Times], usual: f64) -> [Row; 3] {
    let p99s = || opened.iter().map(Times::p99);
    let rates = opened.iter().map(|times| times.rate).collect();
    let longer = p99s().map(|p99| p99 / usual).collect();
    [
        Row::new(format!("{named}, reveals"), "/s", rates),
        Row::new(format!("{named}, p99"), "ms", p99s().collect()),
        Row::new(format!("{named}, p99 / before"), "", longer).at_most(LONGER),
    ]
}
