//! How a recipient comes by a link: it stands in the message, or its button gives one.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Scene;
use crate::{button_of, invariants::row_of};

/// Longest wait for a link; a bot that is killed meanwhile shows none.
const PATIENCE: Duration = Duration::from_secs(4);

/// A link, and what is the same for all links of one secret.
pub(super) struct Link {
    pub(super) token: String,
    pub(super) of: String,
}

/// Whether a message has a link, or a button that gives one.
pub(super) fn is_link(posting: &Value) -> bool {
    posting["blocks"].to_string().contains("open_secret") || row_of(posting).is_some()
}

/// What stands for the secret of a message.
pub(super) fn secret_of(posting: &Value) -> String {
    row_of(posting).map_or_else(|| in_message(posting), |row| row.to_string())
}

/// The link of a message, for its recipient; none where its button gave none in time.
pub(super) async fn follow(scene: &Scene<'_>, posting: &Value) -> Option<Link> {
    let of = secret_of(posting);
    let token = match row_of(posting) {
        None => in_message(posting),
        Some(_) => by_button(scene, posting).await?,
    };
    Some(Link { token, of })
}

fn in_message(posting: &Value) -> String {
    let link = crate::link_of(posting);
    link.rsplit('/').next().unwrap().to_owned()
}

async fn by_button(scene: &Scene<'_>, posting: &Value) -> Option<String> {
    let slack = scene.world.slack();
    let owner = format!("U{}", &posting["channel"].as_str().unwrap()[1..]);
    let value = &button_of(posting)?["value"];
    slack
        .press_row(&owner, "issue_link", value, &json!({}))
        .await;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let dialogs = slack.dialogs(&owner).await;
        if let Some(modal) = dialogs.iter().find(|modal| is_answer(modal)) {
            let close = json!({ "user": owner, "view_id": modal["id"] });
            slack.post("/close", &close).await;
            let url = url_in(modal);
            scene.counts.add(match url {
                Some(_) => "link given by a button",
                None => "button that said why it gives no link",
            });
            return url?.rsplit('/').next().map(str::to_owned);
        }
        sleep(Duration::from_millis(50)).await;
    }
    scene.counts.add("button that gave no link");
    None
}

/// Whether a modal is what such a button is answered with in the end.
fn is_answer(modal: &Value) -> bool {
    is_for_recipient(modal) && modal["title"] != "One moment"
}

/// Whether a modal is an answer to a button of a message, and not of a receipt: somebody may have
/// both.
pub(super) fn is_for_recipient(modal: &Value) -> bool {
    let title = modal["title"].as_str().unwrap_or_default();
    let owns = [
        "One moment",
        "Your link",
        "Not just now",
        "Shown a moment ago",
    ];
    let is_over = title == "Over already" && !modal.to_string().contains("Your secret for");
    owns.contains(&title) || is_over
}

/// The address of a button in a modal.
fn url_in(modal: &Value) -> Option<String> {
    let blocks = modal["view"]["blocks"].as_array()?;
    let mut urls = blocks
        .iter()
        .filter_map(|block| block["elements"][0]["url"].as_str());
    urls.next().map(str::to_owned)
}
