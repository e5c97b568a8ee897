//! Every message that the courier posts, of made-up content as long as it can be.

use shared::{
    crypto::Way,
    domain::{
        clock::Timestamp,
        display_name::DisplayName,
        home::Home,
        ids::{SecretId, TeamId, UserId},
        secret::{NOTE_MAX_CHARS, NoteText},
    },
    store::{
        Ending, FailureReason, RevokedBy,
        deliveries::{Facts, Nudges, Outcome, Refusal},
    },
    text::Locale,
};
use zeroize::Zeroizing;

use super::compose::{self, Button};
use crate::{
    press_answer::PressAnswer,
    slack::{OutgoingMessage, Validated},
};

/// When it all happens: a date with long names.
const NOW: i64 = 1_795_460_580_000;

/// The most characters of a sender's name that are kept.
const NAME_MAX_CHARS: usize = 255;

/// Longest code of Slack's.
const CODE_MAX_CHARS: usize = 64;

/// A link of the usual length.
const LINK: &str = "https://secrets.example.org/s/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// How long a sealed share is.
const SHARE_CHARS: usize = 157;

/// What grows most when it is escaped.
const WORST: &str = "&";

/// The messages with what each is, for one language. `person` is somebody whom Slack knows.
pub(crate) fn specimens(locale: Locale, person: &UserId, link: &str) -> Vec<(String, Validated)> {
    let Some(facts) = facts(person) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    let mut add = |name: String, message: &OutgoingMessage| {
        let shown = |blocks| {
            Validated::Message(serde_json::json!({ "text": message.text, "blocks": blocks }))
        };
        if let Some(unmentioned) = &message.unmentioned {
            all.push((format!("{name}, without a mention"), shown(unmentioned)));
        }
        all.push((name, shown(&message.blocks)));
    };
    for (name, message) in to_recipient(locale, &facts, link) {
        add(format!("recipient's message, {name}"), &message);
    }
    for (name, message) in receipts(locale, &facts) {
        add(format!("receipt, {name}"), &message);
    }
    for cause in Nudges::ALL {
        let message = compose::nudge(locale, &facts, cause);
        add(format!("reply, {}", nudge_name(cause)), &message);
    }
    add(
        "reminder".to_owned(),
        &compose::reminder(
            locale,
            person,
            facts.expires_at,
            facts.recipient_tz.as_deref(),
        ),
    );
    all
}

fn to_recipient(locale: Locale, facts: &Facts, link: &str) -> Vec<(&'static str, OutgoingMessage)> {
    let secret = SecretId::generate();
    let note = Zeroizing::new(WORST.repeat(NOTE_MAX_CHARS));
    let note = NoteText::parse_optional(note).ok().flatten();
    let late = Facts {
        now: Timestamp::from_millis(NOW + 600_000),
        ..facts.clone()
    };
    let leads = Button::Leads(link);
    let share = "x".repeat(SHARE_CHARS);
    let mut messages = vec![
        (
            "with everything",
            compose::message(locale, &late, true, note.as_ref(), leads),
        ),
        ("plain", compose::message(locale, facts, false, None, leads)),
        (
            "with a button that gives a link",
            compose::message(locale, facts, false, None, Button::Asks(secret, &share)),
        ),
    ];
    for ending in endings() {
        for (name, facts) in ended(facts, ending) {
            let message = compose::ended_message(locale, secret, &facts);
            messages.extend(message.map(|message| (name, message)));
        }
    }
    messages
}

fn receipts(locale: Locale, facts: &Facts) -> Vec<(String, OutgoingMessage)> {
    let since = Timestamp::from_millis(NOW);
    let refusal = Refusal {
        code: "x".repeat(CODE_MAX_CHARS),
        since,
        held_since: Some(since),
    };
    // The same in all of them: what differs by nothing else is shown once.
    let secret = SecretId::generate();
    let receipt = |facts: &Facts, outcome, refusal: Option<&Refusal>| {
        let tz = Some("America/Toronto");
        compose::receipt(locale, secret, facts, outcome, refusal, tz).message()
    };
    let mut messages = vec![
        ("waiting".to_owned(), receipt(facts, None, None)),
        (
            "waiting, refused".to_owned(),
            receipt(facts, None, Some(&refusal)),
        ),
    ];
    for outcome in outcomes() {
        match outcome {
            Outcome::Withdrawn => {}
            Outcome::Sent => {
                let by_button = Facts {
                    way: Way::Share,
                    ..facts.clone()
                };
                for (name, facts) in [("delivered", facts), ("delivered, by a button", &by_button)]
                {
                    messages.push((name.to_owned(), receipt(facts, Some(outcome), None)));
                }
            }
            Outcome::Failed(reason) => {
                for (with, refusal) in [("", None), (", with a code", Some(&refusal))] {
                    let name = format!("failed as {}{with}", reason.code());
                    messages.push((name, receipt(facts, Some(outcome), refusal)));
                }
            }
        }
    }
    for ending in endings() {
        for (name, facts) in ended(facts, ending) {
            let message = receipt(&facts, Some(Outcome::Sent), None);
            messages.push((name.to_owned(), message));
        }
    }
    messages
}

