//! Key rings: the first key seals, every key opens.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{
    derive,
    key::{KEY_LEN, Key, KeyId},
};

/// Keys in order of preference. Shared by the rings of each purpose, which wrap it.
pub(super) struct KeyRing {
    keys: Vec<(KeyId, Key)>,
}

impl KeyRing {
    /// Parses comma-separated Fernet keys; `label` sets the ids of one purpose apart.
    pub(super) fn parse(text: &SecretString, label: &[u8]) -> Result<Self, KeyRingError> {
        let mut keys: Vec<(KeyId, Key)> = Vec::new();
        for (index, part) in text.expose_secret().split(',').enumerate() {
            let position = index + 1;
            let key = parse_key(part.trim(), position)?;
            let id = derive::key_id(&key, label);
            if keys.iter().any(|(known, _)| *known == id) {
                return Err(KeyRingError::Duplicate { position });
            }
            keys.push((id, key));
        }
        Ok(Self { keys })
    }

    /// The key that seals.
    pub(super) fn primary(&self) -> (KeyId, &Key) {
        // `split` yields at least one part, so a parsed ring has at least one key.
        let (id, key) = &self.keys[0];
        (*id, key)
    }

    /// The key with this id, if the ring has it.
    pub(super) fn get(&self, id: KeyId) -> Option<&Key> {
        self.keys
            .iter()
            .find_map(|(known, key)| (*known == id).then_some(key))
    }

    /// Every key in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().map(|(_, key)| key)
    }

    /// Where keys of this ring stand in another one. What is compared are digests of the keys, so
    /// that the time it takes tells nothing about them.
    pub(super) fn shared_with(&self, other: &Self) -> Vec<SharedKey> {
        let digests = |ring: &Self| -> Vec<Key> {
            ring.keys()
                .map(|key| derive::mac_key(key, b"same-key"))
                .collect()
        };
        let (ours, theirs) = (digests(self), digests(other));
        let position_there = |digest: &Key| theirs.iter().position(|other| other == digest);
        let shared = ours.iter().enumerate().filter_map(|(here, digest)| {
            Some(SharedKey {
                here: here + 1,
                there: position_there(digest)? + 1,
            })
        });
        shared.collect()
    }

    /// The ids in order, for messages and checks.
    pub(super) fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.keys.iter().map(|(id, _)| *id)
    }
}

/// How many keys there are, and their names.
impl fmt::Display for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.keys.len() == 1 { "" } else { "s" };
        write!(f, "{} key{plural}", self.keys.len())?;
        for (index, id) in self.ids().enumerate() {
            let (mark, role) = if index == 0 {
                (": ", " seals")
            } else {
                (", ", " only opens")
            };
            write!(f, "{mark}{id}{role}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

fn parse_key(text: &str, position: usize) -> Result<Key, KeyRingError> {
    if text.is_empty() {
        return Err(KeyRingError::Missing { position });
    }
    let mut key = Key::default();
    let decoded = Zeroizing::new(
        URL_SAFE
            .decode(text)
            .map_err(|_| KeyRingError::NotBase64 { position })?,
    );
    if decoded.len() != KEY_LEN {
        return Err(KeyRingError::WrongLength {
            position,
            bytes: decoded.len(),
        });
    }
    key.copy_from_slice(&decoded);
    if key.iter().all(|byte| *byte == key[0]) {
        return Err(KeyRingError::Weak { position });
    }
    Ok(key)
}

/// A key that stands in two rings. Positions are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SharedKey {
    /// Its position in the ring that was asked.
    pub(super) here: usize,
    /// Its position in the other ring.
    pub(super) there: usize,
}

/// Why a key ring can't be used. Holds positions and sizes, nothing of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// There is nothing where a key should be.
    #[error("key {position} is missing")]
    Missing {
        /// Counted from 1.
        position: usize,
    },
    /// The text is not url-safe base64 with padding.
    #[error("key {position} is not url-safe base64 (44 characters, the last one \"=\")")]
    NotBase64 {
        /// Counted from 1.
        position: usize,
    },
    /// The key has another size than a Fernet key.
    #[error("key {position} has {bytes} bytes instead of 32")]
    WrongLength {
        /// Counted from 1.
        position: usize,
        /// Bytes after decoding.
        bytes: usize,
    },
    /// The key is one byte over and over.
    #[error("key {position} is not random")]
    Weak {
        /// Counted from 1.
        position: usize,
    },
    /// The same key stands in the ring twice.
    #[error("key {position} is in the list already")]
    Duplicate {
        /// Counted from 1.
        position: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{DeliveryKeys, MasterKeys};

    const OLD: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const NEW: &str = "hKMqkT3dZ5rWwqJc1c0vXc5y7l8Jv1Qm4dN9o0bY2aE=";

    fn parse(text: &str) -> Result<KeyRing, KeyRingError> {
        KeyRing::parse(&SecretString::from(text), b"test")
    }

    #[test]
    fn the_first_key_is_primary_and_all_are_found() {
        let ring = parse(&format!("{NEW}, {OLD}")).unwrap();
        let ids: Vec<_> = ring.ids().collect();
        assert_eq!(ids.len(), 2);
        assert_eq!(ring.primary().0, ids[0]);
        assert!(ids.iter().all(|id| ring.get(*id).is_some()));
        assert_eq!(ids[1], parse(OLD).unwrap().primary().0);
    }

    #[test]
    fn an_id_depends_on_the_label() {
        let other = KeyRing::parse(&SecretString::from(OLD), b"other").unwrap();
        assert_ne!(parse(OLD).unwrap().primary().0, other.primary().0);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_position() {
        let zero = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let cases = [
            (String::new(), KeyRingError::Missing { position: 1 }),
            (format!("{OLD},"), KeyRingError::Missing { position: 2 }),
            (
                "hunter2".to_owned(),
                KeyRingError::NotBase64 { position: 1 },
            ),
            (
                OLD.replace('_', "/"),
                KeyRingError::NotBase64 { position: 1 },
            ),
            (
                OLD.trim_end_matches('=').to_owned(),
                KeyRingError::NotBase64 { position: 1 },
            ),
            (
                "aGVsbG8=".to_owned(),
                KeyRingError::WrongLength {
                    position: 1,
                    bytes: 5,
                },
            ),
            (zero.to_owned(), KeyRingError::Weak { position: 1 }),
            (
                format!("{OLD},{NEW},{OLD}"),
                KeyRingError::Duplicate { position: 3 },
            ),
        ];
        for (text, error) in cases {
            assert_eq!(parse(&text).unwrap_err(), error);
        }
    }

    #[test]
    fn printing_shows_ids_and_no_key() {
        let printed = format!("{:?}", parse(OLD).unwrap());
        assert!(printed.starts_with("[KeyId("), "{printed}");
        assert!(!printed.contains(&OLD[..8]), "{printed}");
        let ring = parse(&format!("{NEW},{OLD}")).unwrap();
        let [new, old] = [0, 1].map(|index| ring.ids().nth(index).unwrap());
        assert_eq!(
            ring.to_string(),
            format!("2 keys: {new} seals, {old} only opens")
        );
    }

    #[test]
    fn either_ring_says_what_it_has() {
        let text = SecretString::from(OLD);
        for said in [
            MasterKeys::parse(&text).unwrap().to_string(),
            DeliveryKeys::parse(&text).unwrap().to_string(),
        ] {
            let id = said.strip_prefix("1 key: ").unwrap();
            assert!(
                id.strip_suffix(" seals").is_some_and(|id| !id.is_empty()),
                "{said}"
            );
        }
    }
}
