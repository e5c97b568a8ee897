//! The certificate, read again when its files change: renewals need no restart.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::{
    ServerConfig,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject as _},
    },
    version::{TLS12, TLS13},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Where certificate and key are.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// Why there is no certificate to serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("can't be read: {0}")]
    CertUnreadable(io::Error),
    #[error("can't be read: {0}")]
    KeyUnreadable(io::Error),
    #[error("is no PEM file with certificates")]
    NoCertificate,
    #[error("is no PEM file with a private key")]
    NoKey,
    #[error("can't be used together with TLS_KEY: {0}")]
    Unusable(rustls::Error),
}

impl TlsError {
    /// Whether the key's file is what has to be mended.
    pub(crate) const fn is_about_the_key(&self) -> bool {
        matches!(self, Self::KeyUnreadable(_) | Self::NoKey)
    }
}

/// The certificate that is served at present.
pub(crate) struct Certificate {
    files: TlsFiles,
    read_at: RwLock<Stamps>,
    current: RwLock<Arc<ServerConfig>>,
}

impl Certificate {
    /// Reads the files.
    pub(crate) fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let read_at = RwLock::new(stamps(&files));
        let current = RwLock::new(configure(&files)?);
        Ok(Self {
            files,
            read_at,
            current,
        })
    }

    /// The server's own certificate, as its file has it now.
    pub(crate) fn first(&self) -> Option<CertificateDer<'static>> {
        certificates(&self.files.cert).ok()?.into_iter().next()
    }

    /// What new connections are served with.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// Reads the files again whenever they change. What can't be used is told to the operator, and
    /// the certificate before it is served on.
    pub(crate) async fn watch(self: Arc<Self>, stop: CancellationToken) {
        loop {
            if stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_none() {
                return;
            }
            let certificate = Arc::clone(&self);
            // Reading files can block; it ends by itself.
            if let Err(error) = tokio::task::spawn_blocking(move || certificate.refresh()).await {
                tracing::error!(%error, "the certificate could not be looked at");
            }
        }
    }

    fn refresh(&self) {
        let now = stamps(&self.files);
        let mut read_at = self.read_at.write().unwrap_or_else(PoisonError::into_inner);
        if *read_at == now {
            return;
        }
        *read_at = now;
        match configure(&self.files) {
            Ok(config) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
                tracing::info!("the certificate was read again");
            }
            Err(error) => {
                let setting = if error.is_about_the_key() {
                    "TLS_KEY"
                } else {
                    "TLS_CERT"
                };
                tracing::error!(%error, setting, "the new certificate is not served, the old one is");
            }
        }
    }
}

/// When each file was changed last, and its size.
type Stamps = [Option<(SystemTime, u64)>; 2];

fn stamps(files: &TlsFiles) -> Stamps {
    [&files.cert, &files.key].map(|path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

/// TLS 1.2 and 1.3 only, without client certificates, HTTP/2 before HTTP/1.1.
fn configure(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_protocol_versions(&[&TLS13, &TLS12])
        .with_no_client_auth()
        .with_single_cert(certificates(&files.cert)?, key(&files.key)?)
        .map_err(TlsError::Unusable)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = fs::read(path).map_err(TlsError::CertUnreadable)?;
    let certificates: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&pem).collect();
    certificates
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or(TlsError::NoCertificate)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = Zeroizing::new(fs::read(path).map_err(TlsError::KeyUnreadable)?);
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| TlsError::NoKey)
}

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;
    use tempfile::TempDir;

    use super::*;

    fn files(folder: &TempDir) -> TlsFiles {
        let names = ["localhost".to_owned()];
        let made = generate_simple_self_signed(names).unwrap();
        let files = TlsFiles {
            cert: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
        };
        fs::write(&files.cert, made.cert.pem()).unwrap();
        fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        files
    }

    fn provide() {
        shared::operate::lifecycle::install_tls_provider();
    }

    #[test]
    fn each_mistake_names_the_file_to_mend() {
        provide();
        let folder = tempfile::tempdir().unwrap();
        let good = files(&folder);
        assert!(Certificate::load(good.clone()).is_ok());
        let error = |files: TlsFiles| match Certificate::load(files) {
            Ok(_) => panic!("loaded"),
            Err(error) => error,
        };
        let nowhere = PathBuf::from("/nowhere/at/all.pem");
        let without_cert = error(TlsFiles {
            cert: nowhere.clone(),
            ..good.clone()
        });
        assert!(matches!(without_cert, TlsError::CertUnreadable(_)));
        let without_key = error(TlsFiles {
            key: nowhere,
            ..good.clone()
        });
        assert!(matches!(without_key, TlsError::KeyUnreadable(_)));
        let swapped = TlsFiles {
            cert: good.key.clone(),
            key: good.cert.clone(),
        };
        assert!(matches!(error(swapped), TlsError::NoCertificate));
        let other = tempfile::tempdir().unwrap();
        let mixed = TlsFiles {
            key: files(&other).key,
            ..good
        };
        assert!(matches!(error(mixed), TlsError::Unusable(_)));
    }

    #[test]
    fn a_renewed_certificate_is_served_and_a_broken_one_is_not() {
        provide();
        let folder = tempfile::tempdir().unwrap();
        let certificate = Certificate::load(files(&folder)).unwrap();
        let first = certificate.current();
        certificate.refresh();
        assert!(Arc::ptr_eq(&first, &certificate.current()), "unchanged");
        files(&folder);
        *certificate.read_at.write().unwrap() = [None, None];
        certificate.refresh();
        let second = certificate.current();
        assert!(!Arc::ptr_eq(&first, &second), "renewed");
        fs::write(&certificate.files.cert, "half a file").unwrap();
        certificate.refresh();
        assert!(
            Arc::ptr_eq(&second, &certificate.current()),
            "served on while the new one is broken"
        );
    }
}
