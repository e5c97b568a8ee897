//! Opening a connection: ask for an address, shake hands. Each step has its timeout.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{self, error::ProtocolError, protocol::WebSocketConfig},
};

use crate::slack::{Slack, SlackError};

/// Longest wait for TCP, TLS and WebSocket handshakes together.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest message taken: a dialog with all its fields full has some 60 kB.
const MAX_MESSAGE: usize = 1024 * 1024;

pub(super) type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Slack(#[from] SlackError),
    #[error("the WebSocket handshake took more than {} s", HANDSHAKE_TIMEOUT.as_secs())]
    HandshakeTimedOut,
    /// The library's error can hold the address with its ticket.
    #[error("the WebSocket handshake failed ({0})")]
    Handshake(&'static str),
    #[error("Slack did not say hello in time")]
    NoHello,
}

impl OpenError {
    /// Whether no retry mends it.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self, Self::Slack(error) if error.is_fatal())
    }

    /// How long Slack wants to be left alone.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Slack(error) => error.retry_after(),
            _ => None,
        }
    }
}

/// Opens a WebSocket.
pub(super) async fn open(slack: &Slack) -> Result<Stream, OpenError> {
    let address = slack.open_connection().await?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let no_delay = true;
    let handshake = connect_async_with_config(address.expose_secret(), Some(config), no_delay);
    match timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(error)) => Err(OpenError::Handshake(kind(&error))),
        Err(_) => Err(OpenError::HandshakeTimedOut),
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
