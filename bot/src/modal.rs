//! The dialog, and the one that says that it was sent before.

use serde_json::{Value, json};
use shared::{
    lifetime::Lifetime,
    secret::{NOTE_MAX_CHARS, SECRET_MAX_CHARS},
    store::submissions::StoredSubmission,
    text::{self, Locale, Message, text},
};

use crate::{command_text::Prefill, slack::blocks};

/// The dialog's name in what Slack sends back.
pub(crate) const CALLBACK_ID: &str = "send_secret";

/// The only action within each of the dialog's blocks.
pub(crate) const ACTION: &str = "value";

/// The dialog's blocks, by which errors are put beside their field.
pub(crate) mod field {
    pub(crate) const RECIPIENT: &str = "recipient";
    pub(crate) const SECRET: &str = "secret";
    pub(crate) const NOTE: &str = "note";
    pub(crate) const LIFETIME: &str = "lifetime";
}

/// The dialog with what the command said filled in.
pub(crate) fn dialog(locale: Locale, prefill: &Prefill) -> Value {
    let mut form = Vec::new();
    if prefill.has_unused_words {
        form.push(blocks::section(&text(locale, Message::ModalWordsUnused)));
    }
    form.push(recipient(locale, prefill));
    form.push(secret(locale));
    form.push(lifetime(locale, prefill.lifetime.unwrap_or_default()));
    form.push(note(locale));
    json!({
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": blocks::plain(&text(locale, Message::ModalTitle)),
        "submit": blocks::plain(&text(locale, Message::ModalSubmit)),
        "close": blocks::plain(&text(locale, Message::ModalClose)),
        "blocks": form,
    })
}

/// What a dialog turns into that is submitted again: what was really sent.
pub(crate) fn already_sent(locale: Locale, stored: &StoredSubmission) -> Value {
    let what = Message::AlreadySentText {
        recipient: &blocks::mention(&stored.recipient),
        when: &text::instant(locale, stored.created_at, None),
        until: &text::instant(locale, stored.expires_at, None),
    };
    json!({
        "type": "modal",
        "title": blocks::plain(&text(locale, Message::AlreadySentTitle)),
        "close": blocks::plain(&text(locale, Message::AlreadySentClose)),
        "blocks": [blocks::section_with_mentions(&text(locale, what))],
    })
}

fn recipient(locale: Locale, prefill: &Prefill) -> Value {
    let mut select = json!({
        "type": "users_select",
        "action_id": ACTION,
        "placeholder": blocks::plain(&text(locale, Message::ModalRecipientPlaceholder)),
    });
    if let Some(recipient) = &prefill.recipient {
        select["initial_user"] = recipient.as_str().into();
    }
    input(
        field::RECIPIENT,
        &text(locale, Message::ModalRecipient),
        &select,
    )
}

fn secret(locale: Locale) -> Value {
    let typed = json!({
        "type": "plain_text_input",
        "action_id": ACTION,
        "multiline": true,
        "max_length": SECRET_MAX_CHARS,
        "placeholder": blocks::plain(&text(locale, Message::ModalSecretPlaceholder)),
        "focus_on_load": true,
    });
    let mut input = input(field::SECRET, &text(locale, Message::ModalSecret), &typed);
    input["hint"] = blocks::plain(&text(locale, Message::ModalSecretHint));
    input
}

fn note(locale: Locale) -> Value {
    let typed = json!({
        "type": "plain_text_input",
        "action_id": ACTION,
        "multiline": true,
        "max_length": NOTE_MAX_CHARS,
        "placeholder": blocks::plain(&text(locale, Message::ModalNotePlaceholder)),
    });
    let mut input = input(field::NOTE, &text(locale, Message::ModalNote), &typed);
    input["optional"] = true.into();
    input
}

fn lifetime(locale: Locale, initial: Lifetime) -> Value {
    let option = |lifetime: Lifetime| {
        let label = text::duration(locale, lifetime.as_millis().unsigned_abs());
        json!({ "text": blocks::plain(&label), "value": lifetime.code() })
    };
    let options: Vec<_> = Lifetime::ALL.into_iter().map(option).collect();
    let select = json!({
        "type": "static_select",
        "action_id": ACTION,
        "options": options,
        "initial_option": option(initial),
    });
    input(
        field::LIFETIME,
        &text(locale, Message::ModalLifetime),
        &select,
    )
}

fn input(block_id: &str, label: &str, element: &Value) -> Value {
    json!({
        "type": "input",
        "block_id": block_id,
        "label": blocks::plain(label),
        "element": element,
    })
}

#[cfg(test)]
mod tests {
    use shared::ids::UserId;
    use slack_morphism::prelude::{SlackBlock, SlackView};

    use super::*;

    #[test]
    fn slack_morphism_knows_the_dialog() {
        let prefill = Prefill {
            recipient: Some(UserId::parse("U1").unwrap()),
            lifetime: Some(Lifetime::Hours24),
            has_unused_words: true,
        };
        let SlackView::Modal(view) = serde_json::from_value(dialog(Locale::En, &prefill)).unwrap()
        else {
            panic!("not a modal");
        };
        assert_eq!(view.blocks.len(), 5);
        let inputs = view
            .blocks
            .iter()
            .filter(|block| matches!(block, SlackBlock::Input(_)));
        assert_eq!(inputs.count(), 4);
        assert!(!format!("{:?}", view.blocks).contains("Unknown"));
    }

    #[test]
    fn an_hour_is_preset_and_nobody_chosen() {
        let dialog = dialog(Locale::En, &Prefill::default());
        let blocks = dialog["blocks"].as_array().unwrap();
        assert_eq!(blocks.len(), 4);
        assert!(blocks[0]["element"].get("initial_user").is_none());
        assert_eq!(blocks[2]["element"]["initial_option"]["value"], "1h");
        assert_eq!(
            blocks[2]["element"]["initial_option"]["text"]["text"],
            "1 hour"
        );
    }
}
