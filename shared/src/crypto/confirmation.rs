//! Proof that a link's page was seen: the page signs when it was made, and only a request that
//! brings the signature back opens the secret.
//!
//! It keeps out what posts to the page without having seen it. That a secret opens once does not
//! rest on it.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{MasterKeys, TokenHash, derive};
use crate::clock::Timestamp;

/// How long a confirmation is good for. Whoever takes longer is asked again.
pub const CONFIRMATION_LIFE: Duration = Duration::from_mins(5);

/// Bytes of the instant in a confirmation, and of the whole: HMAC-SHA256 gives 32.
const INSTANT_LEN: usize = 8;
const LEN: usize = INSTANT_LEN + 32;

/// Every master key has one of its own, so reveal-webs whose rings differ while keys are rotated
/// understand each other.
const LABEL: &[u8] = b"confirmation/1";

impl MasterKeys {
    /// Confirms that the page of this link was made at this instant: 54 characters of base64url.
    #[must_use]
    pub fn confirm(&self, link: &TokenHash, at: Timestamp) -> String {
        let (_, primary) = self.0.primary();
        let key = derive::mac_key(primary, LABEL);
        let mut confirmation = Vec::with_capacity(LEN);
        confirmation.extend_from_slice(&at.as_millis().to_be_bytes());
        if let Some(mac) = mac(key.as_slice(), link, &confirmation) {
            confirmation.extend_from_slice(&mac.finalize().into_bytes());
        }
        URL_SAFE_NO_PAD.encode(confirmation)
    }

    /// When the page of this link was made, from a [confirmation](Self::confirm) under any key of
    /// the ring; `None` for a forged one or one of another link. Compared in constant time.
    #[must_use]
    pub fn confirmed_at(&self, link: &TokenHash, confirmation: &str) -> Option<Timestamp> {
        let mut bytes = [0; LEN];
        let written = URL_SAFE_NO_PAD
            .decode_slice(confirmation, &mut bytes)
            .ok()?;
        if written != LEN {
            return None;
        }
        let (instant, tag) = bytes.split_at(INSTANT_LEN);
        let genuine = self.0.keys().any(|key| {
            let key = derive::mac_key(key, LABEL);
            mac(key.as_slice(), link, instant).is_some_and(|mac| mac.verify_slice(tag).is_ok())
        });
        let millis = i64::from_be_bytes(instant.try_into().ok()?);
        genuine.then_some(Timestamp::from_millis(millis))
    }
}

/// Over the link's hash, which has a fixed size, and the instant. HMAC (RFC 2104) takes keys of any
/// length, so there is no error to expect.
fn mac(key: &[u8], link: &TokenHash, instant: &[u8]) -> Option<Hmac<Sha256>> {
    let mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    Some(mac.chain_update(link.as_bytes()).chain_update(instant))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::crypto::LinkToken;

    const FIRST: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const SECOND: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
    const AT: Timestamp = Timestamp::from_millis(1_795_460_580_000);

    fn ring(keys: &str) -> MasterKeys {
        MasterKeys::parse(&SecretString::from(keys)).unwrap()
    }

    fn link(first: char) -> TokenHash {
        let rest = "AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        LinkToken::parse(&format!("{first}{rest}")).unwrap().hash()
    }

    /// RFC 4231, test case 2.
    #[test]
    fn the_mac_is_hmac_sha256() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex::encode(mac.finalize().into_bytes()), expected);
    }

    /// Computed with Python's hmac and hashlib, HKDF by hand after RFC 5869.
    #[test]
    fn a_confirmation_never_changes_its_form() {
        let expected = "AAABognKQqBvUZ7XQ3hqKQ6xG8D6fAx_G1XxVNjhIubuTRpcLSH5UQ";
        assert_eq!(ring(FIRST).confirm(&link('A'), AT), expected);
    }

    #[test]
    fn it_is_good_for_its_link_under_every_key_of_the_ring() {
        let confirmation = ring(FIRST).confirm(&link('A'), AT);
        for keys in [
            FIRST.to_owned(),
            format!("{FIRST},{SECOND}"),
            format!("{SECOND},{FIRST}"),
        ] {
            let ring = ring(&keys);
            assert_eq!(ring.confirmed_at(&link('A'), &confirmation), Some(AT));
            assert_eq!(ring.confirmed_at(&link('B'), &confirmation), None);
        }
        assert_eq!(
            ring(SECOND).confirmed_at(&link('A'), &confirmation),
            None,
            "another ring"
        );
    }

    #[test]
    fn no_changed_bit_goes_unnoticed() {
        let ring = ring(FIRST);
        let good = URL_SAFE_NO_PAD
            .decode(ring.confirm(&link('A'), AT))
            .unwrap();
        assert_eq!(good.len(), LEN);
        for bit in 0..LEN * 8 {
            let mut forged = good.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let forged = URL_SAFE_NO_PAD.encode(forged);
            assert_eq!(ring.confirmed_at(&link('A'), &forged), None, "bit {bit}");
        }
        let good = URL_SAFE_NO_PAD.encode(good);
        for forged in [
            "",
            "A",
            &good[1..],
            &format!("{good}A"),
            &format!("{good}="),
        ] {
            assert_eq!(ring.confirmed_at(&link('A'), forged), None, "{forged}");
        }
    }
}
