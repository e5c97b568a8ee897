//! Master keys: with the link token, or the share, they open a secret and its note.

use std::fmt;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{
    HalfRef, NoEntropy, OpenError, derive,
    key::{Key, KeyId},
    key_ring::{KeyRing, KeyRingError},
    seal,
};
use crate::domain::{
    clock::Timestamp,
    ids::SecretId,
    secret::{NoteText, SecretText},
};

/// The row that a ciphertext belongs to. Bound into its key, so that a ciphertext moved to another
/// row or an expiry put off does not open.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The row.
    pub secret: SecretId,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A secret and its note as a row holds them.
pub struct SealedSecret {
    /// The master key that both were sealed under.
    pub key_id: KeyId,
    /// Fernet token of the secret.
    pub text: Vec<u8>,
    /// Fernet token of the note.
    pub note: Option<Vec<u8>>,
}

/// What a key is for: bound into it, so that a note never opens as a secret.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Purpose {
    Secret = 1,
    Note = 2,
}

/// The ring of `FERNET_KEYS`, which the bot and reveal-web share.
#[derive(Debug)]
pub struct MasterKeys(pub(super) KeyRing);

/// How many keys there are, and their names.
impl fmt::Display for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl MasterKeys {
    /// Parses comma-separated Fernet keys; the first one seals.
    pub fn parse(text: &SecretString) -> Result<Self, KeyRingError> {
        KeyRing::parse(text, b"master").map(Self)
    }

    /// The ids of the ring's keys, the sealing one first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.0.ids()
    }

    /// Seals a secret and its note under the primary key and the other half.
    pub fn seal<'a>(
        &self,
        half: impl Into<HalfRef<'a>>,
        binding: Binding,
        text: &SecretText,
        note: Option<&NoteText>,
        now: Timestamp,
    ) -> Result<SealedSecret, NoEntropy> {
        let (key_id, master) = self.0.primary();
        let half = half.into();
        let seal_as = |purpose, plaintext: &str| {
            let key = derived(master, key_id, half, purpose, binding);
            seal::seal(&key, plaintext.as_bytes(), now).ok_or(NoEntropy)
        };
        Ok(SealedSecret {
            key_id,
            text: seal_as(Purpose::Secret, text.expose())?,
            note: note
                .map(|note| seal_as(Purpose::Note, note.expose()))
                .transpose()?,
        })
    }

    /// Opens a secret and its note.
    pub fn open<'a>(
        &self,
        half: impl Into<HalfRef<'a>>,
        binding: Binding,
        sealed: &SealedSecret,
    ) -> Result<(SecretText, Option<NoteText>), OpenError> {
        let master = self.0.get(sealed.key_id).ok_or(OpenError::UnknownKey)?;
        let half = half.into();
        let open_as = |purpose, ciphertext: &[u8]| {
            let key = derived(master, sealed.key_id, half, purpose, binding);
            seal::open(&key, ciphertext).and_then(into_text)
        };
        let text = open_as(Purpose::Secret, &sealed.text)?;
        let note = sealed
            .note
            .as_deref()
            .map(|note| open_as(Purpose::Note, note))
            .transpose()?;
        Ok((
            SecretText::from_sealed(text),
            note.map(NoteText::from_sealed),
        ))
    }
}

/// Every part of the info has a fixed size, so no two inputs give the same info.
fn derived(
    master: &Key,
    key_id: KeyId,
    half: HalfRef<'_>,
    purpose: Purpose,
    binding: Binding,
) -> Zeroizing<String> {
    derive::fernet_key(
        master.as_slice(),
        half.bytes,
        &[
            b"secure-secret/fernet",
            &[half.way.format(), purpose as u8],
            key_id.as_bytes(),
            binding.secret.as_bytes(),
            &binding.expires_at.as_millis().to_be_bytes(),
        ],
    )
}

