//! Opening a connection: ask for an address, connect, shake hands. Each step has its timeout.

use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{self, error::ProtocolError, protocol::WebSocketConfig},
};
use tower::Service as _;
use url::Url;

use crate::{
    egress::Failure,
    slack::{Slack, SlackError},
};

/// Longest wait for TCP, the proxy's tunnel, TLS and the WebSocket handshake together.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest message taken: a dialog with all its fields full has some 200 kB, as every character can
/// take twelve bytes in JSON.
const MAX_MESSAGE: usize = 1024 * 1024;

pub(super) type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Slack(#[from] SlackError),
    #[error("Slack's WebSocket can't be reached: {0}")]
    Unreachable(Failure),
    #[error("the WebSocket handshake took more than {} s", HANDSHAKE_TIMEOUT.as_secs())]
    HandshakeTimedOut,
    /// The library's error can hold the address with its ticket.
    #[error("the WebSocket handshake failed ({0})")]
    Handshake(&'static str),
    #[error("Slack gave an address that is no encrypted WebSocket")]
    Address,
    #[error("Slack did not say hello in time")]
    NoHello,
    #[error("Slack said that there are too many connections of this app")]
    TooMany,
}

impl OpenError {
    /// A word for the metrics.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Slack(_) => "refused",
            Self::Unreachable(_) => "unreachable",
            Self::HandshakeTimedOut => "timed_out",
            Self::Handshake(_) | Self::Address => "handshake_failed",
            Self::NoHello => "no_hello",
            Self::TooMany => "too_many",
        }
    }

    /// How long Slack wants to be left alone.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Slack(error) => error.retry_after(),
            Self::TooMany => Some(Duration::from_secs(30)),
            _ => None,
        }
    }
}

/// Opens a WebSocket.
pub(super) async fn open(slack: &Slack) -> Result<Stream, OpenError> {
    let address = slack.open_connection().await?;
    let target = Target::parse(&address, slack.is_plain_http())?;
    let opening = async {
        let stream = slack
            .egress()
            .dialer()
            .call(target.origin)
            .await
            .map_err(|error| OpenError::Unreachable(Failure::of(&*error)))?;
        shake_hands(
            stream,
            &address,
            target.encrypted.then(|| slack.egress().tls()),
        )
        .await
    };
    timeout(HANDSHAKE_TIMEOUT, opening)
        .await
        .unwrap_or(Err(OpenError::HandshakeTimedOut))
}

async fn shake_hands(
    stream: TokioIo<TcpStream>,
    address: &SecretString,
    tls: Option<std::sync::Arc<ClientConfig>>,
) -> Result<Stream, OpenError> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let connector = tls.map_or(Connector::Plain, Connector::Rustls);
    let handshake = client_async_tls_with_config(
        address.expose_secret(),
        stream.into_inner(),
        Some(config),
        Some(connector),
    );
    match handshake.await {
        Ok((stream, _)) => Ok(stream),
        Err(tungstenite::Error::Io(error)) => match Failure::of(&error) {
            Failure::Other => Err(OpenError::Handshake("network")),
            failure => Err(OpenError::Unreachable(failure)),
        },
        Err(error) => Err(OpenError::Handshake(kind(&error))),
    }
}

/// Where a WebSocket's address leads.
pub(crate) struct Target {
    /// As HTTP has it, for the dialer.
    pub(crate) origin: Uri,
    pub(crate) encrypted: bool,
}

impl Target {
    /// Unencrypted WebSockets are for a simulated Slack on this machine only.
    pub(crate) fn parse(address: &SecretString, allow_plain: bool) -> Result<Self, OpenError> {
        let url = Url::parse(address.expose_secret()).map_err(|_| OpenError::Address)?;
        let encrypted = match url.scheme() {
            "wss" => true,
            "ws" if allow_plain => false,
            _ => return Err(OpenError::Address),
        };
        let host = url.host_str().ok_or(OpenError::Address)?;
        let port = url.port_or_known_default().ok_or(OpenError::Address)?;
        let scheme = if encrypted { "https" } else { "http" };
        let origin = format!("{scheme}://{host}:{port}/")
            .parse()
            .map_err(|_| OpenError::Address)?;
        Ok(Self { origin, encrypted })
    }
}

/// The kind of an error, without what it quotes.
pub(super) const fn kind(error: &tungstenite::Error) -> &'static str {
    match error {
        tungstenite::Error::Io(_) => "network",
        tungstenite::Error::Tls(_) => "TLS",
        tungstenite::Error::Http(_) => "HTTP status",
        tungstenite::Error::Url(_) => "address",
        tungstenite::Error::Capacity(_) => "size",
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => "closed",
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => "dropped",
        _ => "protocol",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(address: &str, allow_plain: bool) -> Option<String> {
        let target = Target::parse(&address.to_owned().into(), allow_plain).ok()?;
        assert_eq!(target.encrypted, address.starts_with("wss"));
        Some(target.origin.to_string())
    }

    #[test]
    fn unencrypted_websockets_are_for_a_simulated_slack_only() {
        let real = "wss://wss-primary.slack.com/link/?ticket=canary&app_id=1";
        assert_eq!(
            origin(real, false).as_deref(),
            Some("https://wss-primary.slack.com:443/")
        );
        let simulated = "ws://127.0.0.1:8000/link/?ticket=1";
        assert_eq!(
            origin(simulated, true).as_deref(),
            Some("http://127.0.0.1:8000/")
        );
        for address in [
            simulated,
            "https://slack.com",
            "",
            "wss://",
            "file:///etc/passwd",
        ] {
            assert_eq!(origin(address, false), None, "{address}");
        }
    }
}
