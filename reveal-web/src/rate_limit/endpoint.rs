//! Between poem's endpoints and tower's services, without the queue and the task that poem's own
//! bridge puts between every two layers: the services here can be cloned for each request.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use poem::{Endpoint, IntoResponse, Request, Response};
use tower::{Service, ServiceExt as _};

/// An endpoint as a service.
pub(crate) struct EndpointService<E>(Arc<E>);

impl<E> EndpointService<E> {
    pub(crate) fn new(endpoint: E) -> Self {
        Self(Arc::new(endpoint))
    }
}

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
pub(crate) struct ServiceEndpoint<S>(pub(crate) S);

impl<S> Endpoint for ServiceEndpoint<S>
where
    S: Service<Request, Response = Response, Error = poem::Error> + Clone + Send + Sync,
    S::Future: Send,
{
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        self.0.clone().oneshot(request).await
    }
}
