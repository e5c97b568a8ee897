//! Proof that a link's page was seen: the page signs when it was made, and only a request that
//! brings the signature back opens the secret.
//!
//! It keeps out what posts to the page without having seen it. That a secret opens once does not
//! rest on it.

use std::{net::IpAddr, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use super::{MasterKeys, TokenHash, derive};
use crate::domain::clock::Timestamp;

/// How long a confirmation is good for. Whoever takes longer is asked again.
pub const CONFIRMATION_LIFE: Duration = Duration::from_mins(5);

/// Bytes of the instant in a confirmation, and of the whole: HMAC-SHA256 gives 32.
const INSTANT_LEN: usize = 8;
const LEN: usize = INSTANT_LEN + 32;

/// Every master key has one of its own, so reveal-webs whose rings differ while keys are rotated
/// understand each other.
const LABEL: &[u8] = b"confirmation/1";

/// Tells what stands for a confirmation from what else is hashed.
const BY_LABEL: &[u8] = b"confirmed-by/1";

/// A confirmation that was checked. It goes with a press of the button: it is not printed.
#[derive(Clone, Copy)]
pub struct Confirmed {
    /// When its page was made.
    pub at: Timestamp,
    bytes: [u8; LEN],
}

/// Stands for a confirmation as one browser at one address sent it: SHA-256. Nobody gets an address
/// back out of it, as nobody can guess the signature that went in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfirmedBy([u8; 32]);

impl Confirmed {
    /// What stands for it when it comes from this address and from a browser of this name.
    #[must_use]
    pub fn by(&self, address: Option<IpAddr>, user_agent: Option<&str>) -> ConfirmedBy {
        let mut hash = Sha256::new_with_prefix(BY_LABEL);
        hash.update(self.bytes);
        // Either 16 bytes or none, and how many; what comes last needs no length.
        match address {
            None => hash.update([0]),
            Some(IpAddr::V4(address)) => {
                hash.update([16]);
                hash.update(address.to_ipv6_mapped().octets());
            }
            Some(IpAddr::V6(address)) => {
                hash.update([16]);
                hash.update(address.octets());
            }
        }
        hash.update([u8::from(user_agent.is_some())]);
        hash.update(user_agent.unwrap_or_default());
        ConfirmedBy(hash.finalize().into())
    }
}

impl ConfirmedBy {
    /// The 32 bytes, as the database stores them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

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

    /// Checks a [confirmation](Self::confirm) of this link under every key of the ring; `None` for
    /// a forged one or one of another link. Compared in constant time.
    #[must_use]
    pub fn confirmed(&self, link: &TokenHash, confirmation: &str) -> Option<Confirmed> {
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
        let at = Timestamp::from_millis(millis);
        genuine.then_some(Confirmed { at, bytes })
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

    fn confirmed_at(ring: &MasterKeys, link: &TokenHash, confirmation: &str) -> Option<Timestamp> {
        ring.confirmed(link, confirmation)
            .map(|confirmed| confirmed.at)
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
            assert_eq!(confirmed_at(&ring, &link('A'), &confirmation), Some(AT));
            assert_eq!(confirmed_at(&ring, &link('B'), &confirmation), None);
        }
        assert_eq!(
            confirmed_at(&ring(SECOND), &link('A'), &confirmation),
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
            assert_eq!(confirmed_at(&ring, &link('A'), &forged), None, "bit {bit}");
        }
        let good = URL_SAFE_NO_PAD.encode(good);
        for forged in [
            "",
            "A",
            &good[1..],
            &format!("{good}A"),
            &format!("{good}="),
        ] {
            assert_eq!(confirmed_at(&ring, &link('A'), forged), None, "{forged}");
        }
    }

    /// Computed with Python's hashlib.
    #[test]
    fn what_stands_for_a_confirmation_never_changes_its_form() {
        let ring = ring(FIRST);
        let confirmed = ring
            .confirmed(&link('A'), &ring.confirm(&link('A'), AT))
            .unwrap();
        let address = Some(IpAddr::from([192, 0, 2, 7]));
        let by = confirmed.by(address, Some("Browser/1"));
        let expected = "5f9ea49b2ef3c83078706fccd675c9d3bc0604737e9c78525ca8fb9ab20d8ab0";
        assert_eq!(hex::encode(by.as_bytes()), expected);
    }

    #[test]
    fn it_stands_for_one_page_one_address_and_one_browser() {
        let ring = ring(FIRST);
        let confirmed = |at: i64| {
            let at = Timestamp::from_millis(at);
            let confirmation = ring.confirm(&link('A'), at);
            ring.confirmed(&link('A'), &confirmation).unwrap()
        };
        let address = |text: &str| Some(text.parse().unwrap());
        let mut all = Vec::new();
        for at in [1, 2] {
            for address in [
                None,
                address("192.0.2.7"),
                address("192.0.2.8"),
                address("2001:db8::7"),
                address("::"),
            ] {
                for browser in [None, Some(""), Some("a"), Some("\u{0}a")] {
                    all.push(confirmed(at).by(address, browser));
                }
            }
        }
        for (index, by) in all.iter().enumerate() {
            assert!(!all[..index].contains(by), "{index}");
        }
        assert_eq!(
            confirmed(1).by(address("192.0.2.7"), Some("a")),
            confirmed(1).by(address("192.0.2.7"), Some("a")),
        );
    }
}
