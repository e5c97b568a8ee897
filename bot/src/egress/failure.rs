//! Why a connection did not come about, in words that help an operator and quote nothing.

use std::{error::Error, fmt, io};

use shared::domain::certificate::CertificateFault;

/// What stood in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    ProxyUnreachable,
    ProxyWantsPassword,
    ProxyRefused,
    Untrusted(CertificateFault),
    Tls,
    NoAnswer,
    Refused,
    Dropped,
    Other,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Untrusted(fault) if *fault != CertificateFault::Authority => return fault.fmt(f),
            Self::ProxyUnreachable => "the proxy of HTTPS_PROXY can't be reached",
            Self::ProxyWantsPassword => {
                "the proxy of HTTPS_PROXY wants a user name and password, or others than it was given"
            }
            Self::ProxyRefused => "the proxy of HTTPS_PROXY refused the tunnel",
            Self::Untrusted(_) => {
                "the certificate is not of a trusted authority: if a proxy opens TLS here, name its \
                 authority in CA_BUNDLE"
            }
            Self::Tls => "the TLS handshake failed",
            Self::NoAnswer => "nothing answers, or the name is not known",
            Self::Refused => "the connection was refused",
            Self::Dropped => "the connection was dropped",
            Self::Other => "the connection failed",
        })
    }
}

impl Error for Failure {}

impl Failure {
    /// The reason in an error's chain of causes.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(failure) = recognize(error) {
                return failure;
            }
            cause = error.source();
        }
        Self::Other
    }
}

fn recognize(error: &(dyn Error + 'static)) -> Option<Failure> {
    if let Some(known) = error.downcast_ref::<Failure>() {
        return Some(*known);
    }
    if let Some(tls) = error.downcast_ref() {
        return Some(match tls {
            rustls::Error::InvalidCertificate(fault) => Failure::Untrusted(fault.into()),
            _ => Failure::Tls,
        });
    }
    let Some(io) = error.downcast_ref::<io::Error>() else {
        // The connector's own error has no type that could be asked for.
        return error
            .to_string()
            .starts_with("dns error")
            .then_some(Failure::NoAnswer);
    };
    if let Some(inner) = io.get_ref() {
        // An io::Error's source passes its inner error over.
        let inner = Failure::of(inner);
        if inner != Failure::Other {
            return Some(inner);
        }
    }
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Some(Failure::Refused),
        io::ErrorKind::TimedOut
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable => Some(Failure::NoAnswer),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(Failure::Dropped),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_found_behind_wrappers() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::other(tls));
        assert_eq!(
            Failure::of(&wrapped),
            Failure::Untrusted(CertificateFault::Authority)
        );
        let refused = io::Error::other(Failure::ProxyRefused);
        assert_eq!(Failure::of(&refused), Failure::ProxyRefused);
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(Failure::of(&refused), Failure::Refused);
        assert_eq!(Failure::of(&io::Error::other("canary")), Failure::Other);
    }
}
