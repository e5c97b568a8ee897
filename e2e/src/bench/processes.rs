//! Several processes of each program on one MySQL: what they do together, and that nothing is lost.

use std::{collections::HashSet, sync::Mutex};

use shared::crypto::LinkToken;

use super::{
    Row, as_operators_run_it, figures::Times, links, memory::resident, reveals, submissions,
};
use crate::{Engine, Options, World, invariants};

/// Processes of each program.
const PROCESSES: [usize; 3] = [1, 2, 4];

/// Who opens secrets at the same time, and how many submissions wait at a time.
const AT_A_TIME: usize = 64;

/// Links of a measurement; it ends with them at the latest.
const LINKS: usize = 15_000;

/// Secrets that are sent by the bots and opened afterwards.
const SENT: usize = 1000;

struct Round {
    opened: Times,
    submitted: Times,
    /// Secrets whose link was not in just one message, or that were not opened.
    lost: f64,
    /// Of all processes, in MiB.
    memory: f64,
}

/// MySQL's: SQLite's database is one machine's.
pub(super) async fn measure(engine: Engine, rounds: usize) -> Vec<Row> {
    if engine == Engine::Sqlite {
        return Vec::new();
    }
    let mut measured = PROCESSES.map(|_| Vec::new());
    for _ in 0..rounds {
        for (processes, rounds) in PROCESSES.into_iter().zip(&mut measured) {
            rounds.push(round(engine, processes).await);
        }
    }
    let measured = PROCESSES.into_iter().zip(&measured);
    measured
        .flat_map(|(processes, rounds)| rows(engine, processes, rounds))
        .collect()
}

async fn round(engine: Engine, processes: usize) -> Round {
    let opened = open(engine, processes).await;
    let mut world = World::with(engine, options(processes)).await;
    for _ in 0..processes {
        world.start_bot().await;
    }
    world.slack().connections(2 * processes).await;
    let (submitted, _) = submissions::wholly(&world, AT_A_TIME, SENT).await;
    let lost = lost(&world).await;
    let webs = world.webs.iter().map(|web| &web.process);
    let all = webs.chain(world.bots.iter().map(|bot| &bot.process));
    let memory = all.map(|process| resident(process.id())).sum();
    world.finish().await;
    Round {
        opened,
        submitted,
        lost,
        memory,
    }
}

fn options(processes: usize) -> Options {
    Options {
        bot: false,
        slack: true,
        webs: processes,
        ..as_operators_run_it()
    }
}

/// Secrets that were written in bulk. Each is opened by one visitor, who sees it.
async fn open(engine: Engine, processes: usize) -> Times {
    let world = World::with(engine, options(processes)).await;
    let links = Mutex::new(links::prepare(&world, LINKS).await);
    let opened = by_all(&world, &links).await;
    let viewed = "SELECT COUNT(*) FROM secrets WHERE viewed_at IS NOT NULL";
    let viewed = world.database.count(viewed).await.unsigned_abs();
    let left = links.lock().unwrap().len();
    assert_eq!(viewed, (LINKS - left) as u64, "each is opened once");
    world.discard().await;
    opened
}

async fn by_all(world: &World, links: &Mutex<Vec<LinkToken>>) -> Times {
    let webs: Vec<_> = world.webs.iter().collect();
    let visitors = reveals::visitors(&webs, AT_A_TIME).await;
    reveals::by(visitors, links).await
}

/// Opens every link that the bots posted, and tells how many secrets that leaves out.
#[expect(clippy::cast_precision_loss, reason = "a count")]
async fn lost(world: &World) -> f64 {
    let postings = world.slack().conversations().await.postings;
    let links: Vec<_> = postings.iter().filter_map(invariants::token_of).collect();
    let distinct: HashSet<_> = links.iter().map(LinkToken::hash).collect();
    let twice = links.len() - distinct.len();
    let links = Mutex::new(links);
    while !links.lock().unwrap().is_empty() {
        by_all(world, &links).await;
    }
    let viewed = "SELECT COUNT(DISTINCT secret_id) FROM audit_events WHERE event = 'viewed'";
    let viewed = world.database.count(viewed).await as f64;
    (SENT as f64 - viewed).abs() + twice as f64
}

fn rows(engine: Engine, processes: usize, rounds: &[Round]) -> Vec<Row> {
    let named = |what: &str| format!("{}, {processes} of each: {what}", engine.name());
    let each = |figure: fn(&Round) -> f64| rounds.iter().map(figure).collect();
    vec![
        Row::new(named("reveals"), "/s", each(|round| round.opened.rate)),
        Row::new(
            named("p99 of a reveal"),
            "ms",
            each(|round| round.opened.p99()),
        ),
        Row::new(
            named("submissions"),
            "/s",
            each(|round| round.submitted.rate),
        ),
        Row::new(
            named("p99 of a submission"),
            "ms",
            each(|round| round.submitted.p99()),
        ),
        Row::new(named("lost or doubled"), "", each(|round| round.lost)).at_most(0.0),
        Row::new(named("memory of all"), "MiB", each(|round| round.memory)),
    ]
}
