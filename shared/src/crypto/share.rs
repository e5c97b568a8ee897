//! Where a share stands sealed: in the button of a message under the bot's keys, and under the
//! token of a link that was made of it.

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::{
    DeliveryKeys, KeyId, LinkToken, MasterKeys, NoEntropy, OpenError, SHARE_FORMAT, Share, derive,
    key::Key, seal,
};
use crate::domain::{clock::Timestamp, ids::SecretId};

/// Fernet's own time stamp is not used.
const EPOCH: Timestamp = Timestamp::from_millis(0);

/// Why a share was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// The ring has no key of this id.
    #[error("the key for it is not in the key ring")]
    UnknownKey,
    /// There were no random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// A share as a link's row holds it.
#[derive(Clone)]
pub struct SealedShare {
    /// The master key that it was sealed under.
    pub key_id: KeyId,
    /// Fernet token of its 32 bytes.
    pub content: Vec<u8>,
}

/// The link that a share is sealed for. Bound into its key, with the link's token, so that one
/// moved to another row or kept for longer does not open.
#[derive(Clone, Copy, Debug)]
pub struct LinkBinding {
    /// The secret.
    pub secret: SecretId,
    /// Until when the link leads to it.
    pub expires_at: Timestamp,
}

impl DeliveryKeys {
    /// Seals a share for the button of one secret's message, under the key of this id, which is the
    /// one that it waited under: the key's id in hexadecimal, a dot, and a Fernet token. With it
    /// and the database alone nobody opens anything.
    pub fn seal_share_for_button(
        &self,
        key_id: KeyId,
        secret: SecretId,
        share: &Share,
    ) -> Result<String, ShareError> {
        let key = self.ring().get(key_id).ok_or(ShareError::UnknownKey)?;
        let key = of_button(key, key_id, secret);
        let content = seal::seal(&key, share.as_bytes(), EPOCH).ok_or(NoEntropy)?;
        Ok(format!("{key_id}.{}", String::from_utf8_lossy(&content)))
    }

    /// Opens what the button of this secret's message brought back.
    pub fn open_share_of_button(
        &self,
        secret: SecretId,
        sealed: &SecretString,
    ) -> Result<Share, OpenError> {
        let sealed = sealed.expose_secret().split_once('.');
        let (key_id, content) = sealed.ok_or(OpenError::Malformed)?;
        let mut known = self.ids();
        let key_id = known.find(|known| known.to_string() == key_id);
        let key_id = key_id.ok_or(OpenError::UnknownKey)?;
        let key = self.ring().get(key_id).ok_or(OpenError::UnknownKey)?;
        let opened = seal::open(&of_button(key, key_id, secret), content.as_bytes())?;
        Share::from_slice(&opened).ok_or(OpenError::Malformed)
    }
}

impl MasterKeys {
    /// Seals a share under the primary key and the token of a link.
    pub fn seal_share(
        &self,
        token: &LinkToken,
        binding: LinkBinding,
        share: &Share,
    ) -> Result<SealedShare, NoEntropy> {
        let (key_id, master) = self.0.primary();
        let key = of_link(master, key_id, token, binding);
        let content = seal::seal(&key, share.as_bytes(), EPOCH).ok_or(NoEntropy)?;
        Ok(SealedShare { key_id, content })
    }

    /// Opens the share to which a link leads.
    pub fn open_share(
        &self,
        token: &LinkToken,
        binding: LinkBinding,
        sealed: &SealedShare,
    ) -> Result<Share, OpenError> {
        let master = self.0.get(sealed.key_id).ok_or(OpenError::UnknownKey)?;
        let key = of_link(master, sealed.key_id, token, binding);
        let opened = seal::open(&key, &sealed.content)?;
        Share::from_slice(&opened).ok_or(OpenError::Malformed)
    }
}

