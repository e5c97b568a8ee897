//! Whose certificates are believed: the system's authorities, and the operator's own.

use std::{sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    pki_types::{CertificateDer, UnixTime, pem::PemObject as _},
    time_provider::{DefaultTimeProvider, TimeProvider},
};
use shared::operate::settings::CaBundle;

/// Why nobody, or not the operator's authority, can be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TrustError {
    #[error(
        "this system knows no certificate authority: install the package ca-certificates, or name \
         a PEM file in CA_BUNDLE"
    )]
    Nobody,
    #[error("CA_BUNDLE: {path} holds no certificate in PEM form that can be used")]
    Unusable { path: String },
}

/// The authorities to trust. Ones of the system's that can't be parsed are passed over; of the
/// operator's every one must be good.
pub(super) fn roots(bundle: Option<&CaBundle>) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(system.certs);
    if let Some(bundle) = bundle {
        add(&mut roots, bundle.pem()).ok_or_else(|| TrustError::Unusable {
            path: bundle.path().display().to_string(),
        })?;
    }
    if roots.is_empty() {
        return Err(TrustError::Nobody);
    }
    Ok(roots)
}

/// A client of TLS whose clock is ahead.
pub(super) fn client_at(roots: Arc<RootCertStore>, later: Duration) -> ClientConfig {
    let mut client = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.time_provider = Arc::new(Ahead(later));
    // A session of before would be taken up again without a look at the certificate.
    client.resumption = Resumption::disabled();
    client
}

/// The clock, so much ahead.
#[derive(Debug)]
struct Ahead(Duration);

impl TimeProvider for Ahead {
    fn current_time(&self) -> Option<UnixTime> {
        let now = DefaultTimeProvider.current_time()?;
        let ahead = Duration::from_secs(now.as_secs()) + self.0;
        Some(UnixTime::since_unix_epoch(ahead))
    }
}

fn add(roots: &mut RootCertStore, pem: &[u8]) -> Option<()> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .ok()?;
    if certificates.is_empty() {
        return None;
    }
    certificates
        .into_iter()
        .try_for_each(|certificate| roots.add(certificate).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_without_a_certificate_is_refused() {
        let mut roots = RootCertStore::empty();
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for pem in ["", "no certificate", broken] {
            assert!(add(&mut roots, pem.as_bytes()).is_none(), "{pem}");
        }
    }
}
