//! Which request goes where; one file an endpoint.
//!
//! Paths are compared as they were sent, without decoding: a link has one spelling.

mod confirm;
mod reveal;

use std::{any::Any, sync::Arc};

use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{Method, StatusCode},
    middleware::CatchPanic,
};

use crate::{
    access_log::Route,
    language,
    pages::{self, Page, Trouble},
    site::Site,
};

/// Every route there is.
pub(crate) struct Routes(pub(crate) Arc<Site>);

impl Routes {
    async fn answer(&self, route: Route, request: Request) -> Response {
        let Self(site) = self;
        let method = request.method().clone();
        let trouble = |request: &Request, trouble| {
            let asked_for = language::asked_for(request);
            pages::trouble(
                site.appearance.frame(asked_for, None, request.method()),
                trouble,
            )
        };
        let page = match (route, method) {
            (Route::Reveal, Method::POST) => return reveal::answer(site, request).await,
            (Route::Confirm, Method::GET | Method::HEAD) => confirm::answer(site, &request).await,
            (Route::Favicon, Method::GET | Method::HEAD) => Page::empty(StatusCode::NO_CONTENT),
            (Route::Confirm | Route::Favicon, _) => trouble(
                &request,
                Trouble::Method {
                    allowed: "GET, HEAD",
                },
            ),
            (Route::Reveal, Method::GET | Method::HEAD) => trouble(&request, Trouble::NotAgain),
            (Route::Reveal, _) => trouble(&request, Trouble::Method { allowed: "POST" }),
            (Route::Other, _) => trouble(&request, Trouble::Unknown),
        };
        page.into_response()
    }
}

impl Endpoint for Routes {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let route = Route::of(request.uri().path());
        Ok(self.answer(route, request).await)
    }
}

/// Turns a panic into a page; its place is in the log.
pub(crate) fn catch_panics() -> CatchPanic<fn(Box<dyn Any + Send>) -> Response> {
    CatchPanic::new().with_handler(broken)
}

fn broken(_: Box<dyn Any + Send>) -> Response {
    Trouble::Broken.into_response()
}

#[cfg(test)]
mod tests {
    use poem::{EndpointExt as _, endpoint::make_sync};

    use super::*;

    /// What the page says of it is no word of the program's.
    #[tokio::test]
    async fn a_panic_is_a_page() {
        let endpoint = make_sync(|_| -> Response { unreachable!("canary") }).with(catch_panics());
        let answer = endpoint.get_response(Request::default()).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = answer.into_body().into_string().await.unwrap();
        assert!(!body.contains("canary"), "{body}");
    }
}
