//! The limit as a tower layer: it stands before everything that parses or asks the database.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Instant,
};

use poem::{IntoResponse, Request, Response};
use shared::operate::settings::RateLimit;
use tower::{Layer, Service};

use super::window::{Bounds, Verdict, Windows};
use crate::{
    client_address::{ClientAddresses, Counted},
    metrics::Metrics,
    pages::Trouble,
};

/// Entries take about 8 MiB when each has one request in its window. A site's share of them is a
/// 64th, and its limit that of sixteen clients: a campus, or all the phones that a carrier has
/// given networks of one /48 at a time.
pub(super) const BOUNDS: Bounds = Bounds {
    clients: 65_536,
    of_one_site: 1_024,
    site_times: 16,
};

/// Limits the requests of each client address.
#[derive(Clone)]
pub(crate) struct RateLimitLayer {
    windows: Arc<Mutex<Windows>>,
    addresses: Arc<ClientAddresses>,
    metrics: Arc<Metrics>,
}

impl RateLimitLayer {
    pub(crate) fn new(
        limit: RateLimit,
        addresses: Arc<ClientAddresses>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let windows = Windows::new(limit, BOUNDS, Instant::now());
        Self {
            windows: Arc::new(Mutex::new(windows)),
            addresses,
            metrics,
        }
    }

    fn check(&self, request: &Request) -> Verdict {
        // Without an address (not TCP) everybody counts as one client.
        let address = self
            .addresses
            .of(request)
            .unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let (client, now) = (Counted::of(address), Instant::now());
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = windows.check(client, now);
        drop(windows);
        if verdict != Verdict::Accepted {
            self.metrics.rate_limited(client.network(), now);
        }
        verdict
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

#[cfg(test)]
mod tests {
    use shared::operate::settings::Cidrs;

    use super::*;
    use crate::metrics::{Refused, refused_in};

    #[test]
    fn what_is_refused_is_counted_and_nothing_else() {
        let limit = RateLimit::parse("1/60s").unwrap();
        let metrics = Arc::new(Metrics::new());
        let addresses = Arc::new(ClientAddresses::new(Cidrs::default()));
        let layer = RateLimitLayer::new(limit, addresses, Arc::clone(&metrics));
        let request = Request::builder().finish();
        for (verdict, all) in [(true, 0), (false, 1), (false, 2)] {
            assert_eq!(layer.check(&request) == Verdict::Accepted, verdict);
            let told = refused_in(&metrics.encode().unwrap());
            assert_eq!(told.map_or(0, |refused: Refused| refused.all), all);
        }
    }
}
