//! For requests that lead to no secret.

use std::time::Duration;

use poem::{
    IntoResponse, Response,
    http::{HeaderValue, StatusCode, header},
};
use rand::RngExt as _;
use shared::text::{Locale, Message, State};

use super::{
    Frame, Page,
    statement::{self, Next},
};

/// What is wrong with a request, or with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The link leads to no secret. Malformed links get the same answer, to the byte.
    Unknown,
    /// The database or the keys don't do their part just now, or too many ask at once.
    Unavailable,
    /// The database did not say whether the secret was opened.
    Unsure,
    /// The page with the secret was asked for once more, from a browser's history for example.
    NotAgain,
    /// The client asks too often.
    TooMany { retry_after: Duration },
    /// The form is not ours.
    BadRequest,
    /// The form was not sent from our page.
    Forbidden,
    /// The address doesn't take the method; these it takes.
    Method { allowed: &'static str },
    /// The body is larger than any form of ours.
    TooLarge,
    /// The request did not arrive in time.
    TooSlow,
    /// A bug.
    Broken,
}

/// After how many seconds an unavailable page is worth another try.
const RETRY_SECONDS: u64 = 30;

/// Up to so many seconds more, by chance, until a refused page tries again: a whole organization
/// can have one address, and should not come back at once.
const SPREAD_SECONDS: u64 = 5;

impl Trouble {
    const fn status(self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Unavailable | Self::Unsure => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Method { .. } | Self::NotAgain => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The header that belongs to it.
    fn header(self) -> Option<(header::HeaderName, HeaderValue)> {
        match self {
            Self::Unavailable => Some((header::RETRY_AFTER, RETRY_SECONDS.into())),
            Self::TooMany { retry_after } => Some((header::RETRY_AFTER, whole(retry_after).into())),
            Self::Method { allowed } => Some((header::ALLOW, HeaderValue::from_static(allowed))),
            Self::NotAgain => Some((header::ALLOW, HeaderValue::from_static("POST"))),
            Self::TooSlow => Some((header::CONNECTION, HeaderValue::from_static("close"))),
            _ => None,
        }
    }

    fn state(self) -> State<'static> {
        match self {
            Self::Unknown => State::Unknown,
            Self::Unavailable => State::Unavailable,
            Self::Unsure => State::Unsure,
            Self::TooMany { retry_after } => State::TooMany {
                seconds: whole(retry_after),
            },
            Self::NotAgain => State::NotAgain,
            Self::BadRequest => State::BadRequest,
            Self::Forbidden => State::Forbidden,
            Self::Method { .. } => State::Method,
            Self::TooLarge => State::TooLarge,
            Self::TooSlow => State::TooSlow,
            Self::Broken => State::Broken,
        }
    }
}

/// The page for a trouble; only the outermost layer makes it (`headers.rs`).
pub(crate) fn trouble(frame: Frame<'_>, trouble: Trouble) -> Page {
    let mut page = match trouble {
        Trouble::TooMany { retry_after } => too_many(frame, trouble, retry_after),
        _ => statement::page(frame, trouble.status(), trouble.state(), None),
    };
    page.extra.extend(trouble.header());
    page
}

/// A page that was refused asks for itself again when its time has come. A press never repeats
/// itself: nothing but a press opens a secret. It leads back to the page with the button.
fn too_many(frame: Frame<'_>, trouble: Trouble, retry_after: Duration) -> Page {
    let seconds = whole(retry_after) + rand::rng().random_range(0..=SPREAD_SECONDS);
    let reloads = frame.is_repeatable;
    let next = if reloads {
        Next::Reloads(Message::TooManyReload { seconds })
    } else {
        Next::LeadsBack {
            after_seconds: seconds,
            says: Message::TooManyBack { seconds },
        }
    };
    let mut page = statement::page(frame, trouble.status(), trouble.state(), Some(&next));
    if reloads {
        page.extra.push((header::REFRESH, seconds.into()));
    }
    page
}

/// Instead of a page: what is wrong, from which the outermost layer makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) trouble: Trouble,
    /// In which language to say it, where the form said so; else as the request asks.
    pub(crate) language: Option<Locale>,
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Self {
            trouble,
            language: None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::builder().status(self.trouble.status()).finish();
        response.set_data(self);
        response
    }
}

/// An answer, or what is wrong in its place.
pub(crate) fn response(answer: Result<impl IntoResponse, Refusal>) -> Response {
    answer.map_or_else(IntoResponse::into_response, IntoResponse::into_response)
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        Refusal::from(self).into_response()
    }
}

/// Whole seconds, at least one: earlier would be too early.
fn whole(time: Duration) -> u64 {
    let seconds = time.as_millis().div_ceil(1000);
    u64::try_from(seconds).unwrap_or(u64::MAX).max(1)
}
