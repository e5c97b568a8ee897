//! Connections: who may have one, for how long, and what is spoken on it.
//!
//! Every step that waits for the other side has its limit: the TLS handshake, a request's head, the
//! whole request (in [`service`](crate::service)), the pause between requests, and the connection as
//! a whole. poem's own server sets none for a request's head.

mod admission;
mod tls;

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{body::Incoming, server::conn, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use poem::{
    Addr, Endpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use admission::Admission;
use admission::Peers;
pub(crate) use tls::{Certificate, TlsFiles};

use crate::metrics::Metrics;

/// Connections at a time, of all listeners together; more wait to be accepted.
const AT_A_TIME: usize = 2048;

/// Longest TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Longest time for a request's head to arrive, and longest pause between two requests.
const HEAD: Duration = Duration::from_secs(10);

/// Largest head of a request in bytes, and most header fields.
const HEAD_BYTES: usize = 16 * 1024;
const HEAD_FIELDS: usize = 64;

/// Streams of one HTTP/2 connection at a time.
const STREAMS: u32 = 32;

/// How often an HTTP/2 peer is asked whether it is there, and how long it has to say so.
const PING_EVERY: Duration = Duration::from_secs(15);
const PONG_WITHIN: Duration = Duration::from_secs(10);

/// How long a connection may last. What runs on it then is finished.
const LIFE: Duration = Duration::from_mins(2);

/// How long requests under way may take at a connection's end: more than one may take at all.
const GRACE: Duration = Duration::from_secs(15);

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
        admission: Admission,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            admission: Arc::new(admission),
            places: Arc::new(Semaphore::new(AT_A_TIME)),
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
            tokio::select! {
                () = self.accept(&listener, &served) => {}
                () = self.stop.cancelled() => {}
            }
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
        let connection = conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_headers(HEAD_FIELDS)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(
                TokioIo::new(stream),
                service_fn(move |request| Arc::clone(&self).answer(request, scheme.clone(), peer)),
            );
        drive(connection, stop).await;
    }

    async fn http2(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        stop: &CancellationToken,
    ) {
        let connection = conn::http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PONG_WITHIN)
            .serve_connection(
                TokioIo::new(stream),
                service_fn(move |request| Arc::clone(&self).answer(request, Scheme::HTTPS, peer)),
            );
        drive(connection, stop).await;
    }

    async fn answer(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        scheme: Scheme,
        peer: SocketAddr,
    ) -> Result<hyper::Response<BoxBody>, Infallible> {
        let peer = Addr::SocketAddr(peer);
        let request = (request, LocalAddr(peer.clone()), RemoteAddr(peer), scheme);
        Ok(self.endpoint.get_response(request.into()).await.into())
    }
}

/// Runs a connection to its end: the client's, that of its life, or the program's.
async fn drive(connection: impl GracefulConnection, stop: &CancellationToken) {
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // What went wrong on a connection is the client's to know.
        _ = connection.as_mut() => return,
        () = sleep(LIFE) => {}
        () = stop.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    drop(timeout(GRACE, connection).await);
}

/// A body as poem gives it to hyper.
type BoxBody = http_body_util::combinators::BoxBody<hyper::body::Bytes, std::io::Error>;
