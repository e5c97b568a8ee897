//! The words of the messages.

use shared::{
    secret::NoteText,
    store::{
        Ending, FailureReason,
        deliveries::{Facts, Outcome},
    },
    text::{self, Locale, Message, text},
};

use crate::slack::{OutgoingMessage, blocks};

/// The action of the button that leads to the link.
const OPEN: &str = "open_secret";

/// The recipient's message. The link is a button's address and stands nowhere else: Slack copies
/// `text` into notifications and e-mails.
pub(super) fn message(
    locale: Locale,
    facts: &Facts,
    note: Option<&NoteText>,
    link: &str,
) -> OutgoingMessage {
    let sender = facts.sender_name.as_str();
    let lifetime = text::duration(locale, facts.created_at.millis_until(facts.expires_at));
    let until = text::instant(locale, facts.expires_at, facts.recipient_tz.as_deref());
    let terms = Message::MessageTerms {
        lifetime: &lifetime,
        until: &until,
    };
    let mut blocks = vec![
        blocks::section(&text(locale, Message::MessageLead { sender })),
        blocks::section(&text(locale, terms)),
    ];
    if let Some(note) = note {
        blocks.push(blocks::context(&text(
            locale,
            Message::MessageNote { sender },
        )));
        blocks.push(blocks::section(note.expose()));
    }
    blocks.push(blocks::link_button(
        OPEN,
        &text(locale, Message::MessageButton),
        link,
    ));
    blocks.push(blocks::context(&text(
        locale,
        Message::MessageCaution { sender },
    )));
    OutgoingMessage {
        text: blocks::escape(&text(locale, Message::MessageFallback { sender })),
        blocks,
    }
}

/// What the recipient's message becomes once the secret is gone: what happened and when, and no
/// link. `None` while it lives.
pub(super) fn ended_message(locale: Locale, facts: &Facts) -> Option<OutgoingMessage> {
    let sender = facts.sender_name.as_str();
    let when = text::instant(
        locale,
        facts.ended_at.unwrap_or(facts.now),
        facts.recipient_tz.as_deref(),
    );
    let when = &when;
    let what = match facts.ending? {
        Ending::Viewed { .. } => Message::MessageOpened { when, sender },
        Ending::Expired => Message::MessageExpired { when, sender },
        Ending::Undeliverable | Ending::Revoked => Message::MessageWithdrawn { when, sender },
    };
    let lead = text(locale, Message::MessageLead { sender });
    Some(OutgoingMessage {
        text: blocks::escape(&text(locale, Message::MessageFallback { sender })),
        blocks: vec![blocks::section(&lead), blocks::section(&text(locale, what))],
    })
}

/// The sender's receipt: how it stands with the secret. Never the link.
pub(super) fn receipt(
    locale: Locale,
    facts: &Facts,
    outcome: Option<Outcome>,
    tz: Option<&str>,
) -> OutgoingMessage {
    let recipient = &blocks::mention(&facts.recipient);
    let until = &text::instant(locale, facts.expires_at, tz);
    let when = &text::instant(locale, facts.ended_at.unwrap_or(facts.now), tz);
    let (what, why) = match (outcome, facts.ending) {
        (Some(Outcome::Failed(FailureReason::Expired)), _) => (
            Message::ReceiptExpired { recipient },
            Some(failure_message(FailureReason::Expired)),
        ),
        (Some(Outcome::Failed(reason)), _) => (
            Message::ReceiptFailed { recipient },
            Some(failure_message(reason)),
        ),
        (_, None) => (Message::ReceiptDelivered { recipient, until }, None),
        (_, Some(Ending::Viewed { .. })) => (Message::ReceiptOpened { recipient, when }, None),
        (_, Some(Ending::Expired)) => (Message::ReceiptUnopened { recipient, when }, None),
        (_, Some(Ending::Undeliverable | Ending::Revoked)) => {
            (Message::ReceiptWithdrawn { recipient, when }, None)
        }
    };
    let mut blocks = vec![blocks::section_with_mentions(&text(locale, what))];
    if let Some(why) = why {
        blocks.push(blocks::section(&text(locale, why)));
    }
    if facts.repeats > 0 {
        let repeated = Message::ReceiptRepeated { recipient };
        blocks.push(blocks::section_with_mentions(&text(locale, repeated)));
    }
    if let Some(reused_at) = facts.reused_at {
        let reused = Message::ReceiptReused {
            count: u64::try_from(facts.reuses).unwrap_or(0),
            recipient,
            when: &text::instant(locale, reused_at, tz),
        };
        blocks.push(blocks::section_with_mentions(&text(locale, reused)));
    }
    OutgoingMessage {
        text: text(locale, Message::ReceiptFallback),
        blocks,
    }
}

