//! Connections: who may have one, for how long, and what is spoken on it.
//!
//! Every step that waits for the other side has its limit: the TLS handshake, a request's head, the
//! whole request (in [`service`](crate::service)), the pause between requests, and the connection
//! as a whole. poem's own server sets none for a request's head.

mod admission;
mod line;
mod places;
mod tls;

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{
    StatusCode, Version,
    body::Incoming,
    header::{self, HeaderValue},
    server::conn,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use poem::{
    Addr, Endpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use shared::operate::settings::RateLimit;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use admission::{Admission, Most, Peers};
use line::{Line, Watched};
pub(crate) use tls::{Certificate, TlsFiles};

use crate::{client_address::ClientAddresses, metrics::Metrics};

/// Longest TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Longest time for a request's head to arrive, and longest pause between two requests.
const HEAD: Duration = Duration::from_secs(10);

/// Largest head of a request in bytes, and most header fields. Nothing that we need is large: it is
/// the cookies that other pages of the same domain have set, which browsers send here too. They
/// keep up to 180 of 4,096 bytes each, and send all of them; what people meet is up to some tens of
/// kilobytes.
const HEAD_BYTES: usize = 64 * 1024;
const HEAD_FIELDS: usize = 256;

/// The same as HTTP/2 counts it: each field 32 bytes more than its name and value (RFC 9113,
/// section 10.5.1), and there browsers send each cookie as a field of its own, named `cookie`.
const HEAD_BYTES_HTTP2: usize = HEAD_BYTES + HEAD_FIELDS * 40;

/// Streams of one HTTP/2 connection at a time.
const STREAMS: u32 = 32;

/// How often an HTTP/2 peer is asked whether it is there, and how long it has to say so.
const PING_EVERY: Duration = Duration::from_secs(15);
const PONG_WITHIN: Duration = Duration::from_secs(10);

/// How long a connection may last: what it then says next is that it ends, as an idle one that ends
/// unannounced could cost the client the request that it sends just then.
const LIFE: Duration = Duration::from_mins(2);

/// How long a connection may take to end.
const GRACE: Duration = Duration::from_secs(15);

/// How much longer if a request is under way: more than one may take at all, and that is a burn
/// whose COMMIT has no answer.
const MORE_GRACE: Duration = Duration::from_mins(1);

/// Most bytes, about, that the operating system takes before it can send them: what it has taken
/// and the other side never gets is no more than that and what is under way.
const UNSENT: u32 = 4 * 1024;

/// Pause after an error of the system's, such as no file descriptor being left.
const PAUSE: Duration = Duration::from_millis(100);

/// What all listeners have in common.
#[derive(Clone)]
pub(crate) struct Connections {
    admission: Arc<Admission>,
    places: Arc<Semaphore>,
    metrics: Arc<Metrics>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Connections {
    pub(crate) fn new(
        addresses: Arc<ClientAddresses>,
        limit: RateLimit,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
    ) -> Self {
        let places = places::most();
        metrics.connection_places(places);
        Self {
            admission: Arc::new(Admission::new(addresses, Most::new(places, limit))),
            places: Arc::new(Semaphore::new(places)),
            metrics,
            tasks: TaskTracker::new(),
            stop,
        }
    }

    /// Answers whoever connects, until told to stop.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        served: Served<impl Endpoint + 'static>,
    ) {
        let served = Arc::new(served);
        while !self.stop.is_cancelled() {
            self.stop
                .run_until_cancelled(self.accept(&listener, &served))
                .await;
        }
    }

    /// Waits until every connection is closed: no longer than [`GRACE`] after the stop.
    pub(crate) async fn closed(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn accept<E: Endpoint + 'static>(&self, listener: &TcpListener, served: &Arc<Served<E>>) {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
            return;
        };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                return sleep(PAUSE).await;
            }
        };
        let admitted = match self.admission.admit(peer.ip(), served.transport.peers()) {
            Ok(admitted) => admitted,
            Err(refusal) => {
                self.metrics.connection_refused(refusal.code());
                tracing::debug!(reason = refusal.code(), "a connection was refused");
                return;
            }
        };
        let (open, stop, served) = (
            self.metrics.connection(),
            self.stop.clone(),
            Arc::clone(served),
        );
        self.tasks.spawn(async move {
            served.speak(stream, peer, &stop).await;
            drop((open, admitted, place));
        });
    }
}

/// How pages travel.
pub(crate) enum Transport {
    /// Unencrypted, to this machine and to our own proxies.
    Plain,
    /// Unencrypted, to anybody: for what is no secret.
    PlainForAll,
    /// Over TLS.
    Tls(Arc<Certificate>),
}

impl Transport {
    const fn peers(&self) -> Peers {
        match self {
            Self::Plain => Peers::OursOnly,
            Self::PlainForAll | Self::Tls(_) => Peers::Anybody,
        }
    }
}

/// What is answered on a listener.
pub(crate) struct Served<E> {
    pub(crate) transport: Transport,
    pub(crate) endpoint: E,
}

