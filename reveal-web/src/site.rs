//! Which request goes where.
//!
//! Paths are compared as they were sent, without decoding: a link has one spelling.

use std::sync::Arc;

use poem::{
    Endpoint, Request, Response,
    http::{Method, StatusCode},
};
use shared::{
    crypto::MasterKeys,
    store::{Database, audit::Visitor},
    text::Locale,
};
use tokio_util::task::TaskTracker;

use crate::{
    access_log::Route,
    client_address::ClientAddresses,
    pages::{self, Page, Trouble},
    routes,
};

/// The language of pages, until requests choose theirs.
pub(crate) const LOCALE: Locale = Locale::En;

/// Everything that requests are answered with.
pub(crate) struct Site {
    pub(crate) database: Database,
    pub(crate) keys: Arc<MasterKeys>,
    /// Burns under way; they outlive a requester who leaves.
    pub(crate) burns: TaskTracker,
    addresses: Arc<ClientAddresses>,
}

impl Site {
    pub(crate) fn new(
        database: Database,
        keys: MasterKeys,
        addresses: Arc<ClientAddresses>,
        burns: TaskTracker,
    ) -> Self {
        Self {
            database,
            keys: Arc::new(keys),
            burns,
            addresses,
        }
    }

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

    async fn answer(&self, route: Route, request: Request) -> Page {
        let method = request.method().clone();
        match (route, method) {
            (Route::Confirm, Method::GET | Method::HEAD) => {
                routes::confirm::answer(self, &request).await
            }
            (Route::Reveal, Method::POST) => routes::reveal::answer(self, request).await,
            (Route::Favicon, Method::GET | Method::HEAD) => Page::empty(StatusCode::NO_CONTENT),
            (Route::Confirm | Route::Favicon, _) => pages::method_not_allowed(LOCALE, "GET, HEAD"),
            (Route::Reveal, _) => pages::method_not_allowed(LOCALE, "POST"),
            (Route::Other, _) => pages::trouble(LOCALE, Trouble::Unknown),
        }
    }
}

impl Endpoint for Site {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let route = Route::of(request.uri().path());
        let page = self.answer(route, request).await;
        Ok(page.into_response())
    }
}
