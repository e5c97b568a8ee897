//! Many submissions at once.

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::{Submission, World, is_sent};

/// Members of the simulated workspace who are there for load.
const CROWD: usize = 500;

/// Dialogs that are opened at a time, before they are submitted all at once.
const OPENED_AT_A_TIME: usize = 16;

/// How a burst went.
pub struct Burst {
    /// From the envelope to its acknowledgement, in milliseconds.
    pub latencies: Vec<f64>,
    /// How many had to be pressed again, for whatever reason.
    pub sent_back: usize,
}

/// Opens so many dialogs, then submits all of them at the same moment; those that are sent back are
/// pressed again until they are accepted.
pub async fn burst(world: &World, count: usize) -> Burst {
    let dialogs: Vec<(String, String, Value)> = stream::iter(0..count)
        .map(|number| async move {
            let user = member(number);
            let dialog = world.slack().open_dialog(&user, "").await;
            (user, member(number + 1), dialog)
        })
        .buffer_unordered(OPENED_AT_A_TIME)
        .collect()
        .await;
    let presses = dialogs.iter().map(|(user, recipient, dialog)| async move {
        let submission = Submission {
            recipient: Some(recipient),
            secret: "one of many",
            ..Submission::default()
        };
        let first = world.slack().submit(user, dialog, &submission).await;
        let latency = first["latency_ms"].as_f64().unwrap();
        let mut outcome = first;
        let mut sent_back = 0;
        while !is_sent(&outcome) {
            sent_back = 1;
            outcome = world.slack().submit(user, dialog, &submission).await;
        }
        (latency, sent_back)
    });
    let outcomes = futures_util::future::join_all(presses).await;
    let close = dialogs.iter().map(|(user, _, dialog)| async move {
        let close = json!({ "user": user, "view_id": dialog["id"] });
        world.slack().post("/close", &close).await;
    });
    futures_util::future::join_all(close).await;
    Burst {
        latencies: outcomes.iter().map(|(latency, _)| *latency).collect(),
        sent_back: outcomes.iter().map(|(_, sent_back)| sent_back).sum(),
    }
}

/// A member of the crowd.
#[must_use]
pub fn member(number: usize) -> String {
    format!("U0CROWD{:03}", number % CROWD)
}
