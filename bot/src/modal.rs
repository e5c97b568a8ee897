//! The dialog, and the one that says that it was sent before.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use shared::{
    domain::{
        lifetime::Lifetime,
        secret::{NOTE_MAX_CHARS, SECRET_MAX_CHARS, SECRET_PART_MAX_CHARS},
    },
    operate::settings::PrivacyUrl,
    store::{
        Ending, deliveries::Outcome, installation::Installation, submissions::StoredSubmission,
    },
    text::{self, Locale, Message, text},
};

use crate::{
    command_text::{Prefill, Unused},
    slack::blocks,
};

/// The dialog's name in what Slack sends back.
pub(crate) const CALLBACK_ID: &str = "send_secret";

/// The action of the button for another field.
pub(crate) const MORE_ROOM: &str = "more_room";

/// The only action within each of the dialog's inputs.
pub(crate) const ACTION: &str = "value";

/// The dialog's blocks, by which errors are put beside their field.
pub(crate) mod field {
    pub(crate) const RECIPIENT: &str = "recipient";
    /// One after the other; together they are the secret.
    pub(crate) const SECRET: [&str; 4] = ["secret", "secret_2", "secret_3", "secret_4"];
    pub(crate) const NOTE: &str = "note";
    pub(crate) const LIFETIME: &str = "lifetime";
}

/// What Slack keeps with the dialog, and gives back: how it looks, as it can be made larger, for
/// whom, and the way to answer the command that opened it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Layout {
    /// Fields for the secret, 1 to 4.
    pub(crate) fields: usize,
    /// What the dialog says that it did not use of what stood after the command.
    #[serde(skip_serializing_if = "Unused::is_empty")]
    pub(crate) unused: Unused,
    /// The language in which it was opened, in which all that follows from it is said. An earlier
    /// version did not write it down.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "read_language"
    )]
    pub(crate) language: Option<Locale>,
    /// Its reader's zone, as far as it was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tz: Option<String>,
    /// The sealed `response_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<String>,
    /// The installation whose dialog it is; missing in those of the version before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) installation: Option<String>,
    /// How an earlier version wrote that something was not used.
    #[serde(skip_serializing)]
    pub(crate) has_unused_words: bool,
}

/// A language that this version does not speak is none.
fn read_language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Locale>, D::Error> {
    let tag = Value::deserialize(deserializer)?;
    Ok(tag.as_str().and_then(Locale::from_tag))
}

/// What stands above the form: lines in our own words, with mentions.
pub(crate) type Notices = Vec<String>;

/// The blocks that hold notices; a number follows.
const NOTICE: &str = "notice_";

/// Whether a block of a dialog that came back holds a notice.
pub(crate) fn is_notice(block_id: &str) -> bool {
    block_id.starts_with(NOTICE)
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            fields: 1,
            unused: Unused::default(),
            language: None,
            tz: None,
            answer: None,
            has_unused_words: false,
            installation: None,
        }
    }
}

impl Layout {
    /// Reads what Slack gives back; whatever it is, it is a layout.
    pub(crate) fn parse(private_metadata: &str) -> Self {
        let layout: Self = serde_json::from_str(private_metadata).unwrap_or_default();
        let unused = if layout.has_unused_words {
            Unused::unknown_words()
        } else {
            layout.unused
        };
        Self {
            fields: layout.fields.clamp(1, field::SECRET.len()),
            unused,
            has_unused_words: false,
            ..layout
        }
    }

    /// Whether another installation opened the dialog.
    pub(crate) fn is_of_another(&self, installation: &Installation) -> bool {
        let opened_by = self.installation.as_deref();
        opened_by.is_some_and(|opened_by| opened_by != installation.as_str())
    }

    /// With another field; `None` when there are as many as there can be.
    pub(crate) fn with_more_room(&self) -> Option<Self> {
        let fields = self.fields + 1;
        (fields <= field::SECRET.len()).then(|| Self {
            fields,
            ..self.clone()
        })
    }
}

