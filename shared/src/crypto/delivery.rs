//! Delivery keys: they seal what waits until its message is out, and only the bot has them.

use std::fmt;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{
    Half, LinkToken, NoEntropy, OpenError, Way, derive,
    key::{Key, KeyId},
    key_ring::{KeyRing, KeyRingError, SharedKey},
    master::MasterKeys,
    seal,
};
use crate::domain::{
    clock::Timestamp,
    ids::{DeliveryId, SecretId},
    secret::NoteText,
};

/// What the recipient's message needs and the database must not know: the link, or the share, and
/// the note.
pub struct Parcel {
    /// The half of the secret's key.
    pub half: Half,
    /// The note, shown in the message too.
    pub note: Option<NoteText>,
}

/// What a delivery row holds sealed.
#[derive(Clone)]
pub struct SealedParcel {
    /// The delivery key that it was sealed under.
    pub key_id: KeyId,
    /// Fernet token of what is sealed: of the 32 bytes of the link's token or of the
    /// share, followed by the note's, or of
    /// an [`ResponseUrl`](super::ResponseUrl).
    pub content: Vec<u8>,
}

/// The ring of `DELIVERY_KEYS`.
#[derive(Debug)]
pub struct DeliveryKeys(KeyRing);

/// How many keys there are, and their names.
impl fmt::Display for DeliveryKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl DeliveryKeys {
    /// Parses comma-separated Fernet keys; the first one seals.
    pub fn parse(text: &SecretString) -> Result<Self, KeyRingError> {
        KeyRing::parse(text, b"delivery").map(Self)
    }

    /// Refuses rings that have a key in common, wherever it stands: reveal-web has the master keys,
    /// and with the database it could open what waits for delivery, links and all.
    pub fn check_apart_from(&self, master: &MasterKeys) -> Result<(), NotApart> {
        let shared = self.0.shared_with(&master.0);
        if shared.is_empty() {
            Ok(())
        } else {
            Err(NotApart { shared })
        }
    }

    pub(super) const fn ring(&self) -> &KeyRing {
        &self.0
    }

    /// The ids of the ring's keys, the sealing one first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.0.ids()
    }

    /// Seals a parcel for one delivery row.
    pub fn seal(
        &self,
        delivery: DeliveryId,
        secret: SecretId,
        parcel: &Parcel,
        now: Timestamp,
    ) -> Result<SealedParcel, NoEntropy> {
        let (key_id, key) = self.0.primary();
        let note = parcel.note.as_ref().map_or("", NoteText::expose);
        let mut plaintext = Zeroizing::new(Vec::with_capacity(LinkToken::LEN + note.len()));
        plaintext.extend_from_slice(parcel.half.borrowed().bytes);
        plaintext.extend_from_slice(note.as_bytes());
        let key = derived(key, key_id, parcel.half.way(), delivery, secret);
        let content = seal::seal(&key, &plaintext, now).ok_or(NoEntropy)?;
        Ok(SealedParcel { key_id, content })
    }

    /// Opens the parcel of this delivery row.
    pub fn open(
        &self,
        delivery: DeliveryId,
        secret: SecretId,
        way: Way,
        sealed: &SealedParcel,
    ) -> Result<Parcel, OpenError> {
        let key = self.0.get(sealed.key_id).ok_or(OpenError::UnknownKey)?;
        let key = derived(key, sealed.key_id, way, delivery, secret);
        let plaintext = seal::open(&key, &sealed.content)?;
        let (half, note) = plaintext
            .split_at_checked(LinkToken::LEN)
            .ok_or(OpenError::Malformed)?;
        let note = std::str::from_utf8(note).map_err(|_| OpenError::Malformed)?;
        Ok(Parcel {
            half: Half::from_slice(way, half).ok_or(OpenError::Malformed)?,
            note: (!note.is_empty())
                .then(|| NoteText::from_sealed(Zeroizing::new(note.to_owned()))),
        })
    }
}

/// Delivery keys that are master keys too. Holds positions, nothing of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "shares keys with FERNET_KEYS, which reveal-web has too: {}. Put a new key in front and take the shared one \
     out, once nothing waits for delivery that it sealed",
    self.positions()
)]
pub struct NotApart {
    /// Delivery keys first.
    shared: Vec<SharedKey>,
}

