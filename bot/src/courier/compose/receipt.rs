//! The words of the sender's receipt.

use shared::{
    crypto::Way,
    domain::ids::SecretId,
    store::{
        Ending, FailureReason, RevokedBy,
        deliveries::{DeliveryKind, Facts, Job, Nudges, Outcome, Refusal},
        presses::Action,
    },
    text::{self, Locale, Message, text},
};

use super::{button::button, spoken};
use crate::slack::{OutgoingMessage, blocks};

/// The sender's receipt, line by line in our own words with mentions. Never the link.
pub(in crate::courier) struct Receipt {
    locale: Locale,
    lines: Vec<String>,
    /// Whether it says that the message waits.
    is_interim: bool,
    /// The code by which Slack takes no message at all, as long as none is.
    held: Option<String>,
    /// What its reader can do about the secret.
    action: Action,
    secret: SecretId,
}

impl Receipt {
    /// As a message.
    pub(in crate::courier) fn message(&self) -> OutgoingMessage {
        let lines = self.lines.iter();
        let lines = lines.map(|line| blocks::section_with_mentions(line));
        OutgoingMessage {
            text: spoken(&self.lines),
            blocks: lines
                .chain([button(self.locale, self.action, self.secret)])
                .collect(),
            unmentioned: None,
        }
    }

    /// As the answer to the command, which nobody can change later: it says where the rest will
    /// stand.
    pub(in crate::courier) fn answer(&self) -> String {
        let mut lines = self.lines.clone();
        if let Some(code) = self.held.as_deref().filter(|_| self.is_interim) {
            lines.truncate(1);
            lines.push(text(self.locale, Message::WaitingHeld { code }));
        }
        if self.is_interim {
            lines.push(text(self.locale, Message::WaitingWhere));
        }
        lines.join("\n")
    }

    /// That it waits for an operator.
    pub(in crate::courier) fn held(self, code: &str) -> Self {
        Self {
            held: Some(code.to_owned()),
            ..self
        }
    }
}

/// How it stands with the secret.
pub(in crate::courier) fn receipt(
    locale: Locale,
    secret: SecretId,
    facts: &Facts,
    outcome: Option<Outcome>,
    refusal: Option<&Refusal>,
    tz: Option<&str>,
) -> Receipt {
    Receipt {
        locale,
        lines: receipt_lines(locale, facts, outcome, refusal, tz),
        is_interim: outcome.is_none() && facts.is_live(),
        held: refusal
            .filter(|refusal| refusal.held_since.is_some())
            .map(|refusal| refusal.code.clone()),
        action: if facts.is_live() {
            Action::TakeBack
        } else {
            Action::SendAgain
        },
        secret,
    }
}

/// The lines of a receipt.
pub(crate) fn receipt_lines(
    locale: Locale,
    facts: &Facts,
    outcome: Option<Outcome>,
    refusal: Option<&Refusal>,
    tz: Option<&str>,
) -> Vec<String> {
    let recipient = &blocks::mention(&facts.recipient);
    let until = &text::instant(locale, facts.expires_at, tz);
    let when = &text::instant(locale, facts.ended_at.unwrap_or(facts.now), tz);
    let (what, why) = match (outcome, facts.ending) {
        // Whether it had been delivered by then matters no more.
        (_, Some(Ending::Revoked)) if facts.revoked_by == Some(RevokedBy::Operator) => {
            (Message::ReceiptEndedByOperator { recipient, when }, None)
        }
        (_, Some(Ending::Revoked)) if facts.revoked_by.is_some() => {
            (Message::ReceiptConflict { recipient, when }, None)
        }
        (_, Some(Ending::Revoked)) => (Message::ReceiptTakenBack { recipient, when }, None),
        (Some(Outcome::Failed(FailureReason::Expired)), _) => (
            Message::ReceiptExpired { recipient },
            Some(failure_message(FailureReason::Expired, refusal)),
        ),
        (Some(Outcome::Failed(reason)), _) => (
            Message::ReceiptFailed { recipient },
            Some(failure_message(reason, refusal)),
        ),
        (None, None) => (
            Message::ReceiptWaiting { recipient, until },
            Some(waiting_message(refusal)),
        ),
        (Some(Outcome::Sent | Outcome::Withdrawn), None) => {
            let delivered = match facts.way {
                Way::Link => Message::ReceiptDelivered { recipient, until },
                Way::Share => Message::ReceiptDeliveredButton { recipient, until },
            };
            (delivered, None)
        }
        (_, Some(Ending::Viewed { .. })) => (Message::ReceiptOpened { recipient, when }, None),
        (_, Some(Ending::Expired)) => (Message::ReceiptUnopened { recipient, when }, None),
        (_, Some(Ending::Undeliverable)) => (Message::ReceiptWithdrawn { recipient, when }, None),
    };
    let mut lines = vec![text(locale, what)];
    lines.extend(why.map(|why| text(locale, why)));
    let can_be_used = match facts.ending {
        None => !matches!(outcome, Some(Outcome::Failed(_))),
        Some(ending) => matches!(ending, Ending::Viewed { .. }),
    };
    if facts.is_typographic && can_be_used {
        lines.push(text(locale, Message::ReceiptTypographic { recipient }));
    }
    if facts.page_lost {
        lines.push(text(locale, Message::ReceiptLost { recipient }));
    }
    if facts.repeats > 0 {
        lines.push(text(locale, Message::ReceiptRepeated { recipient }));
    }
    if let Some(reused_at) = facts.reused_at {
        let count = u64::try_from(facts.reuses).unwrap_or(0);
        let when = &text::instant(locale, reused_at, tz);
        let reused = if facts.page_lost {
            Message::ReceiptReusedAfterLoss {
                count,
                recipient,
                when,
            }
        } else {
            Message::ReceiptReused {
                count,
                recipient,
                when,
            }
        };
        lines.push(text(locale, reused));
    }
    match facts.disputes {
        0 => {}
        1 => lines.push(text(locale, Message::ReceiptDisputed { recipient })),
        _ => lines.push(text(locale, Message::ReceiptDisputeWithdrawn { recipient })),
    }
    lines
}

