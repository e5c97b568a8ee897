//! For links whose secret is no longer there.

use poem::http::StatusCode;
use shared::{
    store::{Ended, Ending, RevokedBy, look::Spent},
    text::{self, State},
};

use super::{Frame, Page, statement};

/// What became of the secret, and what to do.
pub(crate) fn ended(frame: Frame<'_>, ended: &Ended) -> Page {
    let when;
    let state = match ended.ending {
        Ending::Viewed { at } => {
            when = text::instant(frame.locale, at, ended.recipient_tz.as_deref());
            if ended.page_lost {
                State::OpenedLost { when: &when }
            } else {
                State::Opened { when: &when }
            }
        }
        Ending::Expired => State::Expired,
        Ending::Revoked => match ended.revoked_by {
            Some(RevokedBy::Operator) => State::Ended,
            Some(RevokedBy::Conflict) => State::Conflict,
            None => State::Revoked,
        },
        Ending::Undeliverable => State::Withdrawn,
    };
    about(ended, state, frame)
}

/// For the page that opened the secret, sent again by the same visitor a moment later.
pub(crate) fn repeated(frame: Frame<'_>, ended: &Ended) -> Page {
    about(ended, State::Repeated, frame)
}

/// For a link that was made at a press and leads nowhere any more, though its secret lives.
pub(crate) fn spent(frame: Frame<'_>, spent: &Spent) -> Page {
    Page {
        about: Some(spent.secret),
        ..statement::page(frame, StatusCode::GONE, State::Spent, None)
    }
}

fn about(ended: &Ended, state: State<'_>, frame: Frame<'_>) -> Page {
    Page {
        about: Some(ended.secret),
        ..statement::page(frame, StatusCode::GONE, state, None)
    }
}
