//! What always holds, over the database and over what Slack saw.
//!
//! The rules hold at every moment, but for those that ask whether everybody was told: these want
//! the bots to have had the time for it. `check-invariants` is this as a program.

use std::collections::HashMap;

use sea_orm::{DatabaseConnection, FromQueryResult, Statement};
use serde_json::Value;
use shared::crypto::LinkToken;
use uuid::Uuid;

use crate::secrets::button_of;

/// Rows that must not be there, and what they would mean.
const NEVER: [(&str, &str); 19] = [
    (
        "a ciphertext is there exactly while its secret lives",
        "SELECT COUNT(*) AS found FROM secrets \
         WHERE (destroyed_at IS NULL) <> (ciphertext IS NOT NULL)",
    ),
    (
        "a secret ends once",
        "SELECT COUNT(*) AS found FROM (SELECT secret_id FROM audit_events WHERE event IN \
         ('viewed', 'expired_destroyed') OR slot = 'terminal' GROUP BY secret_id \
         HAVING COUNT(*) > 1) AS twice",
    ),
    (
        "an end is in the audit log",
        "SELECT COUNT(*) AS found FROM secrets WHERE destroyed_at IS NOT NULL AND id NOT IN \
         (SELECT secret_id FROM audit_events WHERE slot = 'terminal')",
    ),
    (
        "a beginning is in the audit log",
        "SELECT COUNT(*) AS found FROM secrets WHERE id NOT IN \
         (SELECT secret_id FROM audit_events WHERE event = 'created')",
    ),
    (
        "an opened secret was seen at a time, and only an opened one",
        "SELECT COUNT(*) AS found FROM secrets WHERE (viewed_at IS NOT NULL) <> \
         (destroy_reason IS NOT NULL AND destroy_reason = 'viewed')",
    ),
    (
        "an opened secret says what confirmed that, and only an opened one",
        "SELECT COUNT(*) AS found FROM secrets \
         WHERE (viewed_at IS NOT NULL) <> (confirmed_by IS NOT NULL)",
    ),
    (
        "nothing comes after an opening that was none",
        "SELECT COUNT(*) AS found FROM secrets WHERE viewed_at IS NULL \
         AND (reuse_count > 0 OR repeat_count > 0)",
    ),
    (
        "a submission makes one secret",
        "SELECT COUNT(*) AS found FROM (SELECT team FROM secrets \
         GROUP BY team, submission_key, part HAVING COUNT(*) > 1) AS twice",
    ),
    (
        "a secret has a message and a receipt",
        "SELECT COUNT(*) AS found FROM secrets WHERE (SELECT COUNT(*) FROM deliveries \
         WHERE deliveries.secret_id = secrets.id) <> 2",
    ),
    (
        "a settled delivery holds no link",
        "SELECT COUNT(*) AS found FROM deliveries \
         WHERE settled_at IS NOT NULL AND sealed IS NOT NULL",
    ),
    (
        "a link that was made at a press is of a secret whose message has a button",
        "SELECT COUNT(*) AS found FROM links JOIN secrets ON secrets.id = secret_id \
         WHERE format <> 2",
    ),
    (
        "no link of a secret that ended holds a share",
        "SELECT COUNT(*) AS found FROM links JOIN secrets ON secrets.id = secret_id \
         WHERE destroyed_at IS NOT NULL AND share IS NOT NULL",
    ),
    (
        "each link that was made is told of",
        "SELECT COUNT(*) AS found FROM secrets WHERE (SELECT COUNT(*) FROM links \
         WHERE links.secret_id = secrets.id) <> (SELECT COUNT(*) FROM audit_events \
         WHERE audit_events.secret_id = secrets.id AND event = 'link_issued')",
    ),
    (
        "what has a button is opened by a link that it gave",
        "SELECT COUNT(*) AS found FROM secrets WHERE format = 2 AND viewed_at IS NOT NULL \
         AND id NOT IN (SELECT secret_id FROM links)",
    ),
    (
        "a message is withheld for a secret that its sender took back, and for no other",
        "SELECT COUNT(*) AS found FROM deliveries JOIN secrets ON secrets.id = secret_id \
         WHERE outcome = 'withdrawn' AND (destroy_reason IS NULL OR destroy_reason <> 'revoked' \
         OR revoked_by IS NOT NULL OR kind <> 'recipient_message')",
    ),
    (
        "what nobody opened is disputed by nobody",
        "SELECT COUNT(*) AS found FROM secrets WHERE viewed_at IS NULL AND dispute_count > 0",
    ),
    (
        "who takes a secret back is its sender",
        "SELECT COUNT(*) AS found FROM audit_events WHERE event = 'revoked' \
         AND actor_kind = 'user' AND (actor IS NULL OR actor <> sender)",
    ),
    (
        "a secret that was revoked by nobody else was taken back",
        "SELECT COUNT(*) AS found FROM secrets WHERE destroy_reason = 'revoked' \
         AND revoked_by IS NULL AND id NOT IN (SELECT secret_id FROM audit_events \
         WHERE event = 'revoked' AND actor_kind = 'user')",
    ),
    (
        "a sender whose message is settled has a receipt, or it is due",
        "SELECT COUNT(*) AS found FROM deliveries message JOIN deliveries receipt \
         ON receipt.secret_id = message.secret_id AND receipt.kind = 'sender_receipt' \
         WHERE message.kind = 'recipient_message' AND message.settled_at IS NOT NULL \
         AND receipt.settled_at IS NULL AND receipt.next_attempt_at IS NULL",
    ),
];

