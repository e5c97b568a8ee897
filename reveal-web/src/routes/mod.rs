//! Which request goes where; one file an endpoint.
//!
//! Paths are compared as they were sent, without decoding: a link has one spelling.

mod confirm;
mod reveal;

use poem::{
    Endpoint, Request, Response,
    http::{Method, StatusCode},
};

use crate::{
    access_log::Route,
    pages::{self, Page, Trouble},
    site::{LOCALE, Site},
};

/// Every route there is.
pub(crate) struct Routes(pub(crate) Site);

impl Routes {
    async fn answer(&self, route: Route, request: Request) -> Page {
        let Self(site) = self;
        let method = request.method().clone();
        match (route, method) {
            (Route::Confirm, Method::GET | Method::HEAD) => confirm::answer(site, &request).await,
            (Route::Reveal, Method::POST) => reveal::answer(site, request).await,
            (Route::Favicon, Method::GET | Method::HEAD) => Page::empty(StatusCode::NO_CONTENT),
            (Route::Confirm | Route::Favicon, _) => pages::method_not_allowed(LOCALE, "GET, HEAD"),
            (Route::Reveal, _) => pages::method_not_allowed(LOCALE, "POST"),
            (Route::Other, _) => pages::trouble(LOCALE, Trouble::Unknown),
        }
    }
}

impl Endpoint for Routes {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let route = Route::of(request.uri().path());
        let page = self.answer(route, request).await;
        Ok(page.into_response())
    }
}