/// A secret that ended so, in every way that looks different.
fn ended(facts: &Facts, ending: Ending) -> Vec<(&'static str, Facts)> {
    let at = Timestamp::from_millis(NOW + 60_000);
    let ended = Facts {
        ending: Some(ending),
        ended_at: Some(at),
        ..facts.clone()
    };
    match ending {
        Ending::Viewed { .. } => {
            let visited = Facts {
                reuses: i32::MAX,
                reused_at: Some(at),
                repeats: 2,
                ..ended.clone()
            };
            let lost = Facts {
                page_lost: true,
                ..visited.clone()
            };
            let disputed = |disputes| Facts {
                disputes,
                ..ended.clone()
            };
            vec![
                ("opened by somebody else", disputed(1)),
                ("opened by them after all", disputed(2)),
                ("opened", ended),
                ("opened and visited again", visited),
                ("opened, the page lost", lost),
            ]
        }
        Ending::Expired => vec![("expired", ended)],
        Ending::Undeliverable => vec![("undeliverable", ended)],
        Ending::Revoked => {
            let by = |by| Facts {
                revoked_by: Some(by),
                ..ended.clone()
            };
            let operator = by(RevokedBy::Operator);
            let conflict = by(RevokedBy::Conflict);
            vec![
                ("withdrawn", ended),
                ("ended by an operator", operator),
                ("ended by a conflict", conflict),
            ]
        }
    }
}

/// What whoever presses a button is told, in every way.
pub(crate) fn press_answers(person: &UserId) -> Vec<(&'static str, PressAnswer)> {
    let mut answers = vec![
        ("not confirmed", PressAnswer::Unconfirmed),
        (
            "what is said not confirmed",
            PressAnswer::DisputeUnconfirmed,
        ),
        ("somebody else's", PressAnswer::NotTheirs),
        ("too long ago", PressAnswer::Gone),
        ("too much to do", PressAnswer::Busy),
        ("no dialog", PressAnswer::NotOpened),
        ("one moment", PressAnswer::Issuing),
        (
            "a link",
            PressAnswer::Issued(LINK.into(), Timestamp::from_millis(NOW)),
        ),
        ("shown before", PressAnswer::IssuedBefore),
        ("followed", PressAnswer::Followed),
        ("no link", PressAnswer::NotIssued),
        ("no link any more", PressAnswer::NotIssuable),
    ];
    let facts = facts(person);
    let ended = facts.iter().flat_map(|facts| {
        let each = move |ending| ended(facts, ending);
        endings().into_iter().flat_map(each)
    });
    answers.extend(ended.map(|(name, facts)| (name, PressAnswer::of_ended(Box::new(facts)))));
    for facts in facts.into_iter().map(Box::new) {
        answers.extend([
            (
                "too late for it",
                PressAnswer::OverForRecipient(facts.clone()),
            ),
            ("not me", PressAnswer::Disputed(facts.clone())),
            ("me after all", PressAnswer::DisputeWithdrawn(facts.clone())),
            ("opened long ago", PressAnswer::NotAnyMore(facts)),
        ]);
    }
    answers
}

/// The lines of the longest receipt, as the dialog repeats them.
pub(crate) fn longest_lines(locale: Locale, person: &UserId) -> Vec<String> {
    let Some(facts) = facts(person) else {
        return Vec::new();
    };
    let since = Timestamp::from_millis(NOW);
    let refusal = Refusal {
        code: "x".repeat(CODE_MAX_CHARS),
        since,
        held_since: Some(since),
    };
    let lost = ended(&facts, Ending::Viewed { at: since }).pop();
    let failed = Outcome::Failed(FailureReason::Refused);
    let lines = |facts: &Facts, outcome| {
        compose::receipt_lines(locale, facts, Some(outcome), Some(&refusal), None).join(" ")
    };
    let lost = lost.map(|(_, facts)| lines(&facts, Outcome::Sent));
    lost.into_iter().chain([lines(&facts, failed)]).collect()
}

/// Each ending: one more, and this does not compile.
pub(crate) fn endings() -> [Ending; 4] {
    let at = Timestamp::from_millis(NOW + 60_000);
    let next = |ending: Ending| match ending {
        Ending::Viewed { .. } => Ending::Expired,
        Ending::Expired => Ending::Undeliverable,
        Ending::Undeliverable => Ending::Revoked,
        Ending::Revoked => Ending::Viewed { at },
    };
    let first = Ending::Viewed { at };
    let (second, third) = (next(first), next(next(first)));
    [first, second, third, next(third)]
}

/// Each way in which a message can go.
pub(crate) fn outcomes() -> Vec<Outcome> {
    let failed = FailureReason::ALL.into_iter().map(Outcome::Failed);
    [Outcome::Sent, Outcome::Withdrawn]
        .into_iter()
        .chain(failed)
        .collect()
}

const fn nudge_name(cause: Nudges) -> &'static str {
    match cause {
        Nudges::FAILED => "failed",
        Nudges::REUSED => "visited again",
        Nudges::LOST => "the page lost",
        Nudges::ENDED => "ended",
        Nudges::DISPUTED => "opened by somebody else",
        Nudges::DISPUTE_WITHDRAWN => "opened by them after all",
        _ => "another",
    }
}

fn facts(person: &UserId) -> Option<Facts> {
    Some(Facts {
        home: Home::new(TeamId::parse("T0").ok()?, None),
        sender: person.clone(),
        sender_name: DisplayName::parse(&WORST.repeat(NAME_MAX_CHARS))?,
        sender_locale: None,
        sender_tz: None,
        recipient: person.clone(),
        recipient_locale: None,
        recipient_tz: Some("America/Toronto".to_owned()),
        way: Way::Link,
        created_at: Timestamp::from_millis(NOW),
        expires_at: Timestamp::from_millis(NOW + 24 * 3_600_000),
        now: Timestamp::from_millis(NOW + 1_000),
        ending: None,
        ended_at: None,
        reuses: 0,
        reused_at: None,
        repeats: 0,
        page_lost: false,
        revoked_by: None,
        disputes: 0,
        disputed_at: None,
        is_typographic: true,
    })
}
