//! The routes between tower's layers: limits on rate, time and number, and what is answered when
//! one of them is reached.
//!
//! poem's own bridge puts a queue and a task between every two layers; the services here can be
//! cloned for each request instead.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use poem::{Endpoint, IntoResponse, Request, Response};
use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt as _, load_shed::error::Overloaded,
    timeout::error::Elapsed,
};

use crate::{awaited::Awaited, pages::Trouble};

/// Requests under way at a time; more are told to come back.
const AT_A_TIME: usize = 512;

/// Longest time for a whole request: more than a form may take to arrive and a burn to reach its
/// COMMIT. What became of that is waited for outside.
const PATIENCE: Duration = Duration::from_secs(20);

/// Puts the layers around an endpoint: `rate_limit` first, before anything is read.
pub(crate) fn layered<E, L>(endpoint: E, rate_limit: L) -> impl Endpoint<Output = Response>
where
    E: Endpoint + 'static,
    L: Layer<Inner<E>>,
    L::Service: Service<Request, Response = Response, Error = BoxError> + Clone + Send + Sync,
    <L::Service as Service<Request>>::Future: Send,
{
    let inner = ServiceBuilder::new()
        .load_shed()
        .concurrency_limit(AT_A_TIME)
        .timeout(PATIENCE)
        .service(EndpointService(Arc::new(endpoint)));
    ServiceEndpoint(rate_limit.layer(inner))
}

/// What the rate limit stands before.
pub(crate) type Inner<E> = tower::load_shed::LoadShed<
    tower::limit::ConcurrencyLimit<tower::timeout::Timeout<EndpointService<E>>>,
>;

/// An endpoint as a service.
pub(crate) struct EndpointService<E>(Arc<E>);

impl<E> Clone for EndpointService<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E: Endpoint + 'static> Service<Request> for EndpointService<E> {
    type Response = Response;
    type Error = poem::Error;
    type Future = Pin<Box<dyn Future<Output = poem::Result<Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<poem::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let endpoint = Arc::clone(&self.0);
        Box::pin(async move { Ok(endpoint.call(request).await?.into_response()) })
    }
}

/// A service as an endpoint.
struct ServiceEndpoint<S>(S);

impl<S> Endpoint for ServiceEndpoint<S>
where
    S: Service<Request, Response = Response, Error = BoxError> + Clone + Send + Sync,
    S::Future: Send,
{
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let answer = self.0.clone().oneshot(request).await;
        let answer = answer.unwrap_or_else(|error| trouble_of(&error).into_response());
        Ok(Awaited::settled(answer).await)
    }
}

fn trouble_of(error: &BoxError) -> Trouble {
    if error.is::<Overloaded>() {
        tracing::warn!("too many requests at once: one was sent away");
        Trouble::Unavailable
    } else if error.is::<Elapsed>() {
        Trouble::TooSlow
    } else {
        Trouble::Broken
    }
}
