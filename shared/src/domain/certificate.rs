//! What can be wrong with a certificate, in words that help an operator.

use std::fmt;

use rustls::CertificateError;

/// Why a certificate is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// It is past its end, or before its beginning.
    Time,
    /// It is for another name.
    Name,
    /// Nobody who is trusted signed it, or something else is wrong with it.
    Authority,
}

impl From<&CertificateError> for CertificateFault {
    fn from(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::Time,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::Name
            }
            _ => Self::Authority,
        }
    }
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => {
                "the certificate has ended or not begun: it wants renewing, or this machine's clock is wrong"
            }
            Self::Name => "the certificate is for another name",
            Self::Authority => "the certificate is not of a trusted authority",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_time_and_name_are_told_from_strangers() {
        for (error, fault) in [
            (CertificateError::Expired, CertificateFault::Time),
            (CertificateError::NotValidYet, CertificateFault::Time),
            (CertificateError::NotValidForName, CertificateFault::Name),
            (CertificateError::UnknownIssuer, CertificateFault::Authority),
            (CertificateError::BadEncoding, CertificateFault::Authority),
        ] {
            assert_eq!(CertificateFault::from(&error), fault);
        }
    }
}
