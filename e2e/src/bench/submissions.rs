//! Submissions, from the envelope to its acknowledgement, against their bare transaction.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, future::join_all, stream};
use serde_json::{Value, json};
use tokio::{sync::Mutex, time::sleep};
use uuid::Uuid;

use super::{
    Row, as_operators_run_it,
    bare::{self, Bare},
    figures::{Times, quantile},
};
use crate::{
    Engine, World, is_sent,
    load::{self, Opened},
};

/// How many wait for their acknowledgement at a time, and how many there are in a round.
const IN_FLIGHT: [(usize, usize); 4] = [(1, 200), (16, 600), (64, 1000), (256, 1000)];

/// Between two commands, while submissions are under way.
const COMMAND_EVERY: Duration = Duration::from_millis(20);

/// Somebody who types commands meanwhile.
const TYPIST: &str = "U0ALICE";

/// Somebody who presses a button meanwhile, of a secret that is over.
const PRESSER: &str = "U0DMITRI";

/// What others do meanwhile, in milliseconds.
#[derive(Default)]
pub(super) struct Meanwhile {
    /// Until a command was acknowledged.
    commands: Vec<f64>,
    /// Until a press had its modal.
    presses: Vec<f64>,
}

struct Round {
    bare: Times,
    whole: Times,
    meanwhile: Meanwhile,
}

pub(super) async fn measure(engine: Engine, rounds: usize) -> Vec<Row> {
    let world = World::with(engine, as_operators_run_it()).await;
    world.slack().connections(2).await;
    let mut rows = Vec::new();
    for (in_flight, count) in IN_FLIGHT {
        rows.extend(compare(&world, in_flight, count, rounds).await);
    }
    world.settled().await;
    world.discard().await;
    rows
}

async fn compare(world: &World, in_flight: usize, count: usize, rounds: usize) -> Vec<Row> {
    let mut measured = Vec::new();
    for round in 0..rounds {
        let first = if round % 2 == 0 {
            Some(barely(world, in_flight, count).await)
        } else {
            None
        };
        let (whole, meanwhile) = wholly(world, in_flight, count).await;
        let bare = match first {
            Some(bare) => bare,
            None => barely(world, in_flight, count).await,
        };
        measured.push(Round {
            bare,
            whole,
            meanwhile,
        });
    }
    let each = |figure: fn(&Round) -> f64| measured.iter().map(figure).collect();
    let named = |what: &str| {
        let engine = world.database.engine.name();
        format!("{engine}, submission at {in_flight}: {what}")
    };
    let mut p99 = Row::new(named("p99"), "ms", each(|round| round.whole.p99()));
    if in_flight == 64 {
        p99 = p99.at_most(100.0);
    }
    let presses = each(|round| quantile(&round.meanwhile.presses, 0.99));
    let mut modals = Row::new(
        named("p99 of a press to its modal meanwhile"),
        "ms",
        presses,
    );
    if in_flight == 64 {
        modals = modals.at_most(100.0);
    }
    vec![
        Row::new(named("bare"), "/s", each(|round| round.bare.rate)),
        Row::new(named("whole"), "/s", each(|round| round.whole.rate)),
        Row::new(
            named("whole / bare"),
            "",
            each(|round| round.whole.rate / round.bare.rate),
        )
        .at_least(0.8),
        Row::new(named("p50"), "ms", each(|round| round.whole.p50())),
        p99,
        Row::new(
            named("p99 of a command meanwhile"),
            "ms",
            each(|round| quantile(&round.meanwhile.commands, 0.99)),
        )
        .at_most(10.0),
        modals,
    ]
}

async fn barely(world: &World, in_flight: usize, count: usize) -> Times {
    let ways = Bare::connect(&world.database, in_flight).await;
    let left = Mutex::new(0..count);
    let begun = Instant::now();
    let times = ways.into_iter().map(|mut way| async {
        let mut times = Vec::new();
        while left.lock().await.next().is_some() {
            let asked = Instant::now();
            way.submit().await;
            times.push(asked.elapsed().as_secs_f64() * 1000.0);
        }
        drop(way);
        times
    });
    let times = join_all(times).await.into_iter().flatten().collect();
    let times = Times::new(times, begun.elapsed());
    bare::settle(&world.database).await;
    times
}

/// All dialogs are open before the first is submitted, and everything is out at the end.
pub(super) async fn wholly(world: &World, in_flight: usize, count: usize) -> (Times, Meanwhile) {
    let dialogs = load::open(world, count).await;
    let row = over(world).await;
    let begun = Instant::now();
    let submitted = stream::iter(&dialogs)
        .map(|opened| submit(world, opened))
        .buffer_unordered(in_flight)
        .collect::<Vec<f64>>();
    let Meanwhile {
        mut commands,
        mut presses,
    } = Meanwhile::default();
    let submitted = tokio::select! {
        submitted = submitted => submitted,
        () = type_commands(world, &mut commands) => unreachable!("they are typed for ever"),
        () = press_buttons(world, &row, &mut presses) => unreachable!("they are pressed for ever"),
    };
    let times = Times::new(submitted, begun.elapsed());
    load::close(world, &dialogs).await;
    world.settled().await;
    (times, Meanwhile { commands, presses })
}

/// A secret that its sender took back.
async fn over(world: &World) -> Value {
    world.send_from(PRESSER, "U0BOB").await;
    let row = format!(
        "SELECT LOWER(HEX(id)) FROM secrets WHERE sender = '{PRESSER}' ORDER BY created_at DESC LIMIT 1"
    );
    let row = world.database.text(&row).await;
    let row = json!(Uuid::parse_str(&row).unwrap());
    let slack = world.slack();
    slack.press_for_modal(PRESSER, "take_back", &row).await;
    row
}

async fn press_buttons(world: &World, row: &Value, times: &mut Vec<f64>) {
    loop {
        let slack = world.slack();
        let (latency, _) = slack.press_for_modal(PRESSER, "take_back", row).await;
        times.push(latency);
        sleep(COMMAND_EVERY).await;
    }
}

/// Gives how long it took to be acknowledged, in milliseconds.
async fn submit(world: &World, opened: &Opened) -> f64 {
    let outcome = opened.submit(world).await;
    assert!(is_sent(&outcome), "{outcome}");
    outcome["latency_ms"].as_f64().unwrap()
}

async fn type_commands(world: &World, times: &mut Vec<f64>) {
    loop {
        let typed = json!({ "user": TYPIST, "command": "/sendsecret", "text": "" });
        let outcome = world.slack().post("/command", &typed).await;
        times.push(outcome["latency_ms"].as_f64().unwrap());
        for dialog in world.slack().dialogs(TYPIST).await {
            let close = json!({ "user": TYPIST, "view_id": dialog["id"] });
            world.slack().post("/close", &close).await;
        }
        sleep(COMMAND_EVERY).await;
    }
}
