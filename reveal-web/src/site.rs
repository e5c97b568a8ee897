//! What every route works with.

use std::sync::Arc;

use poem::{Request, http::Method};
use shared::{
    crypto::MasterKeys,
    domain::base_url::PublicBaseUrl,
    store::{Database, audit::Visitor},
    text::Locale,
};
use tokio_util::task::TaskTracker;

use crate::{
    client_address::ClientAddresses,
    loss::Losses,
    pages::{Frame, Theme},
    reuse::Reuses,
};

/// Everything that requests are answered with.
pub(crate) struct Site {
    pub(crate) database: Database,
    pub(crate) keys: Arc<MasterKeys>,
    pub(crate) public_base_url: PublicBaseUrl,
    pub(crate) appearance: Appearance,
    pub(crate) reuses: Reuses,
    pub(crate) losses: Losses,
    /// Burns under way; they outlive a requester who leaves.
    pub(crate) burns: TaskTracker,
    pub(crate) addresses: Arc<ClientAddresses>,
}

/// How pages are made when nobody says otherwise.
#[derive(Clone)]
pub(crate) struct Appearance {
    pub(crate) theme: Arc<Theme>,
    /// For people who ask for no language that we speak.
    pub(crate) default_language: Locale,
}

impl Appearance {
    /// The frame of a page in the language asked for, else the recipient's in Slack. `method` is
    /// that of the request: the language of what a POST answers can't be switched.
    pub(crate) fn frame(
        &self,
        asked_for: Option<Locale>,
        recipient: Option<&str>,
        method: &Method,
    ) -> Frame<'_> {
        let recipient = || recipient.and_then(Locale::from_tag);
        Frame {
            theme: &self.theme,
            locale: asked_for
                .or_else(recipient)
                .unwrap_or(self.default_language),
            is_repeatable: matches!(*method, Method::GET | Method::HEAD),
        }
    }
}

impl Site {
    /// Who sent the request, for the audit log.
    pub(crate) fn visitor(&self, request: &Request) -> Visitor {
        Visitor {
            ip: self.addresses.of(request),
            user_agent: request
                .headers()
                .get("user-agent")
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        }
    }
}
