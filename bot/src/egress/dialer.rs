//! Opening TCP connections, directly or through a proxy's tunnel.

use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper_util::{
    client::{
        legacy::connect::{HttpConnector, proxy::Tunnel},
        proxy::matcher::Matcher,
    },
    rt::TokioIo,
};
use secrecy::ExposeSecret as _;
use shared::operate::settings::HttpsProxy;
use tokio::net::TcpStream;
use tower::{BoxError, Service, ServiceExt as _};

use super::failure::Failure;

/// Longest wait for a TCP connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A peer that is gone is noticed after a minute or two even on a connection that is not used.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// Connects to the host and port of a URI, whose scheme says whether the proxy is asked: `https`
/// goes through it unless `NO_PROXY` names the host, `http` never does.
#[derive(Clone)]
pub(crate) struct Dialer {
    direct: HttpConnector,
    proxies: Arc<Matcher>,
}

impl Dialer {
    pub(super) fn new(proxy: Option<&HttpsProxy>, no_proxy: Option<&str>) -> Self {
        let mut direct = HttpConnector::new();
        direct.enforce_http(false);
        direct.set_nodelay(true);
        direct.set_connect_timeout(Some(CONNECT_TIMEOUT));
        direct.set_keepalive(Some(KEEPALIVE));
        let proxy = proxy.map_or("", |proxy| proxy.as_secret().expose_secret());
        let proxies = Matcher::builder()
            .https(proxy)
            .no(no_proxy.unwrap_or_default())
            .build();
        Self {
            direct,
            proxies: Arc::new(proxies),
        }
    }
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.direct.poll_ready(context).map_err(BoxError::from)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Some(proxy) = self.proxies.intercept(&uri) else {
            let connecting = self.direct.call(uri);
            return Box::pin(async { connecting.await.map_err(BoxError::from) });
        };
        let to_proxy = self.direct.clone().map_err(|_| Failure::ProxyUnreachable);
        let mut tunnel = Tunnel::new(proxy.uri().clone(), to_proxy);
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        let connecting = tunnel.call(uri);
        Box::pin(async {
            connecting
                .await
                .map_err(|error| tunnel_failure(&error).into())
        })
    }
}

/// The library's errors can't be told apart but by their words.
fn tunnel_failure(error: &(dyn Error + 'static)) -> Failure {
    let reason = Failure::of(error);
    if reason != Failure::Other {
        reason
    } else if error.to_string().contains("authorization required") {
        Failure::ProxyWantsPassword
    } else {
        Failure::ProxyRefused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_through(uri: &str, no_proxy: &str) -> bool {
        let proxy = HttpsProxy::parse("http://user:pass@proxy.example.org:3128").unwrap();
        let dialer = Dialer::new(Some(&proxy), Some(no_proxy));
        dialer.proxies.intercept(&uri.parse().unwrap()).is_some()
    }

    #[test]
    fn the_proxy_is_for_encrypted_requests_to_hosts_not_excepted() {
        assert!(goes_through("https://slack.com", ""));
        assert!(goes_through(
            "https://wss-primary.slack.com:443",
            "example.org"
        ));
        assert!(!goes_through("https://wss-primary.slack.com", "slack.com"));
        assert!(!goes_through("https://slack.com", "*"));
        assert!(!goes_through("https://10.1.2.3", "10.0.0.0/8"));
        assert!(!goes_through("http://127.0.0.1:1", ""));
    }

    #[test]
    fn without_a_proxy_everything_goes_directly() {
        let dialer = Dialer::new(None, None);
        let slack = "https://slack.com".parse().unwrap();
        assert!(dialer.proxies.intercept(&slack).is_none());
    }
}
