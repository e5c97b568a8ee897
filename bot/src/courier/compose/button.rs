//! The buttons about a secret.

use serde_json::Value;
use shared::{
    domain::ids::SecretId,
    store::presses::Action,
    text::{Locale, Message, text},
};

use crate::slack::blocks::{self, Confirm, RowButton};

/// What stands on a button, what screen readers say, and what is asked first: a title, a text and
/// the way back.
type Words = (
    Message<'static>,
    Message<'static>,
    Option<[Message<'static>; 3]>,
);

/// The button of an action about this secret.
pub(super) fn button(locale: Locale, action: Action, secret: SecretId) -> Value {
    button_with(locale, action, &secret.to_string())
}

/// The same with more in it than the secret's row.
pub(super) fn button_with(locale: Locale, action: Action, row: &str) -> Value {
    let (label, spoken, confirm) = words(action);
    let label = text(locale, label);
    let confirm = confirm.map(|parts| parts.map(|part| text(locale, part)));
    blocks::row_button(&RowButton {
        action_id: action.code(),
        label: &label,
        spoken: &text(locale, spoken),
        row,
        is_main: action == Action::IssueLink,
        confirm: confirm.as_ref().map(|[title, text, no]| Confirm {
            title,
            text,
            yes: &label,
            no,
        }),
    })
}

const fn words(action: Action) -> Words {
    match action {
        Action::TakeBack => (
            Message::TakeBackButton,
            Message::TakeBackSpoken,
            Some([
                Message::TakeBackTitle,
                Message::TakeBackText,
                Message::TakeBackKeep,
            ]),
        ),
        Action::IssueLink => (Message::MessageButton, Message::IssueLinkSpoken, None),
        Action::SendAgain => (Message::SendAgainButton, Message::SendAgainSpoken, None),
        Action::Dispute => (
            Message::DisputeButton,
            Message::DisputeSpoken,
            Some([
                Message::DisputeTitle,
                Message::DisputeText,
                Message::DisputeNo,
            ]),
        ),
        Action::WithdrawDispute => (
            Message::WithdrawDisputeButton,
            Message::WithdrawDisputeSpoken,
            None,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slack cuts labels at about 30 characters, and refuses what is longer than the others.
    /// Source: Slack's page of the confirmation dialog, named in `slack/blocks.rs`.
    #[test]
    fn every_label_is_seen_whole_in_each_language() {
        for locale in Locale::ALL {
            for action in Action::ALL {
                let block = button(locale, action, SecretId::generate());
                let button = &block["elements"][0];
                let chars = |pointer: &str| {
                    let text = button.pointer(pointer).and_then(Value::as_str);
                    text.map_or(0, |text| text.chars().count())
                };
                for (pointer, most) in [
                    ("/text/text", 30),
                    ("/accessibility_label", 75),
                    ("/confirm/title/text", 100),
                    ("/confirm/text/text", 300),
                    ("/confirm/confirm/text", 30),
                    ("/confirm/deny/text", 30),
                ] {
                    assert!(chars(pointer) <= most, "{action:?} {pointer}: {button}");
                }
                assert!(chars("/text/text") > 0 && chars("/accessibility_label") > 0);
            }
        }
    }
}
