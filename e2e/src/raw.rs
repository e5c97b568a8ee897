//! HTTP by hand: for requests that no well-behaved client sends.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore, SupportedProtocolVersion,
        pki_types::{CertificateDer, ServerName},
    },
};

/// Longest wait for a server to say something or to hang up.
const PATIENCE: Duration = Duration::from_mins(1);

/// Connects from an address of loopback, e.g. `127.0.0.2`, as another client.
pub async fn connect_from(source: &str, url: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{source}:0").parse().unwrap()).unwrap();
    socket.connect(address(url)).await.unwrap()
}

/// Connects over TLS to what calls itself `localhost`, trusting one certificate.
pub async fn connect_tls(
    url: &str,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address(url)).await?;
    over_tls(stream, trusted, versions, protocol).await
}

/// The same over a connection that is there.
pub async fn over_tls(
    stream: TcpStream,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_protocol_versions(versions)
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

fn address(url: &str) -> SocketAddr {
    let (_, address) = url.split_once("://").unwrap();
    address.parse().unwrap()
}

/// Sends bytes and reads what comes until the server hangs up.
pub async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> String {
    // A server may hang up before it has read everything.
    stream.write_all(request).await.ok();
    read_to_end(&mut stream).await
}

/// What comes until the server hangs up.
pub async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    // An abrupt end is an end.
    timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("the server neither answers nor hangs up")
        .ok();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends one byte after the other with a pause between, until the server hangs up or answers; how
/// long that took, and the answer.
pub async fn drip(mut stream: TcpStream, head: &str, pause: Duration) -> (Duration, String) {
    let begun = Instant::now();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 1024];
    while begun.elapsed() < PATIENCE {
        if stream.write_all(b"x").await.is_err() {
            break;
        }
        if let Ok(read) = timeout(pause, stream.read(&mut first)).await {
            let length = read.unwrap_or(0);
            let answer = String::from_utf8_lossy(&first[..length]).into_owned();
            return (begun.elapsed(), answer);
        }
    }
    (begun.elapsed(), String::new())
}

/// Cookies as other pages of the same domain set them: so many bytes in all, in cookies of so many
/// each, name and value.
#[must_use]
pub fn cookies(total: usize, each: usize) -> Vec<String> {
    let cookie = |number: usize| {
        let name = format!("cookie-{number:03}=");
        let length = each.min(total - number * each);
        let value = "x".repeat(length.saturating_sub(name.len()));
        name + &value
    };
    (0..total.div_ceil(each)).map(cookie).collect()
}

/// The body of an answer by HTTP/2, to its end.
pub async fn read_http2(mut body: h2::RecvStream) -> String {
    let mut text = Vec::new();
    while let Some(part) = body.data().await {
        let part = part.unwrap();
        body.flow_control().release_capacity(part.len()).unwrap();
        text.extend_from_slice(&part);
    }
    String::from_utf8(text).unwrap()
}
