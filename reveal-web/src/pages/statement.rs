//! The form of every page without a button: what is the case, and what to do next.

use leptos::prelude::*;
use poem::http::StatusCode;
use shared::text::{self, Message, State, text};

use super::{Frame, Kind, Page, layout};

/// What stands in the place of what a state says to do next.
pub(super) enum Next<'a> {
    /// That the page tries again by itself.
    Reloads(Message<'a>),
    /// Beside it: that the page's script leads back to the one from which the visitor came.
    LeadsBack {
        /// After how many seconds.
        after_seconds: u64,
        says: Message<'a>,
    },
}

/// The page of a state.
pub(super) fn page(
    frame: Frame<'_>,
    status: StatusCode,
    state: State<'_>,
    next: Option<&Next<'_>>,
) -> Page {
    let locale = frame.locale;
    let said = text::statement(locale, state);
    let back = match next {
        Some(Next::LeadsBack {
            after_seconds,
            says,
        }) => Some((*after_seconds, text(locale, *says))),
        _ => None,
    };
    let what_next = match next {
        Some(Next::Reloads(says)) => text(locale, *says),
        _ => said.next,
    };
    let kind = back.as_ref().map_or(Kind::Inert, |_| Kind::Wait);
    let (seconds, itself) = back.unzip();
    let content = view! {
        <h1 id="state" data-state=state.word()>{said.title.clone()}</h1>
        <p>{said.text}</p>
        <p
            id="next"
            role=seconds.map(|_| "status")
            data-seconds=seconds.map(|seconds| seconds.to_string())
            data-itself=itself
        >
            {what_next}
        </p>
    };
    Page::new(
        status,
        kind,
        layout::render(frame, kind, &said.title, content),
    )
}
