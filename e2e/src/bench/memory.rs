//! What the programs need to start, and in memory.

use std::time::Duration;

use super::{Row, as_operators_run_it, reveals};
use crate::{Engine, TestDatabase, World, load};

/// At once, before memory is looked at again.
const BURST: usize = 1000;

/// After the burst, until memory is looked at again.
const REST: Duration = Duration::from_mins(1);

struct Round {
    started: [f64; 2],
    idle: [f64; 2],
    after: [f64; 2],
}

/// Reveal-web's and the bot's.
const PROGRAMS: [&str; 2] = ["reveal-web", "bot"];

/// Resident, in MiB.
const IDLE: [f64; 2] = [12.0, 15.0];

/// Resident after a burst, against idle.
const AFTER: f64 = 1.5;

pub(super) async fn measure(engine: Engine, rounds: usize) -> Vec<Row> {
    let mut measured = Vec::new();
    for _ in 0..rounds {
        measured.push(round(engine).await);
    }
    let mut rows = Vec::new();
    for (number, program) in PROGRAMS.into_iter().enumerate() {
        let named = |what: &str| format!("{}, {program}: {what}", engine.name());
        let each = |figure: &dyn Fn(&Round) -> f64| measured.iter().map(figure).collect();
        rows.extend([
            Row::new(named("ready after"), "ms", each(&|r| r.started[number])),
            Row::new(named("idle"), "MiB", each(&|r| r.idle[number])).at_most(IDLE[number]),
            Row::new(named("after the bursts"), "MiB", each(&|r| r.after[number])),
            Row::new(
                named("after the bursts / idle"),
                "",
                each(&|r| r.after[number] / r.idle[number]),
            )
            .at_most(AFTER),
        ]);
    }
    rows
}

/// A thousand submissions at once, and a few seconds of reveals by many.
async fn round(engine: Engine) -> Round {
    let world = World::with(engine, as_operators_run_it()).await;
    world.slack().connections(2).await;
    let processes = [&world.webs[0].process, &world.bots[0].process];
    let started = processes.map(|process| process.ready_after().as_secs_f64() * 1000.0);
    let idle = processes.map(|process| resident(process.id()));
    load::burst(&world, BURST).await;
    world.settled().await;
    reveals::burst(&world).await;
    tokio::time::sleep(REST).await;
    let after = processes.map(|process| resident(process.id()));
    world.discard().await;
    Round {
        started,
        idle,
        after,
    }
}

/// A process's resident memory in MiB.
pub(super) fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib / 1024.0
}

/// The same of the MySQL server, which must be on this machine; `None` on SQLite.
pub(super) async fn of_mysql(database: &TestDatabase) -> Option<f64> {
    if database.engine == Engine::Sqlite {
        return None;
    }
    let file = database.admin_text("SELECT @@GLOBAL.pid_file").await;
    let id = std::fs::read_to_string(file).ok()?;
    Some(resident(id.trim().parse().ok()?))
}
