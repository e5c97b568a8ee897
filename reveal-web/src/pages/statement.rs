//! The form of every page without a button: what is the case, and what to do next.

use leptos::prelude::*;
use poem::http::StatusCode;
use shared::text::{Message, text};

use super::{Frame, Kind, Page, layout};

/// A title and two sentences.
#[derive(Clone, Copy)]
pub(super) struct Statement<'a> {
    /// A word for tests and for whoever asks about a page.
    pub(super) state: &'static str,
    pub(super) title: Message<'a>,
    pub(super) what: Message<'a>,
    pub(super) next: Message<'a>,
}

/// A way back to the page from which the visitor came.
pub(super) struct GoesBack<'a> {
    /// After how many seconds.
    pub(super) after_seconds: u64,
    /// That it leads there by itself.
    pub(super) says: Message<'a>,
}

impl Statement<'_> {
    pub(super) fn page(&self, frame: Frame<'_>, status: StatusCode) -> Page {
        self.render(frame, status, None)
    }

    /// A page whose script leads back, and says that in the place of `next`.
    pub(super) fn page_that_goes_back(
        &self,
        frame: Frame<'_>,
        status: StatusCode,
        back: &GoesBack<'_>,
    ) -> Page {
        self.render(frame, status, Some(back))
    }

    fn render(&self, frame: Frame<'_>, status: StatusCode, back: Option<&GoesBack<'_>>) -> Page {
        let locale = frame.locale;
        let title = text(locale, self.title);
        let content = view! {
            <h1 id="state" data-state=self.state>{title.clone()}</h1>
            <p>{text(locale, self.what)}</p>
            <p
                id="next"
                role=back.map(|_| "status")
                data-seconds=back.map(|back| back.after_seconds.to_string())
                data-itself=back.map(|back| text(locale, back.says))
            >
                {text(locale, self.next)}
            </p>
        };
        let kind = back.map_or(Kind::Inert, |_| Kind::Wait);
        Page::new(status, kind, layout::render(frame, kind, &title, content))
    }
}
