//! For links whose secret is no longer there.

use poem::http::StatusCode;
use shared::{
    store::{Ended, Ending, RevokedBy},
    text::{self, Message},
};

use super::{Frame, Page, statement::Statement};

/// What became of the secret, and what to do.
pub(crate) fn ended(frame: Frame<'_>, ended: &Ended) -> Page {
    let when;
    let statement = match ended.ending {
        Ending::Viewed { at } => {
            when = text::instant(frame.locale, at, ended.recipient_tz.as_deref());
            Statement {
                state: "opened",
                title: Message::OpenedTitle,
                what: Message::OpenedText { when: &when },
                next: if ended.page_lost {
                    Message::OpenedLostNext
                } else {
                    Message::OpenedNext
                },
            }
        }
        Ending::Expired => Statement {
            state: "expired",
            title: Message::ExpiredTitle,
            what: Message::ExpiredText,
            next: Message::ExpiredNext,
        },
        Ending::Revoked if ended.revoked_by == Some(RevokedBy::Operator) => Statement {
            state: "ended",
            title: Message::EndedTitle,
            what: Message::EndedText,
            next: Message::EndedNext,
        },
        Ending::Revoked if ended.revoked_by.is_some() => Statement {
            state: "conflict",
            title: Message::ConflictTitle,
            what: Message::ConflictText,
            next: Message::EndedNext,
        },
        Ending::Revoked => Statement {
            state: "revoked",
            title: Message::RevokedTitle,
            what: Message::RevokedText,
            next: Message::RevokedNext,
        },
        Ending::Undeliverable => Statement {
            state: "withdrawn",
            title: Message::WithdrawnTitle,
            what: Message::WithdrawnText,
            next: Message::WithdrawnNext,
        },
    };
    about(ended, &statement, frame)
}

/// For the page that opened the secret, sent again by the same visitor a moment later.
pub(crate) fn repeated(frame: Frame<'_>, ended: &Ended) -> Page {
    let statement = Statement {
        state: "repeated",
        title: Message::RepeatedTitle,
        what: Message::RepeatedText,
        next: Message::RepeatedNext,
    };
    about(ended, &statement, frame)
}

fn about(ended: &Ended, statement: &Statement<'_>, frame: Frame<'_>) -> Page {
    Page {
        about: Some(ended.secret),
        ..statement.page(frame, StatusCode::GONE)
    }
}
