//! The pages, rendered on the server. Some have a script, and all do without it.

mod confirm;
mod ended;
mod layout;
mod revealed;
mod statement;
mod theme;
mod trouble;

#[cfg(test)]
mod parsed;

use poem::{
    Body, IntoResponse, Response,
    http::{HeaderValue, StatusCode, header},
};
use shared::domain::ids::SecretId;
use zeroize::Zeroizing;

pub(crate) use confirm::{Occasion, confirm};
pub(crate) use ended::{ended, repeated, spent};
pub(crate) use revealed::revealed;
pub(crate) use theme::{Frame, Theme};
pub(crate) use trouble::{Refusal, Trouble, response, trouble};

use crate::loss::OnlyCopy;

/// What the headers depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The page with the form.
    Confirm,
    /// The page with the secret.
    Revealed,
    /// The page after a press that came too soon.
    Wait,
    /// Any other.
    Inert,
}

/// The secret that an answer is about, told to the log.
#[derive(Clone, Copy)]
pub(crate) struct About(pub(crate) SecretId);

/// An answer about to be sent.
pub(crate) struct Page {
    status: StatusCode,
    /// Wiped when it is not sent.
    html: Zeroizing<String>,
    kind: Kind,
    /// Headers beside those that every answer has.
    extra: Vec<(header::HeaderName, HeaderValue)>,
    /// The secret that it is about, for the log.
    about: Option<SecretId>,
    /// For the one page that has it.
    only_copy: Option<OnlyCopy>,
}

impl Page {
    fn new(status: StatusCode, kind: Kind, html: String) -> Self {
        Self {
            status,
            html: Zeroizing::new(html),
            kind,
            extra: Vec::new(),
            about: None,
            only_copy: None,
        }
    }

    /// An answer without a page.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self::new(status, Kind::Inert, String::new())
    }

    /// Watches whether it arrives.
    pub(crate) fn only_copy(self, only_copy: OnlyCopy) -> Self {
        Self {
            only_copy: Some(only_copy),
            ..self
        }
    }
}

impl IntoResponse for Page {
    fn into_response(mut self) -> Response {
        let mut response = Response::builder().status(self.status);
        if !self.html.is_empty() {
            response = response.content_type("text/html; charset=utf-8");
        }
        for (name, value) in self.extra {
            response = response.header(name, value);
        }
        let mut response = response.body(Body::from_string(std::mem::take(&mut *self.html)));
        response.set_data(self.kind);
        if let Some(secret) = self.about {
            response.set_data(About(secret));
        }
        if let Some(only_copy) = self.only_copy {
            response.set_data(only_copy);
        }
        response
    }
}
