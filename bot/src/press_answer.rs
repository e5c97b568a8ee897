//! What whoever pressed a button about a secret is told: in a modal, or in words where the button
//! is.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use shared::{
    domain::clock::Timestamp,
    store::{Ending, deliveries::Facts},
    text::{self, Locale, Message, text},
};

use crate::{
    courier::{ended_line, receipt_lines},
    slack::blocks,
};

/// The action of the button that leads to a link.
pub(crate) const FOLLOW_LINK: &str = "follow_link";

/// What came of a press.
#[derive(Clone, Debug)]
pub(crate) enum PressAnswer {
    /// It was taken back, and nobody saw it.
    TakenBack(Box<Facts>),
    /// It had been opened.
    TooLate(Box<Facts>),
    /// It had ended otherwise, and nobody saw it.
    OverBefore(Box<Facts>),
    /// Its recipient says that it wasn't them who opened it.
    Disputed(Box<Facts>),
    /// Its recipient says that it was them after all.
    DisputeWithdrawn(Box<Facts>),
    /// It was opened too long ago for its recipient to say so here.
    NotAnyMore(Box<Facts>),
    /// Whether what the recipient says was written down is not known.
    DisputeUnconfirmed,
    /// A link is being made.
    Issuing,
    /// A link, and until when it leads to its page.
    Issued(SecretString, Timestamp),
    /// This press was shown one before.
    IssuedBefore,
    /// The link was followed.
    Followed,
    /// There was none, or none that could be shown.
    NotIssued,
    /// There is none any more.
    NotIssuable,
    /// The secret is over, for its recipient.
    OverForRecipient(Box<Facts>),
    /// Whether it was taken back is not known.
    Unconfirmed,
    /// The button is somebody else's.
    NotTheirs,
    /// Nothing is known of it any more.
    Gone,
    /// There is too much to do.
    Busy,
    /// The dialog did not open.
    NotOpened,
}

impl PressAnswer {
    /// How it stands with a secret that was to be taken back, and is over.
    pub(crate) fn of_ended(facts: Box<Facts>) -> Self {
        match facts.ending {
            Some(Ending::Revoked) if facts.revoked_by.is_none() => Self::TakenBack(facts),
            Some(Ending::Viewed { .. }) => Self::TooLate(facts),
            _ => Self::OverBefore(facts),
        }
    }

    /// What a recipient said last of an opening.
    pub(crate) fn of_disputed(facts: Box<Facts>) -> Self {
        match facts.disputes {
            1 => Self::Disputed(facts),
            _ => Self::DisputeWithdrawn(facts),
        }
    }

