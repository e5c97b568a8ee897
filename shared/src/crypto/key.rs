//! A key, and its name.

use std::fmt;

use zeroize::Zeroizing;

/// A key's size in bytes before encoding, as the Fernet spec has it.
pub(super) const KEY_LEN: usize = 32;

/// A key of a ring, wiped when dropped.
pub(super) type Key = Zeroizing<[u8; KEY_LEN]>;

/// Names a key without telling anything about it: 8 bytes derived from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub(super) [u8; Self::LEN]);

impl KeyId {
    /// Size in bytes.
    pub const LEN: usize = 8;

    /// The id that a row carries; `None` for another length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The id that is written so; `None` for what is none.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let is_whole = text.len() == 2 * Self::LEN && text.bytes().all(|c| c.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok()?;
        is_whole.then(|| Self(number.to_be_bytes()))
    }

    /// As the database stores it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}
