//! The words of the messages.

mod button;
mod message;
mod receipt;
mod reminder;

pub(crate) use message::ended_line;
pub(super) use message::{Button, ended_message, message};
pub(crate) use receipt::receipt_lines;
pub(super) use receipt::{Receipt, asks, nudge, receipt};
pub(super) use reminder::reminder;

/// A message's top-level `text`: all that screen readers and phones' notifications get, so what
/// stands in the blocks stands here too. Never a note or a link.
fn spoken(parts: &[String]) -> String {
    parts.join(" ")
}

#[cfg(test)]
mod fixture {
    use shared::{
        crypto::Way,
        domain::{
            clock::Timestamp,
            display_name::DisplayName,
            home::Home,
            ids::{SecretId, TeamId, UserId},
        },
        store::{Ending, deliveries::Facts},
    };

    pub(super) const NASTY: &str =
        "<!channel> *bold* `code` <https://evil.example|bank> :key: & co";

    pub(super) fn secret() -> SecretId {
        SecretId::generate()
    }

    pub(super) fn facts() -> Facts {
        Facts {
            home: Home::new(TeamId::parse("T1").unwrap(), None),
            sender: UserId::parse("U1").unwrap(),
            sender_name: DisplayName::parse(NASTY).unwrap(),
            sender_locale: Some("en-CA".to_owned()),
            sender_tz: None,
            recipient: UserId::parse("U2").unwrap(),
            recipient_locale: Some("en-CA".to_owned()),
            recipient_tz: Some("America/Toronto".to_owned()),
            way: Way::Link,
            created_at: Timestamp::from_millis(1_795_460_580_000),
            expires_at: Timestamp::from_millis(1_795_464_180_000),
            now: Timestamp::from_millis(1_795_460_581_000),
            ending: None,
            ended_at: None,
            reuses: 0,
            reused_at: None,
            repeats: 0,
            page_lost: false,
            revoked_by: None,
            disputes: 0,
            disputed_at: None,
            is_typographic: false,
        }
    }

    pub(super) fn ended(ending: Ending) -> Facts {
        Facts {
            ending: Some(ending),
            ended_at: Some(Timestamp::from_millis(1_795_460_640_000)),
            ..facts()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use shared::{
        domain::{clock::Timestamp, secret::NoteText},
        store::{
            Ending, FailureReason, RevokedBy,
            deliveries::{Facts, Nudges, Outcome, Refusal},
        },
        text::Locale,
    };
    use zeroize::Zeroizing;

    use super::{
        fixture::{facts, secret},
        *,
    };
    use crate::slack::{OutgoingMessage, blocks};

    const NOTE: &str = "canary-note";
    const LINK: &str = "https://s.example.org/s/canary-token";

    /// The texts of a message's blocks, but for the note with what stands before it, and the
    /// button.
    fn texts(message: &OutgoingMessage) -> Vec<String> {
        let mut texts = Vec::new();
        for block in &message.blocks {
            let text = match block["type"].as_str() {
                Some("rich_text") => {
                    texts.push(blocks::escape(&without_mention(block)));
                    continue;
                }
                Some("section") => &block["text"],
                Some("context") => &block["elements"][0],
                _ => continue,
            };
            let words = text["text"].as_str().unwrap();
            let is_note = words == NOTE || words.starts_with("Note ");
            if !is_note {
                texts.push(match text["type"].as_str() {
                    Some("plain_text") => blocks::escape(words),
                    _ => words.to_owned(),
                });
            }
        }
        texts
    }

    /// A paragraph as `text` has it, where the name says who it is.
    fn without_mention(paragraph: &Value) -> String {
        let pieces = paragraph["elements"][0]["elements"].as_array().unwrap();
        let words = pieces.iter().filter_map(|piece| piece["text"].as_str());
        words.collect::<String>().replace(" ()", "")
    }

    fn check(message: &OutgoingMessage) -> usize {
        let said = texts(message);
        assert!(!said.is_empty());
        for words in &said {
            assert!(message.text.contains(words), "{words} in {}", message.text);
        }
        assert!(!message.text.contains("canary"), "{}", message.text);
        said.len()
    }

    /// Every way in which a secret can stand.
    fn states() -> Vec<Facts> {
        let at = Timestamp::from_millis(1_795_460_640_000);
        let endings = [
            None,
            Some(Ending::Viewed { at }),
            Some(Ending::Expired),
            Some(Ending::Undeliverable),
            Some(Ending::Revoked),
        ];
        let mut states = Vec::new();
        for ending in endings {
            for revoked_by in [None, Some(RevokedBy::Operator), Some(RevokedBy::Conflict)] {
                for (page_lost, reuses) in [(false, 0), (true, 0), (false, 2), (true, 1)] {
                    states.push(Facts {
                        ending,
                        ended_at: ending.map(|_| at),
                        revoked_by: revoked_by.filter(|_| matches!(ending, Some(Ending::Revoked))),
                        page_lost,
                        reuses,
                        reused_at: (reuses > 0).then_some(at),
                        repeats: reuses,
                        is_typographic: reuses != 1,
                        ..facts()
                    });
                }
            }
        }
        states
    }

    #[test]
    fn the_text_says_what_the_blocks_say_and_never_the_note() {
        let note = NoteText::parse_optional(Zeroizing::new(NOTE.to_owned())).unwrap();
        let refusal = Refusal {
            code: "a_new_code".to_owned(),
            since: facts().created_at,
            held_since: None,
        };
        let failures = FailureReason::ALL.map(|reason| Some(Outcome::Failed(reason)));
        let outcomes: Vec<_> = [None, Some(Outcome::Sent)]
            .into_iter()
            .chain(failures)
            .collect();
        for locale in [Locale::En, Locale::Fr] {
            for doubtful in [false, true] {
                let message = message(
                    locale,
                    &facts(),
                    doubtful,
                    note.as_ref(),
                    Button::Leads(LINK),
                );
                assert_eq!(check(&message), 3 + usize::from(doubtful));
            }
            for state in states() {
                if let Some(message) = ended_message(locale, secret(), &state) {
                    assert_eq!(check(&message), 2);
                }
                for outcome in &outcomes {
                    for refusal in [None, Some(&refusal)] {
                        let receipt = receipt(locale, secret(), &state, *outcome, refusal, None);
                        check(&receipt.message());
                    }
                }
                for cause in Nudges::ALL {
                    check(&nudge(locale, &state, cause));
                }
            }
        }
    }

    #[test]
    fn a_receipt_tells_of_characters_that_a_device_put_in_while_that_matters() {
        let told = |state: &Facts, outcome| {
            let lines: Value = receipt_lines(Locale::En, state, outcome, None, None).into();
            lines.to_string().contains("exactly as typed")
        };
        let at = Timestamp::from_millis(1_795_460_640_000);
        let with = |ending| Facts {
            ending,
            is_typographic: true,
            ..facts()
        };
        let sent = Some(Outcome::Sent);
        assert!(!told(&facts(), sent), "a row of before, or one without");
        assert!(told(&with(None), sent) && told(&with(None), None));
        assert!(told(&with(Some(Ending::Viewed { at })), sent));
        for gone in [Ending::Expired, Ending::Revoked, Ending::Undeliverable] {
            assert!(!told(&with(Some(gone)), sent), "{gone:?}");
        }
        let failed = Some(Outcome::Failed(FailureReason::Refused));
        assert!(!told(&with(None), failed));
    }
}
