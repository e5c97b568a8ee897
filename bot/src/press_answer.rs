//! What whoever pressed a button about a secret is told: in a modal, or in words where the button
//! is.

use serde_json::{Value, json};
use shared::{
    store::{Ending, deliveries::Facts},
    text::{self, Locale, Message, text},
};

use crate::{courier::receipt_lines, slack::blocks};

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
        json!({
            "type": "modal",
            "title": blocks::plain(&text(locale, self.title())),
            "close": blocks::plain(&text(locale, Message::AlreadySentClose)),
            "blocks": self.lines(locale, tz).iter().map(line).collect::<Vec<_>>(),
        })
    }

    /// As words that stand alone.
    pub(crate) fn words(&self, locale: Locale, tz: Option<&str>) -> String {
        self.lines(locale, tz).join("\n")
    }

    const fn title(&self) -> Message<'static> {
        match self {
            Self::TakenBack(_) => Message::TakenBackTitle,
            Self::TooLate(_) => Message::TooLateTitle,
            Self::OverBefore(_) | Self::Gone => Message::OverBeforeTitle,
            Self::Disputed(_) | Self::DisputeWithdrawn(_) => Message::DisputedTitle,
            Self::NotAnyMore(_) => Message::NotAnyMoreTitle,
            Self::Unconfirmed | Self::DisputeUnconfirmed => Message::UnconfirmedTitle,
            Self::NotTheirs => Message::NotTheirsTitle,
            Self::Busy | Self::NotOpened => Message::NotNowTitle,
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
    let is_overdue = facts.ending.is_none();
    let facts = Facts {
        ending: facts.ending.or(Some(Ending::Expired)),
        ended_at: facts.ended_at.or(is_overdue.then_some(facts.expires_at)),
        ..facts.clone()
    };
    receipt_lines(locale, &facts, None, None, tz)
}
