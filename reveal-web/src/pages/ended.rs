//! For links whose secret is no longer there.

use leptos::prelude::*;
use poem::http::StatusCode;
use shared::{
    store::Ending,
    text::{self, Locale, Message, text},
};

use super::{Page, layout};

/// What became of the secret, and what to do.
pub(crate) fn ended(locale: Locale, ending: Ending) -> Page {
    let when;
    let (state, title, what, next) = match ending {
        Ending::Viewed { at } => {
            when = text::instant(locale, at, None);
            let what = Message::OpenedText { when: &when };
            ("opened", Message::OpenedTitle, what, Message::OpenedNext)
        }
        Ending::Expired => (
            "expired",
            Message::ExpiredTitle,
            Message::ExpiredText,
            Message::ExpiredNext,
        ),
        Ending::Undeliverable | Ending::Revoked => (
            "withdrawn",
            Message::WithdrawnTitle,
            Message::WithdrawnText,
            Message::WithdrawnNext,
        ),
    };
    let title = text(locale, title);
    let content = view! {
        <h1 id="state" data-state=state>{title.clone()}</h1>
        <p>{text(locale, what)}</p>
        <p>{text(locale, next)}</p>
    };
    Page::new(StatusCode::GONE, layout::render(locale, &title, content))
}