/// What stands in Slack, as the simulator tells it.
pub struct Conversations {
    /// Every message as it is now.
    pub messages: Vec<Value>,
    /// Every message as it was posted.
    pub postings: Vec<Value>,
}

#[derive(FromQueryResult)]
struct Found {
    found: i64,
}

/// A secret with its two deliveries.
#[derive(FromQueryResult)]
struct Story {
    id: Uuid,
    token_hash: Vec<u8>,
    sender: String,
    recipient: String,
    destroy_reason: Option<String>,
    outcome: Option<String>,
    channel: Option<String>,
    message_ts: Option<String>,
    receipt_outcome: Option<String>,
    receipt_channel: Option<String>,
    receipt_ts: Option<String>,
}

/// The rules that don't hold.
pub async fn broken(database: &DatabaseConnection, slack: Option<&Conversations>) -> Vec<String> {
    let mut broken = Vec::new();
    for (rule, violations) in NEVER {
        let statement = Statement::from_string(database.get_database_backend(), violations);
        let found = Found::find_by_statement(statement).one(database).await;
        let found = found.unwrap().map_or(0, |found| found.found);
        if found != 0 {
            broken.push(format!("{rule}: {found} rows say otherwise"));
        }
    }
    if let Some(slack) = slack {
        broken.extend(untold(&stories(database).await, slack));
    }
    broken
}

async fn stories(database: &DatabaseConnection) -> Vec<Story> {
    let sql = "SELECT secrets.id, token_hash, sender, recipient, destroy_reason, \
         message.outcome AS outcome, message.channel AS channel, message.message_ts AS message_ts, \
         receipt.outcome AS receipt_outcome, receipt.channel AS receipt_channel, \
         receipt.message_ts AS receipt_ts FROM secrets \
         JOIN deliveries message ON message.secret_id = secrets.id \
         AND message.kind = 'recipient_message' \
         JOIN deliveries receipt ON receipt.secret_id = secrets.id \
         AND receipt.kind = 'sender_receipt'";
    let statement = Statement::from_string(database.get_database_backend(), sql);
    Story::find_by_statement(statement)
        .all(database)
        .await
        .unwrap()
}

/// What does not fit between the database and Slack.
fn untold(stories: &[Story], slack: &Conversations) -> Vec<String> {
    let mut broken = Vec::new();
    let by_hash: HashMap<&[u8], &Story> = stories
        .iter()
        .map(|story| (story.token_hash.as_slice(), story))
        .collect();
    let mut links: HashMap<Uuid, usize> = HashMap::new();
    for posting in &slack.postings {
        let story = match (token_of(posting), row_of(posting)) {
            (Some(token), _) => by_hash.get(token.hash().as_bytes().as_slice()).copied(),
            (None, Some(row)) => stories.iter().find(|story| story.id == row),
            (None, None) => continue,
        };
        match story {
            None => broken.push(format!("a link leads to no secret: {}", place(posting))),
            Some(story) => {
                *links.entry(story.id).or_default() += 1;
                if posting["channel"] != conversation_with(&story.recipient) {
                    broken.push(format!(
                        "the link of {} went to another: {}",
                        story.id,
                        place(posting)
                    ));
                }
            }
        }
    }
    let messages: HashMap<_, _> = slack
        .messages
        .iter()
        .map(|message| {
            (
                (message["channel"].as_str(), message["ts"].as_str()),
                message,
            )
        })
        .collect();
    for story in stories {
        let id = story.id;
        let delivered = story.outcome.as_deref() == Some("sent");
        if delivered && !links.contains_key(&id) {
            broken.push(format!(
                "the message of {id} is settled as sent, and Slack never saw it"
            ));
        }
        if !delivered && story.destroy_reason.is_none() {
            broken.push(format!("{id} was not delivered, and lives"));
        }
        if story.receipt_outcome.is_none() {
            broken.push(format!("the sender of {id} was not told"));
        }
        let receipt = (
            story.receipt_channel.as_deref(),
            story.receipt_ts.as_deref(),
        );
        let told = messages.get(&receipt).is_some_and(|receipt| {
            receipt["channel"] == conversation_with(&story.sender) && token_of(receipt).is_none()
        });
        if story.receipt_outcome.as_deref() == Some("sent") && !told {
            broken.push(format!(
                "the receipt of {id} is settled as sent, and is not there"
            ));
        }
        let message = messages.get(&(story.channel.as_deref(), story.message_ts.as_deref()));
        let leads_nowhere =
            message.is_none_or(|message| token_of(message).is_none() && row_of(message).is_none());
        if story.destroy_reason.is_some() && !leads_nowhere {
            broken.push(format!("{id} is gone, and its message still has the link"));
        }
    }
    broken
}

fn place(message: &Value) -> String {
    format!("{} in {}", message["ts"], message["channel"])
}

fn conversation_with(user: &str) -> String {
    format!("D{}", &user[1..])
}

/// The row of the button in a message that gives a link.
pub(crate) fn row_of(message: &Value) -> Option<Uuid> {
    let button = button_of(message)?;
    let value = (button["action_id"] == "issue_link").then(|| button["value"].as_str())??;
    value.split('.').next()?.parse().ok()
}

/// The token of the link in a message.
pub(crate) fn token_of(message: &Value) -> Option<LinkToken> {
    let blocks = message["blocks"].as_array()?.iter();
    let mut elements = blocks
        .filter_map(|block| block["elements"].as_array())
        .flatten();
    let link = elements.find_map(|element| element["url"].as_str())?;
    LinkToken::parse(link.rsplit('/').next()?)
}
