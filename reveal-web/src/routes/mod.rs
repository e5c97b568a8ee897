//! Which request goes where; one file an endpoint.

mod confirm;
mod reveal;
mod route;

use std::{any::Any, sync::Arc};

use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{Method, StatusCode},
    middleware::CatchPanic,
};

use crate::{
    pages::{self, Page, Refusal, Trouble},
    site::Site,
};

pub(crate) use self::route::Route;

/// Every route there is.
pub(crate) struct Routes(pub(crate) Arc<Site>);

impl Routes {
    async fn answer(&self, route: Route, request: Request) -> Result<Response, Refusal> {
        let Self(site) = self;
        let page = match (route, request.method().clone()) {
            (Route::Reveal, Method::POST) => return reveal::answer(site, request).await,
            (Route::Confirm, Method::GET | Method::HEAD) => confirm::answer(site, &request).await?,
            (Route::Favicon, Method::GET | Method::HEAD) => Page::empty(StatusCode::NO_CONTENT),
            (route, method) => return Err(trouble_of(route, &method).into()),
        };
        Ok(page.into_response())
    }
}

/// What is wrong with a method that a route doesn't take, or with an address that is none.
const fn trouble_of(route: Route, method: &Method) -> Trouble {
    match (route, method) {
        (Route::Confirm | Route::Favicon, _) => Trouble::Method {
            allowed: "GET, HEAD",
        },
        (Route::Reveal, &Method::GET | &Method::HEAD) => Trouble::NotAgain,
        (Route::Reveal, _) => Trouble::Method { allowed: "POST" },
        (Route::Other, _) => Trouble::Unknown,
    }
}

impl Endpoint for Routes {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let route = Route::of(request.uri().path());
        Ok(pages::response(self.answer(route, request).await))
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
