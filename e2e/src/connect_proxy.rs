//! The only way out of a firewall: an HTTP proxy that tunnels by CONNECT, and behind it Slack's
//! names, with certificates of a private authority.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring::default_provider,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// A running proxy.
pub struct ConnectProxy {
    /// Where it listens.
    pub address: SocketAddr,
    /// The authority's certificate, as a PEM file holds it.
    pub authority: String,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: AbortHandle,
}

struct Inside {
    /// What must stand in `Proxy-Authorization`.
    credentials: String,
    /// Where each host and port really is, without TLS.
    hosts: HashMap<String, SocketAddr>,
    tls: TlsAcceptor,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    /// Starts a proxy for these hosts (`name:port` and where they really are). `credentials` is
    /// what follows `Basic `.
    pub async fn start(credentials: &str, hosts: &[(&str, SocketAddr)]) -> Self {
        let names = hosts
            .iter()
            .map(|(host, _)| host.split(':').next().unwrap().to_owned());
        let (authority, tls) = certify(names.collect());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let inside = Arc::new(Inside {
            credentials: format!("Basic {credentials}"),
            hosts: hosts
                .iter()
                .map(|(host, at)| ((*host).to_owned(), *at))
                .collect(),
            tls,
            asked: Arc::clone(&asked),
        });
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&inside).serve(stream));
            }
        });
        Self {
            address,
            authority,
            asked,
            accepting: accepting.abort_handle(),
        }
    }

    /// The hosts that were asked for, each as often as it was.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for ConnectProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Inside {
    async fn serve(self: Arc<Self>, mut stream: TcpStream) -> Option<()> {
        let request = head(&mut stream).await?;
        let mut lines = request.lines();
        let host = lines.next()?.strip_prefix("CONNECT ")?.split(' ').next()?;
        self.asked.lock().unwrap().push(host.to_owned());
        let authorized = lines.any(|line| {
            let (name, value) = line.split_once(": ").unwrap_or_default();
            name.eq_ignore_ascii_case("proxy-authorization") && value == self.credentials
        });
        let refusal = match self.hosts.get(host) {
            _ if !authorized => "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            None => "HTTP/1.1 502 Bad Gateway\r\n\r\n",
            Some(at) => {
                stream
                    .write_all(b"HTTP/1.1 200 Connected\r\n\r\n")
                    .await
                    .ok()?;
                let mut outside = self.tls.accept(stream).await.ok()?;
                let mut inside = TcpStream::connect(at).await.ok()?;
                copy_bidirectional(&mut outside, &mut inside).await.ok()?;
                return Some(());
            }
        };
        stream.write_all(refusal.as_bytes()).await.ok()
    }
}

/// A request up to its empty line.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// A private authority, and a server certificate of its for these names.
fn certify(names: Vec<String>) -> (String, TlsAcceptor) {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = parameters.self_signed(&key).unwrap();
    let issuer = Issuer::new(parameters, key);
    let server_key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names)
        .unwrap()
        .signed_by(&server_key, &issuer)
        .unwrap();
    let private_key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private_key)
        .unwrap();
    (authority.pem(), TlsAcceptor::from(Arc::new(config)))
}
