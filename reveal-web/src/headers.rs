//! The headers of every answer, whatever its status, in one place.

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response,
    http::{HeaderName, HeaderValue},
};

use crate::{
    language,
    pages::{self, Kind, Refusal, Trouble},
    site::Appearance,
};

/// Headers that never differ. Sources: OWASP's HTTP headers cheat sheet, and the Mozilla
/// Observatory's rules.
const ALWAYS: [(&str, &str); 11] = [
    (
        "cache-control",
        "no-store, max-age=0, private, no-transform",
    ),
    ("pragma", "no-cache"),
    ("vary", "Accept-Language, Sec-Fetch-Site, Origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-robots-tag", "noindex, nofollow, noarchive, nosnippet"),
    ("x-dns-prefetch-control", "off"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    (
        "permissions-policy",
        "accelerometer=(), browsing-topics=(), camera=(), clipboard-read=(), display-capture=(), \
         geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    ),
];

/// Two years: https only, by this name and port or any other (RFC 6797).
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=63072000");
const TRANSPORT_SECURITY_BELOW: HeaderValue =
    HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// Adds the headers, and makes a page of what the layers below only named.
#[derive(Clone)]
pub(crate) struct SecureHeaders {
    appearance: Appearance,
    transport_security: HeaderValue,
}

impl SecureHeaders {
    /// `includes_subdomains`: whether names below ours shall be reached by https only, too.
    pub(crate) const fn new(appearance: Appearance, includes_subdomains: bool) -> Self {
        Self {
            appearance,
            transport_security: if includes_subdomains {
                TRANSPORT_SECURITY_BELOW
            } else {
                TRANSPORT_SECURITY
            },
        }
    }
}

impl<E: Endpoint> Middleware<E> for SecureHeaders {
    type Output = Secured<E>;

    fn transform(&self, endpoint: E) -> Secured<E> {
        Secured {
            endpoint,
            headers: self.clone(),
        }
    }
}

/// An endpoint whose answers have the headers.
pub(crate) struct Secured<E> {
    endpoint: E,
    headers: SecureHeaders,
}

impl<E: Endpoint> Endpoint for Secured<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let (asked_for, method) = (language::asked_for(&request), request.method().clone());
        let answer = self.endpoint.call(request).await;
        // No route answers with an error; what a library answers with says nothing to people.
        let mut response = answer.map_or_else(
            |_| Trouble::Broken.into_response(),
            IntoResponse::into_response,
        );
        if let Some(refusal) = response.data::<Refusal>() {
            let language = refusal.language.or(asked_for);
            let frame = self.headers.appearance.frame(language, None, &method);
            response = pages::trouble(frame, refusal.trouble).into_response();
        }
        self.headers.secure(&mut response);
        Ok(response)
    }
}

impl SecureHeaders {
    fn secure(&self, response: &mut Response) {
        let kind = response.data::<Kind>().copied().unwrap_or(Kind::Inert);
        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        headers.insert("strict-transport-security", self.transport_security.clone());
        // The confirm page's POST shall carry a real `Origin`.
        let referrer = match kind {
            Kind::Confirm => "strict-origin",
            Kind::Revealed | Kind::Wait | Kind::Inert => "no-referrer",
        };
        headers.insert("referrer-policy", HeaderValue::from_static(referrer));
        let policy = self.appearance.theme.policy(kind).clone();
        headers.insert("content-security-policy", policy);
    }
}
