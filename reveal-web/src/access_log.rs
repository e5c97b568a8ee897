//! One line a request: the route's pattern, never the path, which may hold a link's token.

use std::{sync::Arc, time::Instant};

use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use shared::{domain::ids::SecretId, operate::logging::millis_since};

use crate::metrics::Metrics;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Confirm,
    Reveal,
    Favicon,
    Other,
}

impl Route {
    /// The route of a path as it was sent.
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/reveal" => Self::Reveal,
            "/favicon.ico" => Self::Favicon,
            _ if path.starts_with("/s/") => Self::Confirm,
            _ => Self::Other,
        }
    }

    const fn pattern(self) -> &'static str {
        match self {
            Self::Confirm => "/s/:token",
            Self::Reveal => "/reveal",
            Self::Favicon => "/favicon.ico",
            Self::Other => "other",
        }
    }
}

/// The secret that an answer is about, told by the route to the log.
#[derive(Clone, Copy)]
pub(crate) struct About(pub(crate) SecretId);

/// Logs and counts each request when it is answered.
pub(crate) struct AccessLog(pub(crate) Arc<Metrics>);

impl<E: Endpoint> Middleware<E> for AccessLog {
    type Output = Logged<E>;

    fn transform(&self, endpoint: E) -> Logged<E> {
        Logged {
            endpoint,
            metrics: Arc::clone(&self.0),
        }
    }
}

/// An endpoint whose requests are logged.
pub(crate) struct Logged<E> {
    endpoint: E,
    metrics: Arc<Metrics>,
}

impl<E: Endpoint> Endpoint for Logged<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let route = Route::of(request.uri().path()).pattern();
        let method = request.method().clone();
        let response = match self.endpoint.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => error.into_response(),
        };
        let status = response.status().as_u16();
        self.metrics.request(route, status);
        let secret = response.data::<About>().map(|about| about.0.to_string());
        tracing::info!(
            %method,
            route,
            status,
            secret.id = secret,
            duration_ms = millis_since(started),
            "answered"
        );
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_as_sent() {
        for (path, route) in [
            ("/s/abc", Route::Confirm),
            ("/s/", Route::Confirm),
            ("/s", Route::Other),
            ("/%73/abc", Route::Other),
            ("/reveal", Route::Reveal),
            ("/reveal/", Route::Other),
            ("/favicon.ico", Route::Favicon),
            ("//s/abc", Route::Other),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
