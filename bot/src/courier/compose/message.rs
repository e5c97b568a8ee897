//! The words of the recipient's message.

use std::time::Duration;

use serde_json::Value;
use shared::{
    domain::{ids::SecretId, secret::NoteText},
    store::{DISPUTABLE_FOR, Ending, deliveries::Facts, presses::Action},
    text::{self, Locale, Message, text},
};

use super::{
    button::{button, button_with},
    spoken,
};
use crate::{
    share_button::share_value,
    slack::{OutgoingMessage, blocks},
};

/// The action of the button that leads to the link.
const OPEN: &str = "open_secret";

/// What the button of the recipient's message does.
#[derive(Clone, Copy)]
pub(in crate::courier) enum Button<'a> {
    /// Leads to this address.
    Leads(&'a str),
    /// Asks for a link, with the share that is sealed here.
    Asks(SecretId, &'a str),
}

/// A message that is posted later than this after its submission says how much time is left.
const LATE_AFTER: Duration = Duration::from_mins(1);

/// The recipient's message. The link, or what gives one, is in a button and nowhere else: Slack
/// copies `text` into notifications and e-mails, and the blocks' texts into some. A doubtful one
/// may have been posted before.
pub(in crate::courier) fn message(
    locale: Locale,
    facts: &Facts,
    is_doubtful: bool,
    note: Option<&NoteText>,
    opens: Button<'_>,
) -> OutgoingMessage {
    let sender = &facts.sender_name.isolated();
    let mut said = vec![terms(locale, facts)];
    if is_doubtful {
        said.push(text(locale, Message::MessageAgain));
    }
    let mut blocks = vec![lead(locale, facts)];
    blocks.extend(said.iter().map(|said| blocks::section(said)));
    if let Some(note) = note {
        blocks.push(blocks::context(&text(
            locale,
            Message::MessageNote { sender },
        )));
        blocks.push(blocks::section(note.expose()));
    }
    blocks.push(main_button(locale, opens));
    let caution = text(locale, Message::MessageCaution { sender });
    blocks.push(blocks::context(&caution));
    said.push(caution);
    OutgoingMessage {
        text: spoken_of(locale, facts, &said),
        unmentioned: Some(unmentioned(locale, facts, &blocks)),
        blocks,
    }
}

fn main_button(locale: Locale, opens: Button<'_>) -> Value {
    match opens {
        Button::Leads(link) => {
            let label = &text(locale, Message::MessageButton);
            blocks::link_button(OPEN, label, &text(locale, Message::IssuedSpoken), link)
        }
        Button::Asks(secret, sealed) => {
            button_with(locale, Action::IssueLink, &share_value(secret, sealed))
        }
    }
}

/// Who sent it: the name that somebody chose to be called, beside it a mention by which Slack says
/// who that is.
fn lead(locale: Locale, facts: &Facts) -> Value {
    let mention = blocks::MENTION;
    let name = facts.sender_name.isolated();
    let both = format!("{name} ({mention})");
    let sender = if is_nameless(facts) { mention } else { &both };
    blocks::paragraph(
        &text(locale, Message::MessageLead { sender }),
        &facts.sender,
    )
}

/// The same blocks with nothing but the name.
fn unmentioned(locale: Locale, facts: &Facts, blocks: &[Value]) -> Vec<Value> {
    let sender = &facts.sender_name.isolated();
    let lead = blocks::section(&text(locale, Message::MessageLead { sender }));
    let rest = blocks.iter().skip(1).cloned();
    std::iter::once(lead).chain(rest).collect()
}

/// What notifications and screen readers have of a message: who sent it, and all that its blocks
/// say besides.
fn spoken_of(locale: Locale, facts: &Facts, said: &[String]) -> String {
    let lead = if is_nameless(facts) {
        let sender = &blocks::mention(&facts.sender);
        text(locale, Message::MessageLead { sender })
    } else {
        let sender = &facts.sender_name.isolated();
        blocks::escape(&text(locale, Message::MessageLead { sender }))
    };
    let said = said.iter().map(|said| blocks::escape(said));
    let all: Vec<_> = std::iter::once(lead).chain(said).collect();
    spoken(&all)
}

/// Whether the sender has no name of which anything is seen.
fn is_nameless(facts: &Facts) -> bool {
    facts.sender_name.as_str() == facts.sender.as_str()
}

/// How long the link opens: what is left of that, where some of it has passed.
fn terms(locale: Locale, facts: &Facts) -> String {
    let until = &text::instant(locale, facts.expires_at, facts.recipient_tz.as_deref());
    if facts.created_at.until(facts.now) > LATE_AFTER {
        let left = &text::duration(locale, facts.now.until(facts.expires_at));
        return text(locale, Message::MessageTermsLate { left, until });
    }
    let lifetime = &text::duration(locale, facts.created_at.until(facts.expires_at));
    text(locale, Message::MessageTerms { lifetime, until })
}

/// What the recipient's message becomes once the secret is gone: what happened and when, and no
/// link. `None` while it lives.
pub(in crate::courier) fn ended_message(
    locale: Locale,
    secret: SecretId,
    facts: &Facts,
) -> Option<OutgoingMessage> {
    let sender = &facts.sender_name.isolated();
    let tz = facts.recipient_tz.as_deref();
    let mut said = vec![ended_line(locale, facts, sender, tz)?];
    if facts.disputes == 1 {
        said.push(text(locale, Message::MessageDisputed { sender }));
    }
    let mut blocks = vec![lead(locale, facts)];
    blocks.extend(said.iter().map(|said| blocks::section(said)));
    blocks.extend(dispute(facts).map(|action| button(locale, action, secret)));
    Some(OutgoingMessage {
        text: spoken_of(locale, facts, &said),
        unmentioned: Some(unmentioned(locale, facts, &blocks)),
        blocks,
    })
}

/// What became of it, for its recipient, with its sender's name or a mention. `None` while it
/// lives.
pub(crate) fn ended_line(
    locale: Locale,
    facts: &Facts,
    sender: &str,
    tz: Option<&str>,
) -> Option<String> {
    let when = &text::instant(locale, facts.ended_at.unwrap_or(facts.now), tz);
    let what = match facts.ending? {
        Ending::Viewed { .. } => Message::MessageOpened { when, sender },
        Ending::Expired => Message::MessageExpired { when, sender },
        Ending::Revoked if facts.revoked_by.is_some() => Message::MessageEnded { when, sender },
        Ending::Revoked => Message::MessageTakenBack { when, sender },
        Ending::Undeliverable => Message::MessageWithdrawn { when, sender },
    };
    Some(text(locale, what))
}

/// What whoever opened it, or did not, can say of that for a week.
fn dispute(facts: &Facts) -> Option<Action> {
    let Some(Ending::Viewed { at }) = facts.ending else {
        return None;
    };
    let is_lately = at.until(facts.now) < DISPUTABLE_FOR;
    match facts.disputes {
        0 => Some(Action::Dispute),
        1 => Some(Action::WithdrawDispute),
        _ => None,
    }
    .filter(|_| is_lately)
}

#[cfg(test)]
mod tests {
    use shared::domain::{clock::Timestamp, display_name::DisplayName, ids::UserId};
    use zeroize::Zeroizing;

    use super::{
        super::fixture::{NASTY, ended, facts, secret},
        *,
    };
    const LINK: &str = "https://s.example.org/s/canary-token";
    const LEADS: Button<'_> = Button::Leads(LINK);

    fn note(text: &str) -> NoteText {
        NoteText::parse_optional(Zeroizing::new(text.to_owned()))
            .unwrap()
            .unwrap()
    }

    #[test]
    fn a_button_that_gives_a_link_has_the_share_and_no_address() {
        let asks = Button::Asks(secret(), "canary-share");
        let message = message(Locale::En, &facts(), false, None, asks);
        let button = message
            .blocks
            .iter()
            .find(|block| block["type"] == "actions");
        let button = &button.unwrap()["elements"][0];
        assert_eq!(button["action_id"], "issue_link");
        assert!(button["value"].as_str().unwrap().ends_with(".canary-share"));
        assert!(button["url"].is_null(), "{button}");
        let said = serde_json::to_string(&message.blocks).unwrap();
        assert_eq!(said.matches("canary").count(), 1, "{said}");
        assert!(!message.text.contains("canary"));
    }

    #[test]
    fn the_link_is_the_buttons_address_and_stands_nowhere_else() {
        let message = message(
            Locale::En,
            &facts(),
            false,
            Some(&note("for the VPN")),
            LEADS,
        );
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
        let message = message(Locale::En, &facts(), false, Some(&note(NASTY)), LEADS);
        for block in &message.blocks {
            if block.to_string().contains("evil.example") {
                let words = &block["elements"][0]["elements"][0];
                let texts = [&block["text"], &block["elements"][0]];
                let plain = texts
                    .iter()
                    .any(|text: &&Value| text["type"] == "plain_text" && text["emoji"] == false);
                assert!(plain || words["type"] == "text", "{block}");
            }
        }
        assert!(
            message
                .blocks
                .iter()
                .any(|block| block["text"]["text"] == NASTY)
        );
        assert!(
            message.text.starts_with("\u{2068}&lt;!channel&gt;"),
            "{}",
            message.text
        );
    }

    /// The one place in which each of its texts says something, and what it says there.
    fn words_of(message: &OutgoingMessage) -> Vec<String> {
        let section = |block: &Value| {
            let pieces = block["elements"][0]["elements"]
                .as_array()
                .into_iter()
                .flatten();
            let piece = |piece: &Value| match piece["user_id"].as_str() {
                Some(id) => format!("[{id}]"),
                None => piece["text"].as_str().unwrap().to_owned(),
            };
            pieces.map(piece).collect::<String>()
        };
        let texts = message
            .blocks
            .iter()
            .map(|block| match block["type"].as_str() {
                Some("rich_text") => section(block),
                Some("context") => block["elements"][0]["text"].as_str().unwrap().to_owned(),
                Some("section") => block["text"]["text"].as_str().unwrap().to_owned(),
                _ => String::new(),
            });
        texts.chain([message.text.clone()]).collect()
    }

    #[test]
    fn a_name_stands_isolated_beside_a_mention() {
        let at = Timestamp::from_millis(1_795_460_640_000);
        for (locale, expected) in [
            (Locale::En, "\u{2068}שרה\u{2069} ([U1]) sent you a secret."),
            (
                Locale::Fr,
                "\u{2068}שרה\u{2069} ([U1]) vous a envoyé un secret.",
            ),
        ] {
            let with_name = |facts: Facts| Facts {
                sender_name: DisplayName::parse("\u{202e}שרה\u{2069}").unwrap(),
                ..facts
            };
            let (live, over) = (with_name(facts()), with_name(ended(Ending::Viewed { at })));
            let sent = message(locale, &live, true, Some(&note("a")), LEADS);
            for message in [&sent, &ended_message(locale, secret(), &over).unwrap()] {
                let words = words_of(message);
                assert_eq!(words[0], expected);
                let named: Vec<_> = words.iter().filter(|text| text.contains('ש')).collect();
                assert!(named.len() >= 3, "{words:?}");
                for text in named {
                    let apart = text.replace("\u{2068}שרה\u{2069}", "");
                    assert!(
                        !apart.contains(['ש', '\u{2068}', '\u{2069}', '\u{202e}']),
                        "{text}"
                    );
                }
            }
        }
    }

    #[test]
    fn who_has_no_name_is_mentioned() {
        let id = UserId::parse("U1").unwrap();
        let sender_name = DisplayName::of_nameless(&id);
        let nameless = Facts {
            sender_name,
            ..facts()
        };
        let words = words_of(&message(Locale::En, &nameless, false, None, LEADS));
        assert_eq!(words[0], "[U1] sent you a secret.");
        let spoken = words.last().unwrap();
        assert!(spoken.starts_with("<@U1> sent you a secret. "), "{spoken}");
    }

    #[test]
    fn times_are_told_in_the_recipients_zone() {
        let message = message(Locale::En, &facts(), false, None, LEADS);
        let text = message.blocks[1]["text"]["text"].as_str().unwrap();
        assert!(
            text.contains("within 1 hour (until November 23, 2026 at 3:03\u{202f}p.m. EST)"),
            "{text}"
        );
    }

    #[test]
    fn a_message_tells_how_its_secret_ended_and_leads_nowhere() {
        assert!(ended_message(Locale::En, secret(), &facts()).is_none());
        let at = Timestamp::from_millis(1_795_460_640_000);
        for (ending, expected) in [
            (
                Ending::Viewed { at },
                "was opened on November 23, 2026 at 2:04\u{202f}p.m. EST",
            ),
            (Ending::Expired, "Nobody opened this secret in time"),
            (Ending::Undeliverable, "destroyed unseen"),
        ] {
            let message = ended_message(Locale::En, secret(), &ended(ending)).unwrap();
            let blocks = serde_json::to_string(&message.blocks).unwrap();
            assert!(blocks.contains(expected), "{blocks}");
            assert!(
                !blocks.contains("mrkdwn") && !blocks.contains("\"url\""),
                "{blocks}"
            );
        }
    }

    #[test]
    fn a_late_message_tells_how_much_time_is_left() {
        let late = Facts {
            now: Timestamp::from_millis(1_795_460_580_000 + 40 * 60_000),
            ..facts()
        };
        let message = message(Locale::En, &late, false, None, LEADS);
        let text = message.blocks[1]["text"]["text"].as_str().unwrap();
        assert!(
            text.contains("within the 20 minutes that are left"),
            "{text}"
        );
    }

    #[test]
    fn a_message_that_may_have_been_posted_before_says_so() {
        for doubtful in [false, true] {
            let message = message(Locale::En, &facts(), doubtful, None, LEADS);
            let says = message.blocks[2]
                .to_string()
                .contains("both lead to the same secret");
            assert_eq!(says, doubtful);
        }
    }
}
