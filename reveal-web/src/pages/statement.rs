//! The form of every page without a button: what is the case, and what to do next.

use leptos::prelude::*;
use poem::http::StatusCode;
use shared::text::{Message, text};

use super::{
    Frame, Page,
    layout::{self, Script},
};

/// A title and two sentences.
pub(super) struct Statement<'a> {
    /// A word for tests and for whoever asks about a page.
    pub(super) state: &'static str,
    pub(super) title: Message<'a>,
    pub(super) what: Message<'a>,
    pub(super) next: Message<'a>,
}

impl Statement<'_> {
    pub(super) fn page(&self, frame: Frame<'_>, status: StatusCode) -> Page {
        let locale = frame.locale;
        let title = text(locale, self.title);
        let content = view! {
            <h1 id="state" data-state=self.state>{title.clone()}</h1>
            <p>{text(locale, self.what)}</p>
            <p>{text(locale, self.next)}</p>
        };
        Page::new(status, layout::render(frame, &title, Script::None, content))
    }
}