/// Takes the bytes over without a copy; bytes that are no text are wiped.
fn into_text(mut plaintext: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, OpenError> {
    String::from_utf8(std::mem::take(&mut *plaintext))
        .map(Zeroizing::new)
        .map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            OpenError::Malformed
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::LinkToken, *};

    const OLD: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const NEW: &str = "hKMqkT3dZ5rWwqJc1c0vXc5y7l8Jv1Qm4dN9o0bY2aE=";

    fn ring(text: &str) -> MasterKeys {
        MasterKeys::parse(&SecretString::from(text)).unwrap()
    }

    fn binding() -> Binding {
        Binding {
            secret: SecretId::generate(),
            expires_at: Timestamp::from_millis(1_800_000_000_000),
        }
    }

    fn secret(text: &str) -> SecretText {
        SecretText::from_sealed(Zeroizing::new(text.to_owned()))
    }

    fn note(text: &str) -> NoteText {
        NoteText::from_sealed(Zeroizing::new(text.to_owned()))
    }

    fn sealed(keys: &MasterKeys, token: &LinkToken, binding: Binding) -> SealedSecret {
        let now = Timestamp::from_millis(1_700_000_000_000);
        keys.seal(
            token,
            binding,
            &secret("hunter2"),
            Some(&note("for the VPN")),
            now,
        )
        .unwrap()
    }

    fn refusal(
        keys: &MasterKeys,
        token: &LinkToken,
        binding: Binding,
        sealed: &SealedSecret,
    ) -> OpenError {
        keys.open(token, binding, sealed).map(|_| ()).unwrap_err()
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(text in any::<String>(), remark in any::<Option<String>>()) {
            let (keys, token, binding) = (ring(OLD), LinkToken::generate().unwrap(), binding());
            let remark = remark.map(|remark| note(&remark));
            let now = Timestamp::from_millis(0);
            let sealed = keys.seal(&token, binding, &secret(&text), remark.as_ref(), now).unwrap();
            let (opened, opened_note) = keys.open(&token, binding, &sealed).unwrap();
            prop_assert_eq!(opened.expose(), text);
            prop_assert_eq!(
                opened_note.as_ref().map(NoteText::expose),
                remark.as_ref().map(NoteText::expose)
            );
        }
    }

    #[test]
    fn every_flipped_byte_is_refused() {
        let (keys, token, binding) = (ring(OLD), LinkToken::generate().unwrap(), binding());
        let length = sealed(&keys, &token, binding).text.len();
        for index in 0..length {
            for bit in 0..8 {
                let mut changed = sealed(&keys, &token, binding);
                changed.text[index] ^= 1 << bit;
                assert_eq!(
                    refusal(&keys, &token, binding, &changed),
                    OpenError::Refused,
                    "byte {index}, bit {bit}"
                );
            }
        }
    }

    #[test]
    fn another_token_row_expiry_or_purpose_does_not_open_it() {
        let (keys, token, own) = (ring(OLD), LinkToken::generate().unwrap(), binding());
        let original = sealed(&keys, &token, own);

        let other_token = LinkToken::generate().unwrap();
        assert_eq!(
            refusal(&keys, &other_token, own, &original),
            OpenError::Refused
        );

        let other_row = Binding {
            secret: SecretId::generate(),
            ..own
        };
        assert_eq!(
            refusal(&keys, &token, other_row, &original),
            OpenError::Refused
        );

        let later = Timestamp::from_millis(own.expires_at.as_millis() + 1);
        let extended = Binding {
            expires_at: later,
            ..own
        };
        assert_eq!(
            refusal(&keys, &token, extended, &original),
            OpenError::Refused
        );

        let swapped = SealedSecret {
            key_id: original.key_id,
            text: original.note.clone().unwrap(),
            note: Some(original.text.clone()),
        };
        assert_eq!(refusal(&keys, &token, own, &swapped), OpenError::Refused);

        let relabelled = SealedSecret {
            key_id: ring(NEW).ids().next().unwrap(),
            ..sealed(&keys, &token, own)
        };
        let both = ring(&format!("{OLD},{NEW}"));
        assert_eq!(refusal(&both, &token, own, &relabelled), OpenError::Refused);
    }

    #[test]
    fn the_database_with_every_master_key_opens_nothing() {
        let (keys, binding) = (ring(&format!("{NEW},{OLD}")), binding());
        let stored = sealed(&keys, &LinkToken::generate().unwrap(), binding);
        for _ in 0..100 {
            let guess = LinkToken::generate().unwrap();
            assert_eq!(refusal(&keys, &guess, binding, &stored), OpenError::Refused);
        }
    }

    #[test]
    fn rotation_keeps_old_secrets_open_until_their_key_is_gone() {
        let (token, binding) = (LinkToken::generate().unwrap(), binding());
        let before = sealed(&ring(OLD), &token, binding);
        let rotated = ring(&format!("{NEW},{OLD}"));
        let (text, _) = rotated.open(&token, binding, &before).unwrap();
        assert_eq!(text.expose(), "hunter2");
        assert_eq!(
            sealed(&rotated, &token, binding).key_id,
            ring(NEW).ids().next().unwrap()
        );
        assert_eq!(
            refusal(&ring(NEW), &token, binding, &before),
            OpenError::UnknownKey
        );
    }
}
