//! Against what people would use instead: snappass, which does the same at first sight.

mod server;

use std::sync::Mutex;

use futures_util::future::join_all;

use super::{
    Row, as_operators_run_it, clients, figures::Times, links, memory, reveals, visitor::Visitor,
};
use crate::{Engine, World};
use server::Snappass;

const CLIENTS: [usize; 3] = [1, 16, 64];

/// Links of a measurement; more than can be opened in the time.
const LINKS: usize = 10_000;

/// What stands below the table.
pub(super) const PROMISES: &str = "\
snappass: what it promises beside it. It reads and deletes in two commands, so two readers who come
at the same moment both get the secret; it deletes before it decrypts, so a link with a damaged key
destroys what it can't show; it writes no trail, so nobody learns whether and when it was opened.
Here a secret is opened once, in one transaction with its entry in the trail, and its messages in
Slack say so.";

/// A round: snappass's pairs of look and read, and ours.
type Round = (Times, Times);

/// Links are made before the time that is measured.
pub(super) async fn measure(engine: Engine, rounds: usize) -> Vec<Row> {
    let world = World::with(engine, as_operators_run_it()).await;
    let snappass = Snappass::start().await;
    // Neither has its first visitors then.
    theirs(&snappass, 16).await;
    ours(&world, 16).await;
    let mut rows = Vec::new();
    for clients in CLIENTS {
        let mut measured = Vec::new();
        for round in 0..rounds {
            measured.push(if round % 2 == 0 {
                let theirs = theirs(&snappass, clients).await;
                (theirs, ours(&world, clients).await)
            } else {
                let ours = ours(&world, clients).await;
                (theirs(&snappass, clients).await, ours)
            });
        }
        rows.extend(compared(engine, clients, &measured));
    }
    rows.extend(memories(&world, &snappass).await);
    snappass.stop().await;
    world.discard().await;
    rows
}

async fn theirs(snappass: &Snappass, clients: usize) -> Times {
    let links = Mutex::new(snappass.links(LINKS));
    let visitors = (0..clients).map(|_| Visitor::connect(&snappass.address, &snappass.address));
    let visitors = join_all(visitors).await;
    clients::run(visitors, &links, async |visitor, path| {
        let host = &snappass.address;
        let look = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        visitor.ask(&look).await;
        let read = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\n\r\n");
        visitor.ask(&read).await;
        visitor.sees_the_secret();
    })
    .await
}

async fn ours(world: &World, clients: usize) -> Times {
    let links = Mutex::new(links::prepare(world, LINKS).await);
    let visitors = reveals::visitors(&[world.web()], clients).await;
    reveals::by(visitors, &links).await
}

fn compared(engine: Engine, clients: usize, measured: &[Round]) -> Vec<Row> {
    let each = |figure: fn(&Round) -> f64| measured.iter().map(figure).collect();
    let named = |what: &str| format!("{}, pairs at {clients}: {what}", engine.name());
    vec![
        Row::new(named("snappass"), "/s", each(|(theirs, _)| theirs.rate)),
        Row::new(named("ours"), "/s", each(|(_, ours)| ours.rate)),
        Row::new(
            named("ours / snappass"),
            "",
            each(|(theirs, ours)| ours.rate / theirs.rate),
        )
        .at_least(1.0),
        Row::new(
            named("p99, snappass"),
            "ms",
            each(|(theirs, _)| theirs.p99()),
        ),
        Row::new(named("p99, ours"), "ms", each(|(_, ours)| ours.p99())),
        Row::new(
            named("p99, ours / snappass"),
            "",
            each(|(theirs, ours)| ours.p99() / theirs.p99()),
        )
        .at_most(1.0),
    ]
}

/// What is resident after all of it.
async fn memories(world: &World, snappass: &Snappass) -> Vec<Row> {
    let named = |what: &str| format!("{}, memory: {what}", world.database.engine.name());
    let theirs = snappass.resident();
    let programs = [&world.webs[0].process, &world.bots[0].process];
    let ours: f64 = programs
        .map(|program| memory::resident(program.id()))
        .iter()
        .sum();
    let mut rows = vec![
        Row::new(named("snappass with Redis"), "MiB", vec![theirs]),
        Row::new(named("reveal-web and bot"), "MiB", vec![ours]),
        Row::new(named("ours / snappass"), "", vec![ours / theirs]).at_most(1.0),
    ];
    if let Some(server) = memory::of_mysql(&world.database).await {
        rows.push(Row::new(named("MySQL beside"), "MiB", vec![server]));
    }
    rows
}
