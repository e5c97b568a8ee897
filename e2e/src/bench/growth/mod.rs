//! A database that has grown, beside one that is empty: opening secrets, and what the bot clears
//! away meanwhile.

mod clearing;
mod fill;

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use super::{Row, Tell, as_operators_run_it, figures::Times, links, reveals};
use crate::{Engine, Options, World, eventually_within};

/// Who opens secrets at the same time.
const CLIENTS: [usize; 2] = [1, MANY];
const MANY: usize = 16;

/// Links of a measurement; it ends with them at the latest.
const LINKS: usize = 6000;

/// How much longer a grown database may take.
const LONGER: f64 = 1.2;

/// Longest wait until what was filled is on the disk.
const WRITING: Duration = Duration::from_mins(15);

/// Pages of MySQL's that may still be unwritten then: a few come with any work.
const UNWRITTEN: i64 = 400;

pub(super) async fn measure(engine: Engine, rounds: usize, secrets: u64, tell: &mut Tell<'_>) {
    let empty = World::with(engine, without_bot()).await;
    let grown = World::with(engine, without_bot()).await;
    let filling = Instant::now();
    fill::fill(&grown.database, secrets).await;
    written(&grown).await;
    let filled = format!(
        "{}, growth: filled with {secrets} secrets in",
        engine.name()
    );
    let filling = filling.elapsed().as_secs_f64();
    tell(Row::new(filled, "s", vec![filling]));
    for clients in CLIENTS {
        let rows = compare(&empty, &grown, clients, rounds).await;
        rows.into_iter().for_each(&mut *tell);
    }
    clearing::measure(empty, grown, rounds, tell).await;
}

fn without_bot() -> Options {
    Options {
        bot: false,
        slack: true,
        ..as_operators_run_it()
    }
}

/// Waits until what was filled is on the disk, so that nobody's writing is measured.
async fn written(world: &World) {
    if world.database.engine == Engine::Sqlite {
        return;
    }
    let dirty = "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM performance_schema.global_status \
                 WHERE VARIABLE_NAME = 'Innodb_buffer_pool_pages_dirty'";
    eventually_within(WRITING, "everything is on the disk", || async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        (world.database.admin_count(dirty).await < UNWRITTEN).then_some(())
    })
    .await;
}

/// Both databases, taking turns, and each of them first every other time.
async fn compare(empty: &World, grown: &World, clients: usize, rounds: usize) -> Vec<Row> {
    let mut measured = Vec::new();
    for round in 0..rounds {
        measured.push(if round % 2 == 0 {
            let small = open(empty, clients).await;
            (small, open(grown, clients).await)
        } else {
            let large = open(grown, clients).await;
            (open(empty, clients).await, large)
        });
    }
    let each = |figure: fn(&(Times, Times)) -> f64| measured.iter().map(figure).collect();
    let named = |what: &str| {
        let engine = empty.database.engine.name();
        format!("{engine}, growth, reveal at {clients}: {what}")
    };
    vec![
        Row::new(named("empty"), "/s", each(|(empty, _)| empty.rate)),
        Row::new(named("grown"), "/s", each(|(_, grown)| grown.rate)),
        Row::new(
            named("grown / empty"),
            "",
            each(|(empty, grown)| grown.rate / empty.rate),
        ),
        Row::new(named("p99, empty"), "ms", each(|(empty, _)| empty.p99())),
        Row::new(named("p99, grown"), "ms", each(|(_, grown)| grown.p99())),
        Row::new(
            named("p99, grown / empty"),
            "",
            each(|(empty, grown)| grown.p99() / empty.p99()),
        )
        .at_most(LONGER),
    ]
}

async fn open(world: &World, clients: usize) -> Times {
    let links = Mutex::new(links::prepare(world, LINKS).await);
    let visitors = reveals::visitors(&[world.web()], clients).await;
    reveals::by(visitors, &links).await
}
