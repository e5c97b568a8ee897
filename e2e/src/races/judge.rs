//! Whether what everybody was told is what the row says.

use std::collections::HashMap;

use serde_json::Value;

use super::racer::{Racer, Seen};
use crate::World;

/// What came of a race.
#[derive(Debug, Default)]
pub struct Raced {
    /// How many were taken back.
    pub taken_back: usize,
    /// How many were opened.
    pub opened: usize,
    /// How many were over before either.
    pub expired: usize,
    /// How many senders were told that it isn't known.
    pub unconfirmed: usize,
    /// From each press to the modal that says that nobody saw it, in milliseconds, in order.
    pub latencies: Vec<f64>,
    /// What does not fit.
    pub faults: Vec<String>,
}

/// How a secret ended, and the words that belong to it: the modal's, the receipt's, the message's.
struct End {
    reason: &'static str,
    modal: &'static str,
    receipt: &'static str,
    message: &'static str,
}

const ENDS: [End; 3] = [
    End {
        reason: "revoked",
        modal: "Taken back",
        receipt: "You took back",
        message: "took this secret back",
    },
    End {
        reason: "viewed",
        modal: "Too late",
        receipt: "was opened on",
        message: "was opened on",
    },
    End {
        reason: "expired",
        modal: "Over already",
        receipt: "was not opened in time",
        message: "Nobody opened this secret in time",
    },
];

/// The modal for what isn't known.
const UNCONFIRMED: &str = "Not confirmed";

pub(super) async fn judge(world: &World, seen: &[(Racer, Seen)]) -> Raced {
    let slack = world.slack().conversations().await;
    let mut messages: HashMap<&str, Vec<&Value>> = HashMap::new();
    for message in &slack.messages {
        let channel = message["channel"].as_str().unwrap();
        messages.entry(channel).or_default().push(message);
    }
    let mut raced = Raced::default();
    for (racer, seen) in seen {
        let row = racer.row.simple();
        let reason = format!("SELECT destroy_reason FROM secrets WHERE id = X'{row}'");
        let reason = world.database.text(&reason).await;
        let ends = format!(
            "SELECT COUNT(*) FROM audit_events WHERE slot = 'terminal' AND secret_id = X'{row}'"
        );
        let ends = world.database.count(&ends).await;
        let mut fault = |what: String| raced.faults.push(format!("{row} ({reason}): {what}"));
        if ends != 1 {
            fault(format!("it ended {ends} times"));
        }
        let Some(end) = ENDS.iter().find(|end| end.reason == reason) else {
            fault("no such end".to_owned());
            continue;
        };
        if seen.title != end.modal && seen.title != UNCONFIRMED {
            fault(format!("its sender was told: {}", seen.title));
        }
        if seen.is_shown && reason != "viewed" {
            fault("it was shown".to_owned());
        }
        let of = |user: &str| {
            let channel = format!("D{}", &user[1..]);
            messages.get(channel.as_str()).cloned().unwrap_or_default()
        };
        for receipt in of(&racer.sender) {
            if !receipt["text"].to_string().contains(end.receipt) {
                fault(format!("the receipt says: {}", receipt["text"]));
            }
        }
        for message in of(&racer.recipient) {
            if !message["text"].to_string().contains(end.message) {
                fault(format!("the message says: {}", message["text"]));
            }
        }
        match reason.as_str() {
            "revoked" => raced.taken_back += 1,
            "viewed" => raced.opened += 1,
            _ => raced.expired += 1,
        }
        raced.unconfirmed += usize::from(seen.title == UNCONFIRMED);
        if seen.title == ENDS[0].modal {
            raced.latencies.push(seen.latency);
        }
    }
    raced.latencies.sort_by(f64::total_cmp);
    raced
}
