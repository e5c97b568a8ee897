//! Fernet, without its clock: a lifetime is the database's business.

use fernet::Fernet;
use zeroize::Zeroizing;

use crate::domain::clock::Timestamp;

/// Why a sealed text did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The ring has no key with the id that it was sealed under.
    #[error("the key it was sealed under is not in the key ring")]
    UnknownKey,
    /// It was changed, or belongs to another key, link, row, purpose or expiry.
    #[error("it does not belong to this key, link and row, or was changed")]
    Refused,
    /// It opened, to something that was never sealed as such.
    #[error("its content has the wrong form")]
    Malformed,
}

impl OpenError {
    /// The word for the audit log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown_key",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
        }
    }
}

/// Seals into a standard Fernet token, stamped with the database's time.
pub(super) fn seal(key: &str, plaintext: &[u8], now: Timestamp) -> Option<Vec<u8>> {
    let fernet = Fernet::new(key)?;
    Some(
        fernet
            .encrypt_at_time(plaintext, now.as_secs())
            .into_bytes(),
    )
}

/// Opens a standard Fernet token, whatever its own timestamp says.
///
/// The crate refuses tokens from more than 60 s ahead even without a lifetime; as hosts' clocks may
/// differ by more, the latest possible time is given as now.
pub(super) fn open(key: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    const NO_CLOCK: u64 = i64::MAX.unsigned_abs();
    let fernet = Fernet::new(key).ok_or(OpenError::Refused)?;
    let token = std::str::from_utf8(sealed).map_err(|_| OpenError::Refused)?;
    fernet
        .decrypt_at_time(token, None, NO_CLOCK)
        .map(Zeroizing::new)
        .map_err(|_| OpenError::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

    /// `verify.json` of the Fernet spec, and its `generate.json`, which is the same token.
    #[test]
    fn the_published_token_opens() {
        let token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
        assert_eq!(open(KEY, token.as_bytes()).unwrap().as_slice(), b"hello");
    }

    /// The trail keeps these words for as long as it is kept.
    #[test]
    fn the_words_for_the_audit_log_never_change() {
        let errors = [
            OpenError::UnknownKey,
            OpenError::Refused,
            OpenError::Malformed,
        ];
        let words = errors.map(OpenError::code);
        assert_eq!(words, ["unknown_key", "refused", "malformed"]);
    }

    /// `invalid.json` of the Fernet spec, without the two cases that are about its own lifetime.
    #[test]
    fn the_published_invalid_tokens_are_refused() {
        let cases = [
            (
                "incorrect mac",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==",
            ),
            (
                "too short",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==",
            ),
            (
                "invalid base64",
                "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
            ),
            (
                "payload size not multiple of block size",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm",
            ),
            (
                "payload padding error",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==",
            ),
            (
                "incorrect IV (causes padding error)",
                "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==",
            ),
        ];
        for (name, token) in cases {
            assert_eq!(
                open(KEY, token.as_bytes()).unwrap_err(),
                OpenError::Refused,
                "{name}"
            );
        }
    }

    #[test]
    fn a_token_from_the_future_opens() {
        let next_year = Timestamp::from_millis(4_000_000_000_000);
        let sealed = seal(KEY, b"hello", next_year).unwrap();
        assert_eq!(open(KEY, &sealed).unwrap().as_slice(), b"hello");
    }
}