/// What of a receipt asks its reader to act.
pub(in crate::courier) fn asks(job: &Job) -> Nudges {
    if job.kind != DeliveryKind::SenderReceipt {
        return Nudges::default();
    }
    let causes = [
        (
            Nudges::FAILED,
            matches!(job.outcome, Some(Outcome::Failed(_))) && job.facts.revoked_by.is_none(),
        ),
        // Who did not get the page comes again, of which its own reply tells.
        (Nudges::REUSED, job.facts.reuses > 0 && !job.facts.page_lost),
        (Nudges::LOST, job.facts.page_lost),
        (Nudges::ENDED, job.facts.revoked_by.is_some()),
        (Nudges::DISPUTED, job.facts.disputes == 1),
        // Only who was told of the one is to be told of the other.
        (
            Nudges::DISPUTE_WITHDRAWN,
            job.facts.disputes > 1 && job.nudges.has(Nudges::DISPUTED),
        ),
    ];
    let causes = causes
        .into_iter()
        .filter_map(|(cause, is_one)| is_one.then_some(cause));
    causes.fold(Nudges::default(), Nudges::with)
}

/// A reply that tells of one cause, and mentions its reader, which rings.
pub(in crate::courier) fn nudge(locale: Locale, facts: &Facts, cause: Nudges) -> OutgoingMessage {
    let (sender, recipient) = (
        &blocks::mention(&facts.sender),
        &blocks::mention(&facts.recipient),
    );
    let what = match cause {
        Nudges::FAILED => Message::NudgeFailed { sender, recipient },
        Nudges::LOST => Message::NudgeLost { sender, recipient },
        Nudges::ENDED => Message::NudgeEnded { sender, recipient },
        Nudges::DISPUTED => Message::NudgeDisputed { sender, recipient },
        Nudges::DISPUTE_WITHDRAWN => Message::NudgeDisputeWithdrawn { sender, recipient },
        _ => Message::NudgeReused { sender, recipient },
    };
    let what = text(locale, what);
    OutgoingMessage {
        blocks: vec![blocks::section_with_mentions(&what)],
        unmentioned: None,
        text: what,
    }
}

fn waiting_message(refusal: Option<&Refusal>) -> Message<'_> {
    match refusal {
        None => Message::WaitingUnreached,
        Some(refusal) => Message::WaitingRefused {
            code: &refusal.code,
        },
    }
}

