//! What senders are told, by whichever way.

use serde_json::{Value, json};

use shared::text::{Locale, Message, text};

use crate::{Account, Simulator, Submission, World, eventually};

/// Most presses before somebody would go and ask for help.
const PRESSES: usize = 5;

/// Presses Send as people do: again when they are asked to, as it could not be confirmed in time,
/// which a busy machine may bring about.
pub async fn until_confirmed<F: Future<Output = Value>>(mut press: impl FnMut() -> F) -> Value {
    let unconfirmed = Locale::ALL.map(|locale| text(locale, Message::SubmissionUnconfirmed));
    let mut outcome = press().await;
    for _ in 1..PRESSES {
        let said = outcome["errors"]["secret"].as_str();
        if !said.is_some_and(|said| unconfirmed.iter().any(|text| text == said)) {
            break;
        }
        outcome = press().await;
    }
    outcome
}

/// Whether Slack closed the dialog, or it says that an earlier press sent it.
#[must_use]
pub fn is_sent(outcome: &Value) -> bool {
    outcome["outcome"] == "closed" || outcome["outcome"] == "updated"
}

impl Simulator {
    /// Sends what is in a dialog.
    pub async fn send(&self, sender: &str, dialog: &Value, submission: &Submission<'_>) {
        let outcome = until_confirmed(|| self.submit(sender, dialog, submission)).await;
        assert!(is_sent(&outcome), "{outcome}");
    }
}

impl World {
    /// Somebody sends somebody a secret; the dialog closes.
    pub async fn send_from(&self, sender: &str, recipient: &str) {
        let dialog = self.slack().open_dialog(sender, "").await;
        let submission = Submission {
            recipient: Some(recipient),
            secret: "canary-sent",
            note: "canary-note",
            ..Submission::default()
        };
        self.slack().send(sender, &dialog, &submission).await;
    }

    /// Waits until Slack has refused a message to somebody.
    pub async fn refusal(&self) {
        let refused = "SELECT COUNT(*) FROM deliveries WHERE kind = 'recipient_message' \
                       AND refusal IS NOT NULL";
        eventually("a refusal", || async {
            (self.database.count(refused).await > 0).then_some(())
        })
        .await;
    }

    /// So much time passes for what was sent, in seconds: it is as old, and what waits is due.
    pub async fn pass_time(&self, seconds: u32) {
        let millis = u64::from(seconds) * 1000;
        for sql in [
            format!("UPDATE secrets SET created_at = created_at - {millis}"),
            format!(
                "UPDATE deliveries SET created_at = created_at - {millis}, \
                 refused_since = refused_since - {millis}, posted_at = posted_at - {millis}, \
                 next_attempt_at = next_attempt_at - {millis} WHERE next_attempt_at IS NULL \
                 OR next_attempt_at > {millis}"
            ),
        ] {
            self.database.run(Account::Migrate, &sql).await.unwrap();
        }
    }

    /// From now on somebody is in a zone where it is this hour.
    pub async fn set_hour(&self, user: &str, hour: i64) {
        let now = self.database.store().await.clock().await.unwrap();
        let offset = (hour - now.as_millis() / 3_600_000).rem_euclid(24);
        let offset = if offset > 12 { offset - 24 } else { offset };
        // These names have the sign the other way round.
        let zone = format!("Etc/GMT{:+}", -offset);
        let there = json!({ "user": user, "info": { "tz": zone } });
        self.slack().post("/people", &there).await;
    }

    /// What somebody was told of what they sent: by message, as the answer to the command, or,
    /// where that is what is left, at the next command. Empty while nothing is.
    pub async fn told(&self, sender: &str) -> String {
        let mut told = self.slack().messages_now(sender).await;
        told.extend(self.slack().ephemerals(sender).await);
        if told.is_empty() && self.is_untold(sender).await {
            told = self.notices(sender).await;
        }
        let told: Vec<_> = told.iter().map(Value::to_string).collect();
        told.join("\n")
    }

    /// Whether no way could carry something to somebody.
    pub async fn is_untold(&self, sender: &str) -> bool {
        let sql = format!(
            "SELECT COUNT(*) FROM deliveries WHERE addressee = '{sender}' \
             AND untold_since IS NOT NULL"
        );
        self.database.count(&sql).await > 0
    }

    /// What stands above the form when somebody types the command.
    pub async fn notices(&self, user: &str) -> Vec<Value> {
        let dialog = self.slack().open_dialog(user, "").await;
        let blocks = dialog["view"]["blocks"].as_array().unwrap().iter();
        let is_notice = |block: &&Value| {
            let id = block["block_id"].as_str();
            id.is_some_and(|id| id.starts_with("notice_"))
        };
        blocks.filter(is_notice).cloned().collect()
    }
}
