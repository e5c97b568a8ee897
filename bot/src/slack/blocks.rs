//! Block Kit, the few pieces that we use.
//!
//! Whatever people typed goes into `plain_text` only, where `<!channel>`, links and backticks are
//! just characters. Source: <https://docs.slack.dev/reference/block-kit/blocks>.

use serde_json::{Value, json};

/// Most characters of a section's text.
const SECTION_MAX_CHARS: usize = 3_000;

/// Text in which nothing is markup. Emoji codes such as `:key:` stay as typed too.
pub(crate) fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// A section of plain text.
pub(crate) fn section(text: &str) -> Value {
    let text: String = text.chars().take(SECTION_MAX_CHARS).collect();
    json!({ "type": "section", "text": plain(&text) })
}

/// A section of our own words with mentions; never of anything that people typed.
pub(crate) fn section_with_mentions(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

/// Stands for a mention in a translated sentence; no text has it, and no name that is shown.
pub(crate) const MENTION: &str = "\u{fffc}";

/// A paragraph in which nothing is markup, and somebody is mentioned where [`MENTION`] stands:
/// names beside a mention can't be in `mrkdwn`, which has no way to write a star that is just a
/// star. Source: <https://docs.slack.dev/reference/block-kit/blocks/rich-text-block>.
pub(crate) fn paragraph(text: &str, mentioned: &shared::domain::ids::UserId) -> Value {
    let mention = json!({ "type": "user", "user_id": mentioned.as_str() });
    let words = |text: &str| json!({ "type": "text", "text": text });
    let mut elements = Vec::new();
    for (number, piece) in text.split(MENTION).enumerate() {
        if number > 0 {
            elements.push(mention.clone());
        }
        if !piece.is_empty() {
            elements.push(words(piece));
        }
    }
    let section = json!({ "type": "rich_text_section", "elements": elements });
    json!({ "type": "rich_text", "elements": [section] })
}

/// A line of small print.
pub(crate) fn context(text: &str) -> Value {
    json!({ "type": "context", "elements": [plain(text)] })
}

/// A line of small print in our own words, with a link behind it that operators set.
pub(crate) fn context_with_link(text: &str, label: &str, url: &str) -> Value {
    // What ends a link's address in Slack's markup stands encoded in it.
    let url = escape(&url.replace('|', "%7C"));
    let text = format!("{} <{url}|{}>", escape(text), escape(label));
    let words = json!({ "type": "mrkdwn", "text": text, "verbatim": true });
    json!({ "type": "context", "elements": [words] })
}

/// A button that leads to an address; `spoken` is what screen readers say.
pub(crate) fn link_button(action_id: &str, label: &str, spoken: &str, url: &str) -> Value {
    let button = json!({
        "type": "button",
        "action_id": action_id,
        "text": plain(label),
        "accessibility_label": spoken,
        "url": url,
        "style": "primary",
    });
    json!({ "type": "actions", "elements": [button] })
}

/// A button that does something here.
pub(crate) fn button(action_id: &str, label: &str) -> Value {
    let button = json!({ "type": "button", "action_id": action_id, "text": plain(label) });
    json!({ "type": "actions", "elements": [button] })
}

/// A button in a message that does something about a row.
pub(crate) struct RowButton<'a> {
    pub(crate) action_id: &'a str,
    /// Thirty characters are seen on a phone.
    pub(crate) label: &'a str,
    /// What screen readers say instead.
    pub(crate) spoken: &'a str,
    /// The row's id, never the right to anything; what stands behind it is sealed.
    pub(crate) row: &'a str,
    /// Whether it is what its message is for.
    pub(crate) is_main: bool,
    /// What Slack asks before it is pressed.
    pub(crate) confirm: Option<Confirm<'a>>,
}

/// A question before something that can't be undone.
/// Source:
/// <https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object>.
pub(crate) struct Confirm<'a> {
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
    pub(crate) yes: &'a str,
    pub(crate) no: &'a str,
}

/// A row's button.
pub(crate) fn row_button(of: &RowButton<'_>) -> Value {
    let mut button = json!({
        "type": "button",
        "action_id": of.action_id,
        "text": plain(of.label),
        "accessibility_label": of.spoken,
        "value": of.row,
    });
    if of.is_main {
        button["style"] = "primary".into();
    }
    if let Some(confirm) = &of.confirm {
        button["confirm"] = json!({
            "title": plain(confirm.title),
            "text": plain(confirm.text),
            "confirm": plain(confirm.yes),
            "deny": plain(confirm.no),
            "style": "danger",
        });
    }
    json!({ "type": "actions", "elements": [button] })
}

/// Mentions a user in text with mentions.
pub(crate) fn mention(user: &shared::domain::ids::UserId) -> String {
    format!("<@{user}>")
}

/// Escapes what Slack takes for markup in a message's `text`: just these three characters.
/// Source: <https://docs.slack.dev/messaging/formatting-message-text#escaping>.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use slack_morphism::prelude::SlackBlock;

    use super::*;

    #[test]
    fn slack_morphism_knows_every_piece() {
        for block in [
            section("a"),
            section_with_mentions("<@U1>"),
            paragraph(
                "a (\u{fffc}) b",
                &shared::domain::ids::UserId::parse("U1").unwrap(),
            ),
            context("b"),
            context_with_link("b", "more", "https://example.org/?a=1&b=2"),
            link_button("open", "Open", "Open it", "https://example.org/s/x"),
            button("more", "More"),
            row_button(&RowButton {
                action_id: "take_back",
                label: "Take back",
                spoken: "Take it back",
                row: "0190",
                is_main: true,
                confirm: Some(Confirm {
                    title: "Sure?",
                    text: "It is over then.",
                    yes: "Take back",
                    no: "Leave it",
                }),
            }),
        ] {
            let parsed: SlackBlock = serde_json::from_value(block.clone()).unwrap();
            assert!(!format!("{parsed:?}").contains("Unknown"), "{block}");
        }
    }

    #[test]
    fn no_address_breaks_out_of_its_link() {
        let line = context_with_link("a < b", "More", "https://example.org/a|b?c=1&d=%3E");
        assert_eq!(
            line["elements"][0]["text"],
            "a &lt; b <https://example.org/a%7Cb?c=1&amp;d=%3E|More>"
        );
    }

    #[test]
    fn a_mention_stands_where_it_is_marked() {
        let user = shared::domain::ids::UserId::parse("U1").unwrap();
        let mention = json!({"type": "user", "user_id": "U1"});
        let words = |text: &str| json!({"type": "text", "text": text});
        for (text, expected) in [
            (
                "a (\u{fffc}) b",
                vec![words("a ("), mention.clone(), words(") b")],
            ),
            ("\u{fffc} b", vec![mention.clone(), words(" b")]),
            ("*a* <@U2>", vec![words("*a* <@U2>")]),
        ] {
            let block = paragraph(text, &user);
            assert_eq!(block["elements"][0]["elements"], json!(expected), "{text}");
        }
    }

    #[test]
    fn markup_in_names_is_escaped() {
        assert_eq!(escape("<!channel> & co"), "&lt;!channel&gt; &amp; co");
    }
}
