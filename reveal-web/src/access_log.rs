//! One line a request: the route's pattern, never the path, which may hold a link's token.

use std::{sync::Arc, time::Instant};

use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use shared::operate::logging::millis_since;

use crate::{metrics::Metrics, pages::About, routes::Route};

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
