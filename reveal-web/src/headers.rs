//! The headers of every answer, whatever its status, in one place.

use std::{any::Any, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response,
    http::{HeaderName, HeaderValue},
    middleware::CatchPanic,
};
use sha2::{Digest as _, Sha256};

use crate::{
    pages::{self, Kind, Trouble},
    site::LOCALE,
};

/// Headers that never differ. Sources: OWASP's HTTP headers cheat sheet, and the Mozilla
/// Observatory's rules.
const ALWAYS: [(&str, &str); 11] = [
    (
        "cache-control",
        "no-store, max-age=0, private, no-transform",
    ),
    ("pragma", "no-cache"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-robots-tag", "noindex, nofollow, noarchive, nosnippet"),
    ("x-dns-prefetch-control", "off"),
    (
        "strict-transport-security",
        "max-age=63072000; includeSubDomains",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    (
        "permissions-policy",
        "accelerometer=(), browsing-topics=(), camera=(), clipboard-read=(), display-capture=(), \
         geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    ),
];

/// Of the confirm page: it has a form, and its POST shall carry a real `Origin`.
static CONFIRM: LazyLock<HeaderValue> = LazyLock::new(|| policy("form-action 'self'"));
/// Of every other page: it sends nothing anywhere.
static INERT: LazyLock<HeaderValue> = LazyLock::new(|| policy("form-action 'none'"));

/// The content security policy: no script, no image, no font, and the one style by its hash.
fn policy(form_action: &str) -> HeaderValue {
    let style = STANDARD.encode(Sha256::digest(pages::STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'none'; img-src 'none'; \
         object-src 'none'; base-uri 'none'; frame-ancestors 'none'; {form_action}; \
         require-trusted-types-for 'script'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Adds the headers.
pub(crate) struct SecureHeaders;

impl<E: Endpoint> Middleware<E> for SecureHeaders {
    type Output = Secured<E>;

    fn transform(&self, endpoint: E) -> Secured<E> {
        Secured(endpoint)
    }
}

/// An endpoint whose answers have the headers.
pub(crate) struct Secured<E>(E);

impl<E: Endpoint> Endpoint for Secured<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut response = match self.0.call(request).await {
            Ok(response) => response.into_response(),
            // No route answers with an error; what a library answers with says nothing to people.
            Err(_) => pages::trouble(LOCALE, Trouble::Broken).into_response(),
        };
        let is_confirm = response.data::<Kind>() == Some(&Kind::Confirm);
        let (policy, referrer) = if is_confirm {
            (&*CONFIRM, "strict-origin")
        } else {
            (&*INERT, "no-referrer")
        };
        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        headers.insert("content-security-policy", policy.clone());
        headers.insert("referrer-policy", HeaderValue::from_static(referrer));
        Ok(response)
    }
}

/// Turns a panic into a page; its place is in the log.
pub(crate) fn catch_panics() -> CatchPanic<fn(Box<dyn Any + Send>) -> Response> {
    CatchPanic::new().with_handler(broken)
}

fn broken(_: Box<dyn Any + Send>) -> Response {
    pages::trouble(LOCALE, Trouble::Broken).into_response()
}