/// The dialog with a person and a lifetime filled in.
pub(crate) fn dialog(
    locale: Locale,
    prefill: &Prefill,
    layout: &Layout,
    notices: &Notices,
    privacy: Option<&PrivacyUrl>,
) -> Value {
    let notice = |(number, notice): (usize, &String)| {
        let mut block = blocks::section_with_mentions(notice);
        block["block_id"] = format!("{NOTICE}{number}").into();
        block
    };
    let mut form: Vec<_> = notices.iter().enumerate().map(notice).collect();
    if !layout.unused.is_empty() {
        form.push(blocks::section(&layout.unused.lines(locale).join("\n")));
    }
    form.push(recipient(locale, prefill));
    form.extend((0..layout.fields).map(|part| secret(locale, part, layout)));
    if layout.with_more_room().is_some() {
        let label = text(locale, Message::ModalMoreRoom);
        form.push(blocks::button(MORE_ROOM, &label));
    }
    form.push(lifetime(locale, prefill.lifetime.unwrap_or_default()));
    form.push(note(locale));
    form.push(recorded(locale, privacy));
    json!({
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "private_metadata": json!(layout).to_string(),
        "title": blocks::plain(&text(locale, Message::ModalTitle)),
        "submit": blocks::plain(&text(locale, Message::ModalSubmit)),
        "close": blocks::plain(&text(locale, Message::ModalClose)),
        "blocks": form,
    })
}

/// What is shown over the dialog when no field could be added.
pub(crate) fn no_more_room(locale: Locale) -> Value {
    json!({
        "type": "modal",
        "title": blocks::plain(&text(locale, Message::MoreRoomTitle)),
        "close": blocks::plain(&text(locale, Message::AlreadySentClose)),
        "blocks": [blocks::section(&text(locale, Message::MoreRoomFailed))],
    })
}

/// What a dialog turns into that is submitted again: what was really sent, and how it stands with
/// that, in the sender's zone.
pub(crate) fn already_sent(locale: Locale, stored: &StoredSubmission, tz: Option<&str>) -> Value {
    let what = Message::AlreadySentText {
        recipient: &blocks::mention(&stored.recipient),
        when: &text::instant(locale, stored.created_at, tz),
    };
    let line = |message| blocks::section_with_mentions(&text(locale, message));
    json!({
        "type": "modal",
        "title": blocks::plain(&text(locale, Message::AlreadySentTitle)),
        "close": blocks::plain(&text(locale, Message::AlreadySentClose)),
        "blocks": [line(what), blocks::section_with_mentions(&standing(locale, stored, tz))],
    })
}

