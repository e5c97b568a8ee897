//! One fault after the other: at the Web API, at the sockets, with the programs, at the database.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Scene, database::trouble, programs::Programs};
use crate::OwnMySql;

/// What there is to be done to the Web API.
const METHODS: [&str; 8] = [
    "users.info",
    "conversations.open",
    "chat.postMessage",
    "chat.update",
    "views.open",
    "views.push",
    "views.update",
    "apps.connections.open",
];

/// One fault after the other. Gives the programs back that are alive at the end.
pub(super) async fn break_things(
    scene: &Scene<'_>,
    mut server: Option<&mut OwnMySql>,
    mut programs: Programs,
) -> Programs {
    let mut random = StdRng::seed_from_u64(scene.seed.rotate_left(33));
    while Instant::now() < scene.until {
        match random.random_range(0..100) {
            0..40 => fail_calls(scene, &mut random).await,
            40..60 => fail_sockets(scene, &mut random).await,
            60..68 => programs.replace_a_bot(scene, &mut random).await,
            68..74 => programs.replace_the_web(scene, &mut random).await,
            _ => trouble(scene, server.as_deref_mut(), &programs, &mut random).await,
        }
        sleep(Duration::from_millis(random.random_range(200..2500))).await;
    }
    scene.world.slack().post("/heal", &json!({})).await;
    programs
}

async fn fail_calls(scene: &Scene<'_>, random: &mut StdRng) {
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
    scene.counts.add(&format!("fault: {method}"));
    scene.world.slack().fail(&fault).await;
}

async fn fail_sockets(scene: &Scene<'_>, random: &mut StdRng) {
    let acts = [
        json!({ "act": "disconnect", "reason": "warning", "close_after_ms": 2000 }),
        json!({ "act": "disconnect", "reason": "refresh_requested", "close_after_ms": 500 }),
        json!({ "act": "drop" }),
        json!({ "act": "freeze" }),
        json!({ "act": "close", "code": 1009 }),
        json!({ "act": "text", "text": "{" }),
    ];
    let open = scene.world.slack().get("/connections").await;
    let open = open["ids"].as_array().unwrap().clone();
    if random.random_bool(0.2) {
        let fault = ["hang", "refuse", "no_hello", "too_many"]
            .choose(random)
            .unwrap();
        scene.counts.add(&format!("fault: handshake {fault}"));
        scene.world.slack().fail_handshake(fault).await;
    }
    let mut act = acts.choose(random).unwrap().clone();
    let Some(connection) = open.choose(random) else {
        return;
    };
    scene
        .counts
        .add(&format!("fault: socket {}", act["act"].as_str().unwrap()));
    act["connection"] = connection.clone();
    scene.world.slack().act(&act).await;
}