fn failure_message(reason: FailureReason, refusal: Option<&Refusal>) -> Message<'_> {
    let code = refusal.map(|refusal| refusal.code.as_str());
    match (reason, code) {
        (FailureReason::UserNotFound, _) => Message::FailureUserNotFound,
        (FailureReason::UserDisabled, _) => Message::FailureUserDisabled,
        (FailureReason::CannotDmBot, _) => Message::FailureCannotDmBot,
        (FailureReason::External, _) => Message::FailureExternal,
        (FailureReason::Guest, _) => Message::FailureGuest,
        (FailureReason::Oneself, _) => Message::FailureOneself,
        (FailureReason::Unsealable, _) => Message::FailureUnsealable,
        (FailureReason::Expired, None) => Message::FailureExpired,
        (FailureReason::Expired, Some(code)) => Message::FailureExpiredRefused { code },
        (FailureReason::Refused, None) => Message::FailureRefused,
        (FailureReason::Refused, Some(code)) => Message::FailureRefusedWith { code },
        // From before refusals of the app as a whole waited to be mended.
        (FailureReason::MessagesTabDisabled | FailureReason::MissingScope, _) => {
            Message::FailureRefusedWith {
                code: reason.code(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::domain::clock::Timestamp;

    use super::{
        super::fixture::{ended, facts, secret},
        *,
    };
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
            let receipt = receipt(
                Locale::En,
                secret(),
                &ended(ending),
                Some(Outcome::Sent),
                None,
                None,
            );
            assert!(
                receipt.lines[0].clone().contains(expected),
                "{:?}",
                receipt.lines
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
            let receipt = receipt(locale, secret(), &facts, Some(Outcome::Sent), None, None);
            let told = receipt.lines[1].clone();
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
            let receipt = receipt(locale, secret(), &facts, Some(Outcome::Sent), None, None);
            assert_eq!(receipt.lines.len(), 2);
            let told = receipt.lines[1].clone();
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
    fn a_receipt_tells_of_a_page_that_may_not_have_arrived_and_blames_nobody() {
        let at = Timestamp::from_millis(1_795_460_640_000);
        let facts = Facts {
            page_lost: true,
            reuses: 1,
            reused_at: Some(at),
            ..ended(Ending::Viewed { at })
        };
        for (locale, expected) in [
            (Locale::En, "may not have arrived"),
            (Locale::Fr, "n’est peut-être pas arrivée"),
        ] {
            let receipt = receipt(locale, secret(), &facts, Some(Outcome::Sent), None, None);
            let told = receipt.lines.join(" ");
            assert!(told.contains(expected), "{told}");
            for alarm in ["somebody else", "quelqu’un d’autre"] {
                assert!(!told.contains(alarm), "{told}");
            }
        }
    }

    #[test]
    fn a_receipt_tells_how_it_went_and_never_the_link() {
        let delivered = receipt(
            Locale::En,
            secret(),
            &facts(),
            Some(Outcome::Sent),
            None,
            None,
        );
        assert!(delivered.lines[0].contains("<@U2> has the link"));
        for reason in FailureReason::ALL {
            let failed = receipt(
                Locale::En,
                secret(),
                &facts(),
                Some(Outcome::Failed(reason)),
                None,
                None,
            );
            assert_eq!(failed.lines.len(), 2, "{reason:?}");
            assert!(failed.lines[0].contains("could not be delivered"));
        }
    }

    fn refusal(held: bool) -> Refusal {
        let since = Timestamp::from_millis(1_795_460_580_000);
        Refusal {
            code: "a_new_code".to_owned(),
            since,
            held_since: held.then_some(since),
        }
    }

    #[test]
    fn a_receipt_says_why_it_waits_and_where_the_rest_will_stand() {
        for (refusal, expected) in [
            (None, "can’t be reached at the moment"),
            (Some(refusal(false)), "tell your IT team “a_new_code”"),
            (Some(refusal(true)), "tell your IT team “a_new_code”"),
        ] {
            let receipt = receipt(Locale::En, secret(), &facts(), None, refusal.as_ref(), None);
            assert!(receipt.lines[0].contains("isn’t delivered yet"));
            assert!(receipt.lines[1].contains(expected), "{:?}", receipt.lines);
            assert_eq!(receipt.message().blocks.len(), 3);
            let answer = receipt.answer();
            assert!(answer.contains("when you next use the command"), "{answer}");
            // What a message says that did go out would not be true.
            let held = refusal.is_some_and(|refusal| refusal.held_since.is_some());
            assert_eq!(answer.contains("takes no messages from this app"), held);
        }
    }

    #[test]
    fn a_failure_advises_sending_again_only_where_that_can_help() {
        let refusal = refusal(true);
        for (reason, refusal, expected, again) in [
            (FailureReason::Expired, None, "could not be reached", true),
            (FailureReason::Expired, Some(&refusal), "a_new_code", false),
            (FailureReason::Refused, Some(&refusal), "a_new_code", false),
        ] {
            let outcome = Some(Outcome::Failed(reason));
            let receipt = receipt(Locale::En, secret(), &facts(), outcome, refusal, None);
            let why = &receipt.lines[1];
            assert!(why.contains(expected), "{why}");
            assert_eq!(why.contains("Please send it again."), again, "{why}");
            assert!(
                !receipt.answer().contains("when you next use"),
                "it is over"
            );
        }
    }
}
