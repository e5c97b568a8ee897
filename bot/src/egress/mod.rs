//! The way out of the firewall, for the Web API and the WebSocket alike: directly or through the
//! operator's proxy, and to whom the operator trusts.

mod dialer;
mod failure;
mod trust;

use std::{sync::Arc, time::Duration};

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use rustls::{ClientConfig, RootCertStore};
use shared::operate::settings::{CaBundle, HttpsProxy};

pub(crate) use self::{dialer::Dialer, failure::Failure, trust::TrustError};

/// What an operator said about the way out.
pub(crate) struct EgressSettings {
    pub(crate) proxy: Option<HttpsProxy>,
    /// `NO_PROXY` as it was given.
    pub(crate) no_proxy: Option<String>,
    pub(crate) ca_bundle: Option<CaBundle>,
}

/// Opens connections to Slack.
#[derive(Clone)]
pub(crate) struct Egress {
    dialer: Dialer,
    roots: Arc<RootCertStore>,
    tls: Arc<ClientConfig>,
}

impl Egress {
    /// Fails when no certificate authority is known, or the operator's bundle holds none.
    pub(crate) fn new(settings: &EgressSettings) -> Result<Self, TrustError> {
        let roots = Arc::new(trust::roots(settings.ca_bundle.as_ref())?);
        let tls = ClientConfig::builder()
            .with_root_certificates(Arc::clone(&roots))
            .with_no_client_auth();
        Ok(Self {
            dialer: Dialer::new(settings.proxy.as_ref(), settings.no_proxy.as_deref()),
            roots,
            tls: Arc::new(tls),
        })
    }

    /// The same way out so much later, when certificates that end by then are no good any more.
    pub(crate) fn at(&self, later: Duration) -> Self {
        Self {
            dialer: self.dialer.clone(),
            roots: Arc::clone(&self.roots),
            tls: Arc::new(trust::client_at(Arc::clone(&self.roots), later)),
        }
    }

    /// For HTTP clients; `plain_http` allows unencrypted requests, which go to this machine only.
    pub(crate) fn https(&self, plain_http: bool) -> HttpsConnector<Dialer> {
        let builder = HttpsConnectorBuilder::new().with_tls_config((*self.tls).clone());
        let builder = if plain_http {
            builder.https_or_http()
        } else {
            builder.https_only()
        };
        builder
            .enable_all_versions()
            .wrap_connector(self.dialer.clone())
    }

    /// For WebSockets, which shake hands in HTTP/1.1 and set up their own TLS.
    pub(crate) fn dialer(&self) -> Dialer {
        self.dialer.clone()
    }

    /// Whom to trust.
    pub(crate) fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }
}
