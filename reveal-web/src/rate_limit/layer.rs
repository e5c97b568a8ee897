//! The limit as a tower layer: it stands before everything that parses or asks the database.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Instant,
};

use poem::{IntoResponse, Request, Response};
use shared::settings::RateLimit;
use tower::{Layer, Service};

use super::window::{Verdict, Windows};
use crate::{
    client_address::{ClientAddresses, counted_as},
    pages::Trouble,
};

/// Most client addresses remembered at a time; about 5 MiB when each has one request in its window.
const CAPACITY: usize = 65_536;

/// Limits the requests of each client address.
#[derive(Clone)]
pub(crate) struct RateLimitLayer {
    windows: Arc<Mutex<Windows<IpAddr>>>,
    addresses: Arc<ClientAddresses>,
}

impl RateLimitLayer {
    pub(crate) fn new(limit: RateLimit, addresses: Arc<ClientAddresses>) -> Self {
        let windows = Windows::new(limit, CAPACITY, Instant::now());
        Self {
            windows: Arc::new(Mutex::new(windows)),
            addresses,
        }
    }

    fn check(&self, request: &Request) -> Verdict {
        // Without an address (not TCP) everybody counts as one client.
        let address = self
            .addresses
            .of(request)
            .unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.check(counted_as(address), Instant::now())
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimited<S>;

    fn layer(&self, inner: S) -> RateLimited<S> {
        RateLimited {
            inner,
            limit: self.clone(),
        }
    }
}

/// A service whose requests are limited.
#[derive(Clone)]
pub(crate) struct RateLimited<S> {
    inner: S,
    limit: RateLimitLayer,
}

impl<S> Service<Request> for RateLimited<S>
where
    S: Service<Request>,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = std::pin::Pin<
        Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send + 'static>,
    >;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.limit.check(&request) {
            Verdict::Accepted => {
                let answer = self.inner.call(request);
                Box::pin(async move { Ok(answer.await?.into_response()) })
            }
            Verdict::Refused { retry_after } => {
                let refused = Trouble::TooMany { retry_after };
                Box::pin(async move { Ok(refused.into_response()) })
            }
        }
    }
}