/// How it stands with what was sent.
fn standing(locale: Locale, stored: &StoredSubmission, tz: Option<&str>) -> String {
    let until = &text::instant(locale, stored.expires_at, tz);
    let when = &text::instant(locale, stored.ended_at.unwrap_or(stored.expires_at), tz);
    let recipient = &blocks::mention(&stored.recipient);
    let message = match (stored.ending, stored.outcome) {
        (Some(Ending::Viewed { .. }), _) => Message::AlreadySentOpened { when },
        (Some(Ending::Undeliverable), _) | (_, Some(Outcome::Failed(_))) => {
            Message::AlreadySentFailed
        }
        (Some(Ending::Expired), _) => Message::AlreadySentUnopened { when },
        (Some(Ending::Revoked), _) => Message::AlreadySentWithdrawn { when },
        (None, None) => Message::AlreadySentWaiting { until },
        (None, Some(Outcome::Sent | Outcome::Withdrawn)) => {
            Message::AlreadySentDelivered { recipient, until }
        }
    };
    text(locale, message)
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

/// The field of a part of the secret, counted from 0. The newest one has the cursor, and says how
/// much room there is.
fn secret(locale: Locale, part: usize, layout: &Layout) -> Value {
    let is_newest = part + 1 == layout.fields;
    let mut typed = json!({
        "type": "plain_text_input",
        "action_id": ACTION,
        "multiline": true,
        "max_length": SECRET_PART_MAX_CHARS,
    });
    if is_newest {
        typed["focus_on_load"] = true.into();
    }
    let block = field::SECRET.get(part).copied().unwrap_or(field::SECRET[0]);
    let (mut input, hint) = if part > 0 {
        let number = u64::try_from(part + 1).unwrap_or_default();
        let label = text(locale, Message::ModalSecretContinued { number });
        let mut input = input(block, &label, &typed);
        input["optional"] = true.into();
        (input, Message::ModalSecretContinuedHint)
    } else {
        typed["placeholder"] = blocks::plain(&text(locale, Message::ModalSecretPlaceholder));
        let input = input(block, &text(locale, Message::ModalSecret), &typed);
        (input, Message::ModalSecretHint)
    };
    let mut hint = text(locale, hint);
    if is_newest {
        hint = format!("{hint} {}", text(locale, room(layout)));
    }
    input["hint"] = blocks::plain(&hint);
    input
}

/// How much room there is, and whether there can be more.
fn room(layout: &Layout) -> Message<'static> {
    let (limit, total) = (SECRET_PART_MAX_CHARS, SECRET_MAX_CHARS);
    match layout.with_more_room() {
        Some(_) => Message::ModalRoom { limit },
        None => Message::ModalRoomEnd { limit, total },
    }
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

/// What is written down of a sending and an opening; the operator may say more about it elsewhere.
fn recorded(locale: Locale, privacy: Option<&PrivacyUrl>) -> Value {
    let recorded = text(locale, Message::ModalRecorded);
    match privacy {
        None => blocks::context(&recorded),
        Some(url) => {
            let notice = text(locale, Message::PrivacyNotice);
            blocks::context_with_link(&recorded, &notice, url.as_str())
        }
    }
}

fn lifetime(locale: Locale, initial: Lifetime) -> Value {
    let option = |lifetime: Lifetime| {
        let label = text::duration(locale, lifetime.duration());
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
    use shared::domain::{
        base_url::PublicBaseUrl,
        ids::{InstallationId, UserId},
    };
    use slack_morphism::prelude::{SlackBlock, SlackView};

    use super::*;

    fn installation() -> Installation {
        let url = PublicBaseUrl::parse("https://secrets.example.org").unwrap();
        Installation::of(InstallationId::generate(), &url)
    }

    #[test]
    fn a_dialog_knows_its_installation_and_one_of_before_is_anybodys() {
        let (here, elsewhere) = (installation(), installation());
        let ours = Layout {
            installation: Some(here.as_str().to_owned()),
            ..Layout::default()
        };
        let dialog = dialog(Locale::En, &Prefill::default(), &ours, &Vec::new(), None);
        let layout = Layout::parse(dialog["private_metadata"].as_str().unwrap());
        assert!(!layout.is_of_another(&here));
        assert!(layout.is_of_another(&elsewhere));
        // A larger one is still its own.
        assert!(layout.with_more_room().unwrap().is_of_another(&elsewhere));
        for before in ["", "{\"fields\":2}", "{\"installation\":null}"] {
            assert!(!Layout::parse(before).is_of_another(&here), "{before}");
        }
    }

    #[test]
    fn slack_morphism_knows_the_dialog() {
        let prefill = Prefill {
            recipient: Some(UserId::parse("U1").unwrap()),
            lifetime: Some(Lifetime::Hours24),
            unused: Unused::unknown_words(),
        };
        let layout = Layout {
            unused: prefill.unused.clone(),
            ..Layout::default()
        };
        let SlackView::Modal(view) =
            serde_json::from_value(dialog(Locale::En, &prefill, &layout, &Vec::new(), None))
                .unwrap()
        else {
            panic!("not a modal");
        };
        assert_eq!(view.blocks.len(), 7);
        let inputs = view
            .blocks
            .iter()
            .filter(|block| matches!(block, SlackBlock::Input(_)));
        assert_eq!(inputs.count(), 4);
        assert!(!format!("{:?}", view.blocks).contains("Unknown"));
    }

    #[test]
    fn an_hour_is_preset_and_nobody_chosen() {
        let layout = Layout::default();
        let dialog = dialog(Locale::En, &Prefill::default(), &layout, &Vec::new(), None);
        let blocks = dialog["blocks"].as_array().unwrap();
        assert_eq!(blocks.len(), 6);
        assert!(blocks[0]["element"].get("initial_user").is_none());
        assert_eq!(blocks[3]["element"]["initial_option"]["value"], "1h");
        assert_eq!(
            blocks[3]["element"]["initial_option"]["text"]["text"],
            "1 hour"
        );
    }

    #[test]
    fn it_says_what_is_written_down_and_where_more_is_said() {
        let url = PrivacyUrl::parse("https://example.org/privacy").unwrap();
        for (privacy, leads_on) in [(None, false), (Some(&url), true)] {
            let layout = Layout::default();
            let dialog = dialog(
                Locale::En,
                &Prefill::default(),
                &layout,
                &Vec::new(),
                privacy,
            );
            let line = dialog["blocks"]
                .as_array()
                .unwrap()
                .last()
                .unwrap()
                .to_string();
            assert!(line.contains("Never the secret itself."), "{line}");
            let notice = "<https://example.org/privacy|Privacy notice>";
            assert_eq!(line.contains(notice), leads_on, "{line}");
        }
    }

    #[test]
    fn there_is_room_for_four_fields() {
        let mut layout = Layout {
            language: Some(Locale::Fr),
            tz: Some("America/Toronto".to_owned()),
            unused: Unused::unknown_words(),
            ..Layout::default()
        };
        let mut sizes = Vec::new();
        loop {
            let dialog = dialog(Locale::En, &Prefill::default(), &layout, &Vec::new(), None);
            let focused = |block: &&Value| block["element"]["focus_on_load"] == true;
            let blocks = dialog["blocks"].as_array().unwrap();
            let focused: Vec<_> = blocks.iter().filter(focused).collect();
            assert_eq!(focused.len(), 1, "{dialog}");
            assert_eq!(focused[0]["block_id"], field::SECRET[layout.fields - 1]);
            let names_the_button = dialog["blocks"].to_string().matches("More room").count();
            let room = if layout.fields < 4 { 2 } else { 0 };
            assert_eq!(names_the_button, room, "the newest hint, and the button");
            let is_the_end = dialog.to_string().contains("12,000 in all");
            assert_eq!(is_the_end, layout.fields == 4);
            let kept = dialog["private_metadata"].as_str().unwrap();
            assert_eq!(Layout::parse(kept), layout);
            sizes.push(dialog["blocks"].as_array().unwrap().len());
            match layout.with_more_room() {
                Some(larger) => layout = larger,
                None => break,
            }
        }
        // The last one has no button any more.
        assert_eq!(sizes, [7, 8, 9, 9]);
    }

    #[test]
    fn whatever_slack_gives_back_is_a_layout() {
        for (kept, fields) in [
            ("", 1),
            ("null", 1),
            ("{\"fields\":0}", 1),
            ("{\"fields\":99}", 4),
        ] {
            assert_eq!(Layout::parse(kept).fields, fields, "{kept}");
        }
        let earlier = Layout::parse(r#"{"fields":2,"has_unused_words":true,"answer":"sealed"}"#);
        assert_eq!((earlier.fields, earlier.language), (2, None));
        assert_eq!(earlier.unused, Unused::unknown_words());
        assert_eq!(earlier.answer.as_deref(), Some("sealed"));
        for (kept, language) in [
            (r#"{"language":"fr"}"#, Some(Locale::Fr)),
            (r#"{"language":"tlh"}"#, None),
            (r#"{"language":null}"#, None),
            (r#"{"language":7}"#, None),
        ] {
            assert_eq!(Layout::parse(kept).language, language, "{kept}");
        }
    }
}
