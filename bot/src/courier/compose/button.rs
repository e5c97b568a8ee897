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
    let (label, spoken, confirm) = words(action);
    let label = text(locale, label);
    let confirm = confirm.map(|parts| parts.map(|part| text(locale, part)));
    blocks::row_button(&RowButton {
        action_id: action.code(),
        label: &label,
        spoken: &text(locale, spoken),
        row: &secret.to_string(),
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