    /// A word for log and metrics.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::TakenBack(_) => "taken_back",
            Self::TooLate(_) => "too_late",
            Self::OverBefore(_) => "over_before",
            Self::Disputed(_) => "disputed",
            Self::DisputeWithdrawn(_) => "dispute_withdrawn",
            Self::NotAnyMore(_) => "not_any_more",
            Self::Issuing => "issuing",
            Self::Issued(..) => "issued",
            Self::IssuedBefore => "issued_before",
            Self::Followed => "followed",
            Self::NotIssued => "not_issued",
            Self::NotIssuable => "not_issuable",
            Self::OverForRecipient(_) => "over",
            Self::Unconfirmed | Self::DisputeUnconfirmed => "unconfirmed",
            Self::NotTheirs => "denied",
            Self::Gone => "gone",
            Self::Busy => "busy",
            Self::NotOpened => "not_opened",
        }
    }

    /// As a modal.
    pub(crate) fn view(&self, locale: Locale, tz: Option<&str>) -> Value {
        let line = |line: &String| blocks::section_with_mentions(line);
        let lines = self.lines(locale, tz);
        let mut blocks: Vec<_> = lines.iter().map(line).collect();
        blocks.extend(self.button(locale));
        json!({
            "type": "modal",
            "title": blocks::plain(&text(locale, self.title())),
            "close": blocks::plain(&text(locale, Message::AlreadySentClose)),
            "blocks": blocks,
        })
    }

    /// As words that stand alone.
    pub(crate) fn words(&self, locale: Locale, tz: Option<&str>) -> String {
        self.lines(locale, tz).join("\n")
    }

    /// The same where a modal can't show it: a link stands nowhere else.
    pub(crate) fn in_words(self) -> Self {
        match self {
            Self::Issued(..) => Self::NotIssued,
            other => other,
        }
    }

    fn button(&self, locale: Locale) -> Option<Value> {
        let Self::Issued(link, _) = self else {
            return None;
        };
        let [label, spoken] = [Message::IssuedButton, Message::IssuedSpoken];
        let [label, spoken] = [text(locale, label), text(locale, spoken)];
        let action = FOLLOW_LINK;
        Some(blocks::link_button(
            action,
            &label,
            &spoken,
            link.expose_secret(),
        ))
    }

    const fn title(&self) -> Message<'static> {
        match self {
            Self::TakenBack(_) => Message::TakenBackTitle,
            Self::TooLate(_) => Message::TooLateTitle,
            Self::OverBefore(_) | Self::OverForRecipient(_) | Self::Gone => {
                Message::OverBeforeTitle
            }
            Self::Disputed(_) | Self::DisputeWithdrawn(_) => Message::DisputedTitle,
            Self::NotAnyMore(_) => Message::NotAnyMoreTitle,
            Self::Unconfirmed | Self::DisputeUnconfirmed => Message::UnconfirmedTitle,
            Self::NotTheirs => Message::NotTheirsTitle,
            Self::Issuing => Message::IssuingTitle,
            Self::Issued(..) => Message::IssuedTitle,
            Self::IssuedBefore => Message::IssuedBeforeTitle,
            Self::Followed => Message::FollowedTitle,
            Self::Busy | Self::NotOpened | Self::NotIssued | Self::NotIssuable => {
                Message::NotNowTitle
            }
        }
    }

    fn lines(&self, locale: Locale, tz: Option<&str>) -> Vec<String> {
        let sender = |facts: &Facts| blocks::mention(&facts.sender);
        let message = match self {
            Self::Disputed(facts) => {
                let sender = &sender(facts);
                return vec![text(locale, Message::DisputedText { sender })];
            }
            Self::DisputeWithdrawn(facts) => {
                let sender = &sender(facts);
                return vec![text(locale, Message::DisputeWithdrawnText { sender })];
            }
            Self::NotAnyMore(facts) => {
                let sender = &sender(facts);
                return vec![text(locale, Message::NotAnyMoreText { sender })];
            }
            Self::DisputeUnconfirmed => Message::DisputeUnconfirmedText,
            Self::TakenBack(facts) | Self::OverBefore(facts) => return standing(locale, facts, tz),
            Self::TooLate(facts) => {
                let recipient = &blocks::mention(&facts.recipient);
                let ended_at = facts.ended_at.unwrap_or(facts.now);
                let when = &text::instant(locale, ended_at, tz);
                return vec![text(locale, Message::TooLateText { recipient, when })];
            }
            Self::OverForRecipient(facts) => {
                let facts = ended(facts);
                let sender = &sender(&facts);
                return ended_line(locale, &facts, sender, tz).into_iter().collect();
            }
            Self::Issued(_, until) => {
                let until = &text::instant(locale, *until, tz);
                return vec![text(locale, Message::IssuedText { until })];
            }
            Self::Issuing => Message::IssuingText,
            Self::IssuedBefore => Message::IssuedBeforeText,
            Self::Followed => Message::FollowedText,
            Self::NotIssued => Message::NotIssuedText,
            Self::NotIssuable => Message::NotIssuableText,
            Self::Unconfirmed => Message::UnconfirmedText,
            Self::NotTheirs => Message::NotTheirsText,
            Self::Gone => Message::GoneText,
            Self::Busy => Message::PressBusy,
            Self::NotOpened => Message::PressNotOpened,
        };
        vec![text(locale, message)]
    }
}

/// As the receipt says it.
fn standing(locale: Locale, facts: &Facts, tz: Option<&str>) -> Vec<String> {
    receipt_lines(locale, &ended(facts), None, None, tz)
}

/// The same where the sweeper has not come by yet.
fn ended(facts: &Facts) -> Facts {
    let is_overdue = facts.ending.is_none();
    Facts {
        ending: facts.ending.or(Some(Ending::Expired)),
        ended_at: facts.ended_at.or(is_overdue.then_some(facts.expires_at)),
        ..facts.clone()
    }
}
