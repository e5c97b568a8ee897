//! One secret in a race.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::Order;
use crate::{Account, Submission, World, eventually_within, link_of, load::member};

/// Longest wait for a message or a modal.
const PATIENCE: Duration = Duration::from_mins(2);

/// The steps in which what meets taking back is put off, so that each side comes first now and
/// then: of the opening, and of the end of its time, in milliseconds. Sixty-four presses at once
/// take some hundreds.
const OPENING_STEP: u64 = 100;
const LEFT_STEP: u64 = 150;

/// Sender, recipient, row, and the link where its message is out.
pub(super) struct Racer {
    pub(super) sender: String,
    pub(super) recipient: String,
    pub(super) row: Uuid,
    number: usize,
    token: Option<String>,
}

/// What both sides saw.
pub(super) struct Seen {
    /// The title of the sender's modal.
    pub(super) title: String,
    /// From the press to the modal, in milliseconds.
    pub(super) latency: f64,
    /// Whether a page showed the secret.
    pub(super) is_shown: bool,
}

impl Racer {
    /// Sends it; with its message out, unless it is for that one that is raced.
    pub(super) async fn sent(world: &World, number: usize, order: Order) -> Self {
        let (sender, recipient) = (member(2 * number), member(2 * number + 1));
        let slack = world.slack();
        let dialog = slack.open_dialog(&sender, "").await;
        if order == Order::Delivery {
            let slow = json!({
                "method": "chat.postMessage", "delay_ms": number % 5 * 10, "to": recipient, "times": 1,
            });
            slack.fail(&slow).await;
        }
        let submission = Submission {
            recipient: Some(&recipient),
            secret: "canary-raced",
            ..Submission::default()
        };
        slack.send(&sender, &dialog, &submission).await;
        let close = json!({ "user": sender, "view_id": dialog["id"] });
        slack.post("/close", &close).await;
        let row = format!("SELECT LOWER(HEX(id)) FROM secrets WHERE sender = '{sender}'");
        let row = Uuid::parse_str(&world.database.text(&row).await).unwrap();
        let token = if order == Order::Delivery {
            None
        } else {
            let message = eventually_within(PATIENCE, "the message", || async {
                slack.messages_now(&recipient).await.pop()
            })
            .await;
            Some(link_of(&message).rsplit('/').next().unwrap().to_owned())
        };
        Self {
            sender,
            recipient,
            row,
            number,
            token,
        }
    }

    /// Its sender takes it back while the others are at it.
    pub(super) async fn race(&self, world: &World, order: Order) -> Seen {
        let web = &world.webs[self.number % world.webs.len()];
        let page = match &self.token {
            Some(token) if order.reveals() => Some((token, web.look(token).await)),
            _ => None,
        };
        if order.ends_by_time() {
            self.end_soon(world).await;
        }
        let open = async {
            let Some((token, page)) = page else {
                return false;
            };
            // A visit to what is over ends it.
            let Some(confirmation) = page.confirmation() else {
                return false;
            };
            let pause = self.number as u64 / 6 % 6 * OPENING_STEP;
            tokio::time::sleep(Duration::from_millis(pause)).await;
            web.press(token, confirmation).await.secret().is_some()
        };
        let row = json!(self.row);
        let press = world
            .slack()
            .press_for_modal(&self.sender, "take_back", &row);
        let (is_shown, (latency, title)) = tokio::join!(open, press);
        Seen {
            title,
            latency,
            is_shown,
        }
    }

    /// Its time is over in a moment, or in a few.
    async fn end_soon(&self, world: &World) {
        let now = world
            .database
            .store()
            .await
            .clock()
            .await
            .unwrap()
            .as_millis();
        let row = self.row.simple();
        let left = i64::try_from(self.number as u64 % 6 * LEFT_STEP + 10).unwrap();
        let sql = format!(
            "UPDATE secrets SET expires_at = {} WHERE id = X'{row}'",
            now + left
        );
        world.database.run(Account::Migrate, &sql).await.unwrap();
    }
}
