//! People who send one secret after the other.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Scene;

/// People who send at the same time.
pub(super) const SENDERS: usize = 6;

/// One person who sends one secret after the other, and presses again as the dialog says.
pub(super) async fn send(scene: &Scene<'_>, number: usize) {
    let (world, seed, counts) = (scene.world, scene.seed, &scene.counts);
    let mut random = StdRng::seed_from_u64(seed ^ (number as u64 + 1));
    let mut round = 0;
    while Instant::now() < scene.until {
        round += 1;
        let user = format!("U0CROWD{:03}", number * 80 + random.random_range(0..80));
        let recipient = format!("U0CROWD{:03}", random.random_range(0..500));
        let secret = format!(
            "soak-{seed}-{number}-{round}-{}",
            "é".repeat(random.random_range(0..2000))
        );
        if user == recipient {
            continue;
        }
        let typed = json!({ "user": user, "command": "/sendsecret", "text": "" });
        world.slack().post("/command", &typed).await;
        let Some(dialog) = dialog_of(scene, &user).await else {
            counts.add("a command without a dialog");
            continue;
        };
        let values = json!({
            "recipient": { "value": { "selected_user": recipient } },
            "secret": { "value": { "value": secret } },
        });
        let accepted = submit(scene, &user, &dialog, &values).await;
        if accepted {
            let view = dialog["id"].as_str().unwrap().to_owned();
            scene.sent.lock().unwrap().insert(view, secret);
        }
        let close = json!({ "user": user, "view_id": dialog["id"] });
        world.slack().post("/close", &close).await;
        sleep(Duration::from_millis(random.random_range(0..800))).await;
    }
}

async fn dialog_of(scene: &Scene<'_>, user: &str) -> Option<Value> {
    let deadline = Instant::now() + Duration::from_secs(4);
    while Instant::now() < deadline {
        let dialogs = scene.world.slack().dialogs(user).await;
        let is_one = |dialog: &Value| dialog["view"]["callback_id"] == "send_secret";
        if let Some(dialog) = dialogs.into_iter().rfind(is_one) {
            return Some(dialog);
        }
        sleep(Duration::from_millis(50)).await;
    }
    None
}

/// Presses Send until it is accepted. Once it was, pressing again must not send anything new.
async fn submit(scene: &Scene<'_>, user: &str, dialog: &Value, values: &Value) -> bool {
    let counts = &scene.counts;
    let body = json!({ "user": user, "view_id": dialog["id"], "values": values });
    for _ in 0..60 {
        let outcome = scene.world.slack().post("/submit", &body).await;
        match outcome["outcome"].as_str().unwrap_or_default() {
            "closed" => {
                counts.add("submission accepted");
                return true;
            }
            "updated" => {
                counts.add("submission accepted before");
                return true;
            }
            "errors" => counts.add("submission sent back"),
            _ => counts.add("submission not acknowledged"),
        }
        sleep(Duration::from_millis(500)).await;
    }
    counts.add("submission given up");
    false
}