impl NotApart {
    fn positions(&self) -> String {
        let told = self.shared.iter().map(|SharedKey { here, there }| {
            format!("key {here} of DELIVERY_KEYS is key {there} of FERNET_KEYS")
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Every part of the info has a fixed size, so no two inputs give the same info.
fn derived(
    key: &Key,
    key_id: KeyId,
    way: Way,
    delivery: DeliveryId,
    secret: SecretId,
) -> Zeroizing<String> {
    derive::fernet_key(
        &[],
        key.as_slice(),
        &[
            b"secure-secret/delivery",
            &[way.format()],
            key_id.as_bytes(),
            delivery.as_bytes(),
            secret.as_bytes(),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const NEW: &str = "hKMqkT3dZ5rWwqJc1c0vXc5y7l8Jv1Qm4dN9o0bY2aE=";

    fn ring(text: &str) -> DeliveryKeys {
        DeliveryKeys::parse(&SecretString::from(text)).unwrap()
    }

    fn parcel(way: Way, note: Option<&str>) -> Parcel {
        Parcel {
            half: Half::generate(way).unwrap(),
            note: note.map(|note| NoteText::from_sealed(Zeroizing::new(note.to_owned()))),
        }
    }

    #[test]
    fn a_parcel_comes_back_with_and_without_a_note() {
        let (delivery, secret) = (DeliveryId::generate(), SecretId::generate());
        let ways = [Way::Link, Way::Share];
        let cases = ways.map(|way| [(way, None), (way, Some("für später 🔑"))]);
        for (way, note) in cases.into_iter().flatten() {
            let sent = parcel(way, note);
            let now = Timestamp::from_millis(0);
            let sealed = ring(OLD).seal(delivery, secret, &sent, now).unwrap();
            let rotated = ring(&format!("{NEW},{OLD}"));
            let opened = rotated.open(delivery, secret, way, &sealed).unwrap();
            assert!(opened.half.hash() == sent.half.hash());
            assert_eq!(opened.note.as_ref().map(NoteText::expose), note);
        }
    }

    #[test]
    fn a_key_that_is_a_master_key_too_is_refused_wherever_it_stands() {
        const THIRD: &str = "Zm9yIHRlc3RzIGFuZCBmb3Igbm90aGluZyBlbHNlIQo=";
        let refusal = |delivery: &[&str], master: &[&str]| {
            let master = MasterKeys::parse(&SecretString::from(master.join(","))).unwrap();
            let apart = ring(&delivery.join(",")).check_apart_from(&master);
            apart.err().map(|error| error.to_string())
        };
        for (delivery, master, places) in [
            (&[OLD][..], &[OLD][..], &[(1, 1)][..]),
            (&[OLD], &[NEW, OLD], &[(1, 2)]),
            (&[NEW, OLD], &[OLD], &[(2, 1)]),
            (&[NEW, OLD], &[THIRD, OLD], &[(2, 2)]),
            (&[NEW, OLD], &[OLD, NEW], &[(1, 2), (2, 1)]),
        ] {
            let said = refusal(delivery, master).unwrap();
            let place = |(here, there)| {
                format!("key {here} of DELIVERY_KEYS is key {there} of FERNET_KEYS")
            };
            let places = places.iter().copied().map(place).collect::<Vec<_>>();
            let named = format!(": {}. Put a new key in front", places.join(", "));
            assert!(said.contains(&named), "{named} in {said}");
            for key in [OLD, NEW, THIRD] {
                assert!(!said.contains(&key[..8]), "{said}");
            }
        }
        assert_eq!(refusal(&[OLD], &[NEW]), None);
        assert_eq!(refusal(&[OLD, THIRD], &[NEW]), None);
    }

    #[test]
    fn another_row_or_ring_does_not_open_it() {
        let (delivery, secret) = (DeliveryId::generate(), SecretId::generate());
        let sealed = ring(OLD)
            .seal(
                delivery,
                secret,
                &parcel(Way::Link, None),
                Timestamp::from_millis(0),
            )
            .unwrap();
        let refusal = |keys: &DeliveryKeys, delivery, secret| {
            keys.open(delivery, secret, Way::Link, &sealed)
                .map(|_| ())
                .unwrap_err()
        };
        assert_eq!(
            refusal(&ring(OLD), DeliveryId::generate(), secret),
            OpenError::Refused
        );
        assert_eq!(
            refusal(&ring(OLD), delivery, SecretId::generate()),
            OpenError::Refused
        );
        assert_eq!(refusal(&ring(NEW), delivery, secret), OpenError::UnknownKey);
        let as_share = ring(OLD).open(delivery, secret, Way::Share, &sealed);
        assert_eq!(
            as_share.err(),
            Some(OpenError::Refused),
            "no link of a share"
        );
    }
}
