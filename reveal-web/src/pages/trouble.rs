//! For requests that lead to no secret.

use std::time::Duration;

use leptos::prelude::*;
use poem::http::{HeaderValue, StatusCode, header};
use shared::text::{Locale, Message, text};

use super::{Page, layout};

/// What is wrong with a request, or with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The link leads to no secret. Malformed links get the same answer, to the byte.
    Unknown,
    /// The database or the keys don't do their part just now.
    Unavailable,
    /// The form is not ours.
    BadRequest,
    /// The body is larger than any form of ours.
    TooLarge,
    /// A bug.
    Broken,
}

/// After how many seconds an unavailable page is worth another try.
const RETRY_SECONDS: &str = "30";

/// The page for a trouble.
pub(crate) fn trouble(locale: Locale, trouble: Trouble) -> Page {
    let (status, state, messages) = match trouble {
        Trouble::Unknown => (
            StatusCode::NOT_FOUND,
            "unknown",
            [
                Message::UnknownTitle,
                Message::UnknownText,
                Message::UnknownNext,
            ],
        ),
        Trouble::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            [
                Message::UnavailableTitle,
                Message::UnavailableText,
                Message::UnavailableNext,
            ],
        ),
        Trouble::BadRequest => (
            StatusCode::BAD_REQUEST,
            "bad-request",
            [
                Message::BadRequestTitle,
                Message::BadRequestText,
                Message::BadRequestNext,
            ],
        ),
        Trouble::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            [
                Message::TooLargeTitle,
                Message::TooLargeText,
                Message::TooLargeNext,
            ],
        ),
        Trouble::Broken => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "broken",
            [
                Message::BrokenTitle,
                Message::BrokenText,
                Message::BrokenNext,
            ],
        ),
    };
    let extra = (trouble == Trouble::Unavailable)
        .then_some((header::RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS)));
    Page {
        extra,
        ..plain(locale, status, state, messages)
    }
}

/// The page for a method that an address doesn't take.
pub(crate) fn method_not_allowed(locale: Locale, allowed: &'static str) -> Page {
    let messages = [
        Message::MethodTitle,
        Message::MethodText,
        Message::MethodNext,
    ];
    Page {
        extra: Some((header::ALLOW, HeaderValue::from_static(allowed))),
        ..plain(locale, StatusCode::METHOD_NOT_ALLOWED, "method", messages)
    }
}

/// The page for a client that asks too often.
pub(crate) fn too_many_requests(locale: Locale, retry_after: Duration) -> Page {
    let seconds = retry_after.as_millis().div_ceil(1000);
    let seconds = u64::try_from(seconds).unwrap_or(u64::MAX).max(1);
    let messages = [
        Message::TooManyTitle,
        Message::TooManyText,
        Message::TooManyNext { seconds },
    ];
    Page {
        extra: Some((header::RETRY_AFTER, HeaderValue::from(seconds))),
        ..plain(locale, StatusCode::TOO_MANY_REQUESTS, "too-many", messages)
    }
}

fn plain(
    locale: Locale,
    status: StatusCode,
    state: &'static str,
    [title, what, next]: [Message<'_>; 3],
) -> Page {
    let title = text(locale, title);
    let content = view! {
        <h1 id="state" data-state=state>{title.clone()}</h1>
        <p>{text(locale, what)}</p>
        <p>{text(locale, next)}</p>
    };
    Page::new(status, layout::render(locale, &title, content))
}