const fn failure_message(reason: FailureReason) -> Message<'static> {
    match reason {
        FailureReason::UserNotFound => Message::FailureUserNotFound,
        FailureReason::UserDisabled => Message::FailureUserDisabled,
        FailureReason::CannotDmBot => Message::FailureCannotDmBot,
        FailureReason::External => Message::FailureExternal,
        FailureReason::MessagesTabDisabled => Message::FailureMessagesTabDisabled,
        FailureReason::MissingScope => Message::FailureMissingScope,
        FailureReason::Refused => Message::FailureRefused,
        FailureReason::Expired => Message::FailureExpired,
        FailureReason::Unsealable => Message::FailureUnsealable,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use shared::{
        clock::Timestamp,
        ids::{TeamId, UserId},
    };
    use zeroize::Zeroizing;

    use super::*;

    const LINK: &str = "https://s.example.org/s/canary-token";
    const NASTY: &str = "<!channel> *bold* `code` <https://evil.example|bank> :key: & co";

    fn facts() -> Facts {
        Facts {
            team: TeamId::parse("T1").unwrap(),
            sender: UserId::parse("U1").unwrap(),
            sender_name: NASTY.to_owned(),
            recipient: UserId::parse("U2").unwrap(),
            recipient_locale: Some("en-CA".to_owned()),
            recipient_tz: Some("America/Toronto".to_owned()),
            created_at: Timestamp::from_millis(1_795_460_580_000),
            expires_at: Timestamp::from_millis(1_795_464_180_000),
            now: Timestamp::from_millis(1_795_460_581_000),
            ending: None,
            ended_at: None,
            reuses: 0,
            reused_at: None,
            repeats: 0,
        }
    }

    fn note(text: &str) -> NoteText {
        NoteText::parse_optional(Zeroizing::new(text.to_owned()))
            .unwrap()
            .unwrap()
    }

    #[test]
    fn the_link_is_the_buttons_address_and_stands_nowhere_else() {
        let message = message(Locale::En, &facts(), Some(&note("for the VPN")), LINK);
        assert!(!message.text.contains("canary") && !message.text.contains("VPN"));
        let (buttons, others): (Vec<_>, Vec<_>) = message
            .blocks
            .iter()
            .partition(|block| block["type"] == "actions");
        assert_eq!(buttons.len(), 1);
        assert_eq!(buttons[0]["elements"][0]["url"], LINK);
        assert!(!serde_json::to_string(&others).unwrap().contains("canary"));
        assert!(
            !buttons[0]["elements"][0]["text"]
                .to_string()
                .contains("canary")
        );
    }

    #[test]
    fn what_people_typed_is_never_markup() {
        let message = message(Locale::En, &facts(), Some(&note(NASTY)), LINK);
        for block in &message.blocks {
            if block.to_string().contains("evil.example") {
                let texts = [&block["text"], &block["elements"][0]];
                let plain = texts
                    .iter()
                    .any(|text: &&Value| text["type"] == "plain_text" && text["emoji"] == false);
                assert!(plain, "{block}");
            }
        }
        assert!(
            message
                .blocks
                .iter()
                .any(|block| block["text"]["text"] == NASTY)
        );
        assert!(
            message.text.starts_with("&lt;!channel&gt;"),
            "{}",
            message.text
        );
    }

    #[test]
    fn times_are_told_in_the_recipients_zone() {
        let message = message(Locale::En, &facts(), None, LINK);
        let text = message.blocks[1]["text"]["text"].as_str().unwrap();
        assert!(
            text.contains("within 1 hour (until November 23, 2026 at 3:03\u{202f}p.m. EST)"),
            "{text}"
        );
    }

    fn ended(ending: Ending) -> Facts {
        Facts {
            ending: Some(ending),
            ended_at: Some(Timestamp::from_millis(1_795_460_640_000)),
            ..facts()
        }
    }

    #[test]
    fn a_message_tells_how_its_secret_ended_and_leads_nowhere() {
        assert!(ended_message(Locale::En, &facts()).is_none());
        let at = Timestamp::from_millis(1_795_460_640_000);
        for (ending, expected) in [
            (
                Ending::Viewed { at },
                "was opened on November 23, 2026 at 2:04\u{202f}p.m. EST",
            ),
            (Ending::Expired, "Nobody opened this secret in time"),
            (Ending::Undeliverable, "destroyed unseen"),
        ] {
            let message = ended_message(Locale::En, &ended(ending)).unwrap();
            let blocks = serde_json::to_string(&message.blocks).unwrap();
            assert!(blocks.contains(expected), "{blocks}");
            assert!(
                !blocks.contains("mrkdwn") && !blocks.contains("\"url\""),
                "{blocks}"
            );
        }
    }

    #[test]
    fn a_receipt_tells_what_became_of_the_secret() {
        let at = Timestamp::from_millis(1_795_460_640_000);
        for (ending, expected) in [
            (
                Ending::Viewed { at },
                "<@U2> was opened on November 23, 2026 at 7:04\u{202f}p.m. UTC",
            ),
            (Ending::Expired, "<@U2> was not opened in time"),
        ] {
            let receipt = receipt(Locale::En, &ended(ending), Some(Outcome::Sent), None);
            assert!(
                receipt.blocks[0].to_string().contains(expected),
                "{:?}",
                receipt.blocks
            );
        }
    }

    #[test]
    fn a_receipt_tells_of_visits_after_the_opening() {
        let at = Timestamp::from_millis(1_795_460_640_000);
        let facts = Facts {
            reuses: 2,
            reused_at: Some(Timestamp::from_millis(1_795_460_700_000)),
            ..ended(Ending::Viewed { at })
        };
        for (locale, expected) in [
            (Locale::En, "visited 2 more times, last on November 23"),
            (
                Locale::Fr,
                "visité 2 autres fois, la dernière le 23 novembre",
            ),
        ] {
            let receipt = receipt(locale, &facts, Some(Outcome::Sent), None);
            let told = receipt.blocks[1].to_string();
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn a_receipt_tells_of_a_second_press_without_alarm() {
        let at = Timestamp::from_millis(1_795_460_640_000);
        let facts = Facts {
            repeats: 1,
            ..ended(Ending::Viewed { at })
        };
        for (locale, expected) in [
            (Locale::En, "sent again a moment later"),
            (Locale::Fr, "renvoyée à l’instant d’après"),
        ] {
            let receipt = receipt(locale, &facts, Some(Outcome::Sent), None);
            assert_eq!(receipt.blocks.len(), 2);
            let told = receipt.blocks[1].to_string();
            assert!(told.contains(expected), "{told}");
            for alarm in [
                "somebody else",
                "IT team",
                "quelqu’un d’autre",
                "informatique",
            ] {
                assert!(!told.contains(alarm), "{told}");
            }
        }
    }

    #[test]
    fn a_receipt_tells_how_it_went_and_never_the_link() {
        let delivered = receipt(Locale::En, &facts(), Some(Outcome::Sent), None);
        assert!(
            delivered.blocks[0]
                .to_string()
                .contains("<@U2> has the link")
        );
        for reason in FailureReason::ALL {
            let failed = receipt(Locale::En, &facts(), Some(Outcome::Failed(reason)), None);
            assert_eq!(failed.blocks.len(), 2, "{reason:?}");
            assert!(
                failed.blocks[0]
                    .to_string()
                    .contains("could not be delivered")
            );
        }
    }
}