/// Every part of the info has a fixed size, so no two inputs give the same info.
fn of_button(key: &Key, key_id: KeyId, secret: SecretId) -> Zeroizing<String> {
    derive::fernet_key(
        &[],
        key.as_slice(),
        &[
            b"secure-secret/share/button",
            &[SHARE_FORMAT],
            key_id.as_bytes(),
            secret.as_bytes(),
        ],
    )
}

/// As above.
fn of_link(
    master: &Key,
    key_id: KeyId,
    token: &LinkToken,
    binding: LinkBinding,
) -> Zeroizing<String> {
    derive::fernet_key(
        master.as_slice(),
        token.as_bytes(),
        &[
            b"secure-secret/share/link",
            &[SHARE_FORMAT],
            key_id.as_bytes(),
            binding.secret.as_bytes(),
            &binding.expires_at.as_millis().to_be_bytes(),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const NEW: &str = "hKMqkT3dZ5rWwqJc1c0vXc5y7l8Jv1Qm4dN9o0bY2aE=";

    fn delivery(text: &str) -> DeliveryKeys {
        DeliveryKeys::parse(&SecretString::from(text)).unwrap()
    }

    fn master(text: &str) -> MasterKeys {
        MasterKeys::parse(&SecretString::from(text)).unwrap()
    }

    #[test]
    fn a_button_brings_its_share_back_for_its_secret_only() {
        let (secret, share) = (SecretId::generate(), Share::generate().unwrap());
        let sealed = {
            let keys = delivery(OLD);
            let key_id = keys.ids().next().unwrap();
            keys.seal_share_for_button(key_id, secret, &share).unwrap()
        };
        assert!(
            sealed.len() < 200,
            "a button's value has at most 2,000 characters"
        );
        let open = |keys: &str, secret, sealed: &str| {
            delivery(keys).open_share_of_button(secret, &SecretString::from(sealed))
        };
        let rotated = format!("{NEW},{OLD}");
        assert!(open(&rotated, secret, &sealed).unwrap().hash() == share.hash());
        let error = |keys, secret, sealed: &str| open(keys, secret, sealed).unwrap_err();
        assert_eq!(error(NEW, secret, &sealed), OpenError::UnknownKey);
        assert_eq!(
            error(OLD, SecretId::generate(), &sealed),
            OpenError::Refused
        );
        for changed in ["", "x", "600bddd179954f88", &sealed.replace('.', "")] {
            assert!(open(OLD, secret, changed).is_err(), "{changed}");
        }
        let (head, tail) = sealed.split_at(40);
        let flipped = if tail.starts_with('A') { "B" } else { "A" };
        let changed = format!("{head}{flipped}{}", &tail[1..]);
        assert_eq!(error(OLD, secret, &changed), OpenError::Refused);
    }

    #[test]
    fn a_link_leads_to_its_share_with_its_token_for_its_time_and_secret() {
        let (token, share) = (LinkToken::generate().unwrap(), Share::generate().unwrap());
        let binding = LinkBinding {
            secret: SecretId::generate(),
            expires_at: Timestamp::from_millis(1_800_000_000_000),
        };
        let sealed = master(OLD).seal_share(&token, binding, &share).unwrap();
        let rotated = master(&format!("{NEW},{OLD}"));
        let opened = rotated.open_share(&token, binding, &sealed).unwrap();
        assert!(opened.hash() == share.hash());
        let refusal = |keys: &str, token: &LinkToken, binding| {
            master(keys)
                .open_share(token, binding, &sealed)
                .unwrap_err()
        };
        assert_eq!(refusal(NEW, &token, binding), OpenError::UnknownKey);
        let other = LinkToken::generate().unwrap();
        assert_eq!(refusal(OLD, &other, binding), OpenError::Refused);
        let moved = LinkBinding {
            secret: SecretId::generate(),
            ..binding
        };
        assert_eq!(refusal(OLD, &token, moved), OpenError::Refused);
        let later = LinkBinding {
            expires_at: Timestamp::from_millis(1_800_000_000_001),
            ..binding
        };
        assert_eq!(refusal(OLD, &token, later), OpenError::Refused);
    }
}
