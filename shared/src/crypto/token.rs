//! The link token: the half of a secret's key that only the recipient has.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{NoEntropy, random::Random};

/// 32 bytes of the operating system's generator. They stand in the link and nowhere else.
pub struct LinkToken(Random);

impl LinkToken {
    /// Size in bytes.
    pub const LEN: usize = Random::LEN;
    /// Length of [`encode`](Self::encode)'s text in characters.
    pub const ENCODED_LEN: usize = 43;

    /// A fresh token.
    pub fn generate() -> Result<Self, NoEntropy> {
        Random::generate().map(Self)
    }

    /// Reads a token from a link. Only the one text that [`encode`](Self::encode) gives is taken:
    /// 43 characters of base64url without padding, no spare bits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != Self::ENCODED_LEN {
            return None;
        }
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        let written = URL_SAFE_NO_PAD
            .decode_slice(text, bytes.as_mut_slice())
            .ok()?;
        Self::from_slice(&bytes[..written])
    }

    /// The token as it stands in the link: base64url without padding (RFC 4648, section 5).
    #[must_use]
    pub fn encode(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.as_bytes()))
    }

    /// What the database knows the token by.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.as_bytes()).into())
    }

    pub(super) fn as_bytes(&self) -> &[u8; Self::LEN] {
        self.0.as_bytes()
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        Random::from_slice(bytes).map(Self)
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken([redacted])")
    }
}

/// SHA-256 of a token's 32 bytes: finds a secret, opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash([redacted])")
    }
}

impl TokenHash {
    pub(super) const fn of(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// As the database stores it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_from_its_text() {
        let token = LinkToken::generate().unwrap();
        let text = token.encode();
        assert_eq!(text.len(), LinkToken::ENCODED_LEN);
        assert!(LinkToken::parse(&text).unwrap().hash() == token.hash());
        assert_eq!(format!("{token:?}"), "LinkToken([redacted])");
    }

    #[test]
    fn tokens_differ() {
        let (one, other) = (
            LinkToken::generate().unwrap(),
            LinkToken::generate().unwrap(),
        );
        assert!(one.hash() != other.hash());
    }

    #[test]
    fn only_the_one_spelling_is_a_token() {
        let good = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        assert!(LinkToken::parse(good).is_some());
        let malformed = [
            String::new(),
            good[1..].to_owned(),
            format!("{good}A"),
            format!("{good}="),
            format!("{}9", &good[..42]), // spare bits set
            format!("{}%", &good[..42]),
            format!("{}+", &good[..42]),
            format!("{}é", &good[..41]),
            format!(" {}", &good[..42]),
            format!("{good}{good}"),
        ];
        for text in malformed {
            assert!(LinkToken::parse(&text).is_none(), "{text:?}");
        }
    }

    /// FIPS 180-4 by way of `sha256sum`: the 32 bytes 00 to 1f.
    #[test]
    fn the_hash_is_sha_256_of_the_bytes() {
        let token = LinkToken::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        assert_eq!(
            hex::encode(token.hash().as_bytes()),
            "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
        );
    }
}
