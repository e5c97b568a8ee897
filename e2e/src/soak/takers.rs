//! Senders who take back what they sent, some by a press that Slack delivers twice, and people who
//! press what is somebody else's.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{Scene, links::is_for_recipient};
use crate::button_of;

/// Longest wait for a modal; where there is none, the answer may stand where the button is.
const PATIENCE: Duration = Duration::from_secs(4);

/// How a row may have ended for whoever was told so.
const ENDS: [(&str, &[&str]); 3] = [
    ("Taken back", &["revoked"]),
    ("Too late", &["viewed"]),
    ("Over already", &["expired", "undeliverable", "ended"]),
];

/// Takes back a part of what is sent, until the time is over.
pub(super) async fn take_back(scene: &Scene<'_>) {
    let mut random = StdRng::seed_from_u64(scene.seed.rotate_left(29));
    let mut from = 0;
    while Instant::now() < scene.until {
        let path = format!("/postings?from={from}");
        let postings = scene.world.slack().get(&path).await;
        for posting in postings.as_array().unwrap() {
            from += 1;
            let Some(row) = row_of(posting).filter(|_| random.random_bool(0.2)) else {
                continue;
            };
            let owner = format!("U{}", &posting["channel"].as_str().unwrap()[1..]);
            if random.random_bool(0.1) {
                press(scene, "U0CROWD499", row, &mut random).await;
                continue;
            }
            // What came late of an earlier one.
            while told(scene, &owner, Duration::ZERO).await.is_some() {}
            press(scene, &owner, row, &mut random).await;
            if let Some(title) = told(scene, &owner, PATIENCE).await {
                scene.counts.add(&format!("taking back: {title}"));
                scene.told.lock().unwrap().push((row, title));
            }
        }
        sleep(Duration::from_millis(300)).await;
    }
}

/// The row of a receipt that has the button.
fn row_of(posting: &Value) -> Option<Uuid> {
    let button = button_of(posting).filter(|button| button["action_id"] == "take_back")?;
    Uuid::parse_str(button["value"].as_str()?).ok()
}

/// Once or, as Slack does, twice.
async fn press(scene: &Scene<'_>, user: &str, row: Uuid, random: &mut StdRng) {
    let slack = scene.world.slack();
    let row = json!(row);
    let trigger = slack.post("/trigger", &json!({ "user": user })).await;
    let trigger = &trigger["trigger_id"];
    let actions = json!([{ "action_id": "take_back", "value": row, "action_ts": trigger }]);
    let same = json!({ "actions": actions, "trigger_id": trigger });
    for _ in 0..random.random_range(1..3) {
        slack.press_row(user, "take_back", &row, &same).await;
    }
}

/// The title of the modal that somebody is shown, which is closed then.
async fn told(scene: &Scene<'_>, user: &str, patience: Duration) -> Option<String> {
    let slack = scene.world.slack();
    let deadline = Instant::now() + patience;
    loop {
        let dialogs = slack.dialogs(user).await;
        let is_answer = |dialog: &Value| {
            dialog["view"]["callback_id"] != "send_secret" && !is_for_recipient(dialog)
        };
        if let Some(modal) = dialogs.into_iter().rfind(is_answer) {
            let close = json!({ "user": user, "view_id": modal["id"] });
            slack.post("/close", &close).await;
            return modal["title"].as_str().map(str::to_owned);
        }
        if Instant::now() >= deadline {
            return None;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// What anybody was told is what the row says.
pub(super) async fn check(scene: &Scene<'_>) {
    let told = scene.told.lock().unwrap().clone();
    for (row, title) in told {
        let Some((_, reasons)) = ENDS.iter().find(|(known, _)| *known == title) else {
            continue;
        };
        let row = row.simple();
        let reason = format!(
            "SELECT CASE WHEN revoked_by IS NULL THEN destroy_reason ELSE 'ended' END \
             FROM secrets WHERE id = X'{row}'"
        );
        let reason = scene.world.database.text(&reason).await;
        assert!(
            reasons.contains(&reason.as_str()),
            "{row} is {reason}, and its sender was told: {title}"
        );
    }
}
