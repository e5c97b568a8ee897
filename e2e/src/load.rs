//! Many submissions at once.

use std::time::Instant;

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::{SEALED_TEXT, Submission, World, is_sent};

/// Members of the simulated workspace who are there for load.
const CROWD: usize = 500;

/// Dialogs that are opened at a time, before they are submitted all at once.
const OPENED_AT_A_TIME: usize = 16;

/// How a burst went.
pub struct Burst {
    /// When all were submitted.
    pub pressed: Instant,
    /// From the envelope to its acknowledgement, in milliseconds.
    pub latencies: Vec<f64>,
    /// How many had to be pressed again, for whatever reason.
    pub sent_back: usize,
}

/// Opens so many dialogs, then submits all of them at the same moment; those that are sent back are
/// pressed again until they are accepted.
pub async fn burst(world: &World, count: usize) -> Burst {
    let dialogs = open(world, count).await;
    let pressed_at = Instant::now();
    let presses = dialogs.iter().map(|opened| async move {
        let first = opened.submit(world).await;
        let latency = first["latency_ms"].as_f64().unwrap();
        let mut outcome = first;
        let mut sent_back = 0;
        while !is_sent(&outcome) {
            sent_back = 1;
            outcome = opened.submit(world).await;
        }
        (latency, sent_back)
    });
    let outcomes = futures_util::future::join_all(presses).await;
    close(world, &dialogs).await;
    Burst {
        pressed: pressed_at,
        latencies: outcomes.iter().map(|(latency, _)| *latency).collect(),
        sent_back: outcomes.iter().map(|(_, sent_back)| sent_back).sum(),
    }
}

/// An open dialog, and whom its secret will be for.
pub struct Opened {
    user: String,
    recipient: String,
    dialog: Value,
}

impl Opened {
    /// Submits it.
    pub async fn submit(&self, world: &World) -> Value {
        let submission = Submission {
            recipient: Some(&self.recipient),
            secret: SEALED_TEXT,
            ..Submission::default()
        };
        let slack = world.slack();
        slack.submit(&self.user, &self.dialog, &submission).await
    }
}

/// Opens so many dialogs.
pub async fn open(world: &World, count: usize) -> Vec<Opened> {
    stream::iter(0..count)
        .map(|number| async move {
            let user = member(number);
            let dialog = world.slack().open_dialog(&user, "").await;
            Opened {
                user,
                recipient: member(number + 1),
                dialog,
            }
        })
        .buffer_unordered(OPENED_AT_A_TIME)
        .collect()
        .await
}

/// Closes what is still open of them.
pub async fn close(world: &World, dialogs: &[Opened]) {
    let close = dialogs.iter().map(|opened| async move {
        let close = json!({ "user": opened.user, "view_id": opened.dialog["id"] });
        world.slack().post("/close", &close).await;
    });
    futures_util::future::join_all(close).await;
}

/// A member of the crowd.
#[must_use]
pub fn member(number: usize) -> String {
    format!("U0CROWD{:03}", number % CROWD)
}
