//! Bytes of the operating system's generator.

use rand::{TryRng, rngs::SysRng};
use zeroize::Zeroizing;

use super::NoEntropy;

/// 32 bytes that nobody can guess, wiped when they are dropped.
pub(super) struct Random(Zeroizing<[u8; Self::LEN]>);

impl Random {
    /// Size in bytes.
    pub(super) const LEN: usize = 32;

    /// Fresh ones.
    pub(super) fn generate() -> Result<Self, NoEntropy> {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        SysRng
            .try_fill_bytes(bytes.as_mut_slice())
            .map_err(|_| NoEntropy)?;
        Ok(Self(bytes))
    }

    /// Those that somebody kept.
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut kept = Zeroizing::new([0; Self::LEN]);
        if bytes.len() != Self::LEN {
            return None;
        }
        kept.copy_from_slice(bytes);
        Some(Self(kept))
    }

    pub(super) fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}
