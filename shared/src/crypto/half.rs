//! The half of a secret's key that the database does not have: the token of its link, or the share
//! in the button of its message, of which a link is made for whoever presses.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{FORMAT, LinkToken, NoEntropy, SHARE_FORMAT, TokenHash, random::Random};

/// What a share is hashed with, so that no link's token has the hash of one.
const SHARE_LABEL: &[u8] = b"secure-secret/share/1\0";

/// 32 bytes of the operating system's generator. They stand sealed in the button of a message, and
/// sealed under the token of the one link that was made of it last.
pub struct Share(Random);

impl Share {
    /// Size in bytes.
    pub const LEN: usize = Random::LEN;

    /// A fresh share.
    pub fn generate() -> Result<Self, NoEntropy> {
        Random::generate().map(Self)
    }

    /// What a row has in the place of a link's hash: no link leads there.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        let mut hash = Sha256::new();
        hash.update(SHARE_LABEL);
        hash.update(self.as_bytes());
        TokenHash::of(hash.finalize().into())
    }

    pub(super) fn as_bytes(&self) -> &[u8; Self::LEN] {
        self.0.as_bytes()
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        Random::from_slice(bytes).map(Self)
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Share([redacted])")
    }
}

/// Which half a row goes with; stored with it, so that both kinds of rows live side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A link, which stands in the message.
    Link,
    /// A share, which stands in the message's button.
    Share,
}

impl Way {
    /// The number in `secrets.format`, bound into keys.
    #[must_use]
    pub const fn format(self) -> u8 {
        match self {
            Self::Link => FORMAT,
            Self::Share => SHARE_FORMAT,
        }
    }

    /// The way of a row of this format; `None` where no version makes one.
    #[must_use]
    pub fn of_format(format: i16) -> Option<Self> {
        let ways = [Self::Link, Self::Share];
        ways.into_iter()
            .find(|way| i16::from(way.format()) == format)
    }
}

/// One of them.
#[derive(Debug)]
pub enum Half {
    /// The token of a link.
    Token(LinkToken),
    /// The share in a button.
    Share(Share),
}

impl Half {
    /// A fresh one.
    pub fn generate(way: Way) -> Result<Self, NoEntropy> {
        match way {
            Way::Link => LinkToken::generate().map(Self::Token),
            Way::Share => Share::generate().map(Self::Share),
        }
    }

    /// Which one it is.
    #[must_use]
    pub const fn way(&self) -> Way {
        match self {
            Self::Token(_) => Way::Link,
            Self::Share(_) => Way::Share,
        }
    }

    /// What the database knows it by.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        match self {
            Self::Token(token) => token.hash(),
            Self::Share(share) => share.hash(),
        }
    }

    /// To seal or open with it.
    #[must_use]
    pub fn borrowed(&self) -> HalfRef<'_> {
        match self {
            Self::Token(token) => token.into(),
            Self::Share(share) => share.into(),
        }
    }

    pub(super) fn from_slice(way: Way, bytes: &[u8]) -> Option<Self> {
        match way {
            Way::Link => LinkToken::from_slice(bytes).map(Self::Token),
            Way::Share => Share::from_slice(bytes).map(Self::Share),
        }
    }
}

/// One of them, borrowed.
#[derive(Clone, Copy)]
pub struct HalfRef<'a> {
    pub(super) way: Way,
    pub(super) bytes: &'a [u8; 32],
}

impl<'a> From<&'a LinkToken> for HalfRef<'a> {
    fn from(token: &'a LinkToken) -> Self {
        Self {
            way: Way::Link,
            bytes: token.as_bytes(),
        }
    }
}

impl<'a> From<&'a Share> for HalfRef<'a> {
    fn from(share: &'a Share) -> Self {
        Self {
            way: Way::Share,
            bytes: share.as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_links_token_has_the_hash_of_a_share() {
        let share = Share::generate().unwrap();
        let same = LinkToken::from_slice(share.as_bytes()).unwrap();
        assert!(same.hash() != share.hash());
        assert_eq!(format!("{share:?}"), "Share([redacted])");
    }

    #[test]
    fn each_format_is_of_one_way() {
        for way in [Way::Link, Way::Share] {
            assert_eq!(Way::of_format(way.format().into()), Some(way));
        }
        assert_eq!(Way::of_format(0), None);
        assert_eq!(Way::of_format(3), None);
    }
}
