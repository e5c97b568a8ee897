//! Plain http: sends browsers to https, and serves nothing.

use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{Method, StatusCode, header},
};
use shared::domain::base_url::PublicBaseUrl;

use crate::pages::Trouble;

/// Sends on to the same path of `PUBLIC_BASE_URL`, whatever host the request names.
pub(crate) struct Redirect(pub(crate) PublicBaseUrl);

impl Endpoint for Redirect {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let allowed = "GET, HEAD";
            return Ok(Trouble::Method { allowed }.into_response());
        }
        let path = request.uri().path_and_query();
        let path = path.map_or("/", |path| path.as_str());
        let to = self.0.join(if path.starts_with('/') { path } else { "/" });
        Ok(Response::builder()
            .status(StatusCode::PERMANENT_REDIRECT)
            .header(header::LOCATION, to)
            .finish())
    }
}

/// Takes away the one header that must not be sent over plain http (RFC 6797, section 7.2).
pub(crate) struct WithoutTransportSecurity<E>(pub(crate) E);

impl<E: Endpoint> Endpoint for WithoutTransportSecurity<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut response = self.0.call(request).await?.into_response();
        let headers = response.headers_mut();
        headers.remove(header::STRICT_TRANSPORT_SECURITY);
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_browser_is_sent_to_our_own_host_and_nowhere_else() {
        let redirect = Redirect(PublicBaseUrl::parse("https://secrets.example.org").unwrap());
        for (uri, location) in [
            (
                "/s/abc?lang=fr",
                "https://secrets.example.org/s/abc?lang=fr",
            ),
            (
                "//evil.example/",
                "https://secrets.example.org//evil.example/",
            ),
            ("http://evil.example/x", "https://secrets.example.org/x"),
            ("*", "https://secrets.example.org/"),
        ] {
            let request = Request::builder()
                .uri(uri.parse().unwrap())
                .header("host", "evil.example")
                .finish();
            let response = redirect.call(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT);
            assert_eq!(response.headers()["location"], location);
        }
        let post = Request::builder().method(Method::POST).finish();
        let response = redirect.call(post).await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