impl<E: Endpoint + 'static> Served<E> {
    async fn speak(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, stop: &CancellationToken) {
        // Answers are small: none waits for more to send with it.
        stream.set_nodelay(true).ok();
        SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT).ok();
        let Transport::Tls(certificate) = &self.transport else {
            return self.http1(stream, Scheme::HTTP, peer, stop).await;
        };
        let acceptor = TlsAcceptor::from(certificate.current());
        let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await else {
            tracing::debug!("a TLS handshake failed");
            return;
        };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            self.http2(stream, peer, stop).await;
        } else {
            self.http1(stream, Scheme::HTTPS, peer, stop).await;
        }
    }

    async fn http1(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        scheme: Scheme,
        peer: SocketAddr,
        stop: &CancellationToken,
    ) {
        let old = Instant::now() + LIFE;
        let line = Arc::new(Line::default());
        let driven = Arc::clone(&line);
        let stream = Watched {
            stream,
            line: Arc::clone(&line),
        };
        let connection = conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_headers(HEAD_FIELDS)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(
                TokioIo::new(stream),
                service_fn(move |request| {
                    let answer = Arc::clone(&self).answer(request, scheme.clone(), peer);
                    let asked = line.ask();
                    async move {
                        answer
                            .await
                            .map(|answer| last_when(asked.watch(answer), old))
                    }
                }),
            );
        // Whoever is idle when the connection is old has gone by then.
        drive(connection, &driven, LIFE + HEAD, stop).await;
    }

    async fn http2(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        stop: &CancellationToken,
    ) {
        let line = Arc::new(Line::default());
        let driven = Arc::clone(&line);
        let stream = Watched {
            stream,
            line: Arc::clone(&line),
        };
        let connection = conn::http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(HEAD_BYTES_HTTP2).unwrap_or(u32::MAX))
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PONG_WITHIN)
            .serve_connection(
                TokioIo::new(stream),
                service_fn(move |request| {
                    let answer = Arc::clone(&self).answer(request, Scheme::HTTPS, peer);
                    let asked = line.ask();
                    async move { answer.await.map(|answer| asked.watch(answer)) }
                }),
            );
        drive(connection, &driven, LIFE, stop).await;
    }

    async fn answer(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        scheme: Scheme,
        peer: SocketAddr,
    ) -> Result<hyper::Response<BoxBody>, Infallible> {
        if !names_one_host(&request) {
            return Ok(refused());
        }
        let peer = Addr::SocketAddr(peer);
        let request = (request, LocalAddr(peer.clone()), RemoteAddr(peer), scheme);
        Ok(self.endpoint.get_response(request.into()).await.into())
    }
}

/// Whether a request says which host it is for as HTTP/1.1 has it: once. A proxy and we could
/// disagree about any other. HTTP/1.0 need not say it, and HTTP/2 says it in the request's address.
/// Source: RFC 9112, section 3.2.
fn names_one_host<B>(request: &hyper::Request<B>) -> bool {
    request.version() != Version::HTTP_11
        || request.headers().get_all(header::HOST).iter().count() == 1
}

/// What hyper itself answers to what is no HTTP: an empty 400, after which the connection ends with
/// whatever came behind the request.
fn refused() -> hyper::Response<BoxBody> {
    let mut refused = hyper::Response::default();
    *refused.status_mut() = StatusCode::BAD_REQUEST;
    last(refused)
}

/// An answer that is the last on its connection if that is `old` already.
fn last_when(answer: hyper::Response<BoxBody>, old: Instant) -> hyper::Response<BoxBody> {
    if Instant::now() < old {
        return answer;
    }
    last(answer)
}

/// An answer after which the connection ends.
fn last(mut answer: hyper::Response<BoxBody>) -> hyper::Response<BoxBody> {
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(header::CONNECTION, close);
    answer
}

/// Runs a connection to its end: the client's, that of its life, or the program's.
async fn drive(
    connection: impl GracefulConnection,
    line: &Line,
    at_most: Duration,
    stop: &CancellationToken,
) {
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // What went wrong on a connection is the client's to know.
        _ = connection.as_mut() => return,
        () = sleep(at_most) => {}
        () = stop.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    let ended = timeout(GRACE, connection.as_mut()).await;
    if ended.is_err() && line.is_asked() {
        drop(timeout(MORE_GRACE, connection).await);
    }
}

/// A body as poem gives it to hyper.
type BoxBody = http_body_util::combinators::BoxBody<hyper::body::Bytes, std::io::Error>;

#[cfg(test)]
mod tests {
    use poem::{handler, http::StatusCode};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    #[handler]
    fn nothing() -> StatusCode {
        StatusCode::NO_CONTENT
    }

    fn connect() -> DuplexStream {
        let served = Arc::new(Served {
            transport: Transport::Plain,
            endpoint: nothing,
        });
        let (ours, theirs) = duplex(64 * 1024);
        tokio::spawn(async move {
            let stop = CancellationToken::new();
            let peer = SocketAddr::from(([127, 0, 0, 1], 1));
            served.http1(theirs, Scheme::HTTP, peer, &stop).await;
        });
        ours
    }

    /// The head of the answer; empty at the connection's end.
    async fn ask(client: &mut DuplexStream) -> String {
        let sent = client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        sent.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match client.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        String::from_utf8(head).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_connection_says_that_it_ends() {
        let begun = Instant::now();
        let mut client = connect();
        loop {
            let head = ask(&mut client).await;
            assert!(head.starts_with("HTTP/1.1 204"), "{head}");
            let is_old = begun.elapsed() >= LIFE;
            assert_eq!(head.contains("connection: close"), is_old, "{head}");
            if is_old {
                break;
            }
            sleep(HEAD / 2).await;
        }
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_ends() {
        let begun = Instant::now();
        let mut client = connect();
        ask(&mut client).await;
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        assert!(begun.elapsed() < HEAD * 2);
    }
}
