//! The way to answer whoever typed a command: Slack's `response_url`, with which anybody could
//! write to them in the app's name for half an hour.
//!
//! It travels sealed, first in the dialog, which Slack keeps and gives back, then in the row of the
//! sender's receipt. The label and the id bound into the key keep one from standing in for another.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::{DeliveryKeys, FORMAT, KeyId, NoEntropy, OpenError, SealedParcel, derive, seal};
use crate::domain::{
    clock::Timestamp,
    ids::{DeliveryId, SecretId, TeamId, UserId},
};

/// Most bytes of an address that is kept; Slack's have some 100.
const MAX_LEN: usize = 1_000;

/// An address by which one command is answered. Not printed.
#[derive(Clone)]
pub struct ResponseUrl(SecretString);

impl ResponseUrl {
    /// Takes an address; `None` when it is longer than any of Slack's.
    #[must_use]
    pub fn new(url: SecretString) -> Option<Self> {
        (1..=MAX_LEN)
            .contains(&url.expose_secret().len())
            .then_some(Self(url))
    }

    /// The address itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ResponseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseUrl([redacted])")
    }
}

/// To what a sealed address is bound.
enum Bound<'a> {
    /// The dialog of a person in a team.
    Dialog(&'a TeamId, &'a UserId),
    /// The row of a receipt.
    Receipt(DeliveryId, SecretId),
}

impl DeliveryKeys {
    /// Seals an address for the dialog of one person in one team: the key's id in hexadecimal, a
    /// dot, and a Fernet token.
    pub fn seal_response_url_for_dialog(
        &self,
        team: &TeamId,
        user: &UserId,
        answer: &ResponseUrl,
    ) -> Result<String, NoEntropy> {
        let sealed = self.seal_bound(&Bound::Dialog(team, user), answer)?;
        let content = String::from_utf8_lossy(&sealed.content);
        Ok(format!("{}.{content}", sealed.key_id))
    }

    /// Opens what a dialog brought back.
    pub fn open_response_url_of_dialog(
        &self,
        team: &TeamId,
        user: &UserId,
        sealed: &str,
    ) -> Result<ResponseUrl, OpenError> {
        let (key_id, content) = sealed.split_once('.').ok_or(OpenError::Malformed)?;
        let key_id = self
            .ids()
            .find(|known| known.to_string() == key_id)
            .ok_or(OpenError::UnknownKey)?;
        let content = content.as_bytes().to_vec();
        let sealed = SealedParcel { key_id, content };
        self.open_bound(&Bound::Dialog(team, user), &sealed)
    }

    /// Seals an address for the row of one receipt.
    pub fn seal_response_url(
        &self,
        receipt: DeliveryId,
        secret: SecretId,
        answer: &ResponseUrl,
    ) -> Result<SealedParcel, NoEntropy> {
        self.seal_bound(&Bound::Receipt(receipt, secret), answer)
    }

    /// Opens the address in the row of a receipt.
    pub fn open_response_url(
        &self,
        receipt: DeliveryId,
        secret: SecretId,
        sealed: &SealedParcel,
    ) -> Result<ResponseUrl, OpenError> {
        self.open_bound(&Bound::Receipt(receipt, secret), sealed)
    }

    fn seal_bound(
        &self,
        bound: &Bound<'_>,
        answer: &ResponseUrl,
    ) -> Result<SealedParcel, NoEntropy> {
        let (key_id, key) = self.ring().primary();
        let key = bound.derive(key.as_slice(), key_id);
        // Fernet's own time stamp is not used.
        let epoch = Timestamp::from_millis(0);
        let content = seal::seal(&key, answer.expose().as_bytes(), epoch).ok_or(NoEntropy)?;
        Ok(SealedParcel { key_id, content })
    }

    fn open_bound(
        &self,
        bound: &Bound<'_>,
        sealed: &SealedParcel,
    ) -> Result<ResponseUrl, OpenError> {
        let key = self
            .ring()
            .get(sealed.key_id)
            .ok_or(OpenError::UnknownKey)?;
        let key = bound.derive(key.as_slice(), sealed.key_id);
        let plaintext = seal::open(&key, &sealed.content)?;
        let url = std::str::from_utf8(&plaintext).map_err(|_| OpenError::Malformed)?;
        ResponseUrl::new(SecretString::from(url)).ok_or(OpenError::Malformed)
    }
}

impl Bound<'_> {
    /// Ids of Slack's hold no NUL, and the others have a fixed size: no two inputs give the same
    /// info.
    fn derive(&self, key: &[u8], key_id: KeyId) -> Zeroizing<String> {
        let fernet_key = |parts: &[&[u8]]| derive::fernet_key(&[], key, parts);
        match self {
            Self::Dialog(team, user) => fernet_key(&[
                b"secure-secret/response-url/dialog",
                &[FORMAT],
                key_id.as_bytes(),
                team.as_str().as_bytes(),
                &[0],
                user.as_str().as_bytes(),
            ]),
            Self::Receipt(receipt, secret) => fernet_key(&[
                b"secure-secret/response-url/receipt",
                &[FORMAT],
                key_id.as_bytes(),
                receipt.as_bytes(),
                secret.as_bytes(),
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Way, *};

    const URL: &str = "https://hooks.slack.com/commands/T1/2/canary";
    const OLD: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const NEW: &str = "hKMqkT3dZ5rWwqJc1c0vXc5y7l8Jv1Qm4dN9o0bY2aE=";

    fn ring(text: &str) -> DeliveryKeys {
        DeliveryKeys::parse(&SecretString::from(text)).unwrap()
    }

    fn answer() -> ResponseUrl {
        ResponseUrl::new(SecretString::from(URL)).unwrap()
    }

    fn people() -> (TeamId, UserId) {
        (TeamId::parse("T1").unwrap(), UserId::parse("U1").unwrap())
    }

    #[test]
    fn a_dialog_brings_the_address_back_to_its_person_only() {
        let (team, user) = people();
        let sealed = ring(OLD)
            .seal_response_url_for_dialog(&team, &user, &answer())
            .unwrap();
        assert!(sealed.len() < 400 && !sealed.contains("slack.com"));
        let rotated = ring(&format!("{NEW},{OLD}"));
        let opened = rotated
            .open_response_url_of_dialog(&team, &user, &sealed)
            .unwrap();
        assert_eq!(opened.expose(), URL);
        let refused = |team: &str, user: &str| {
            let (team, user) = (TeamId::parse(team).unwrap(), UserId::parse(user).unwrap());
            rotated
                .open_response_url_of_dialog(&team, &user, &sealed)
                .unwrap_err()
        };
        for (team, user) in [("T2", "U1"), ("T1", "U2"), ("T1U", "1"), ("U1", "T1")] {
            assert_eq!(refused(team, user), OpenError::Refused, "{team} {user}");
        }
        let unknown = ring(NEW).open_response_url_of_dialog(&team, &user, &sealed);
        assert_eq!(unknown.unwrap_err(), OpenError::UnknownKey);
        for nonsense in ["", ".", "x", "0011223344556677.x"] {
            assert!(
                rotated
                    .open_response_url_of_dialog(&team, &user, nonsense)
                    .is_err()
            );
        }
    }

    #[test]
    fn a_row_opens_its_own_only_and_no_dialogs() {
        let (receipt, secret) = (DeliveryId::generate(), SecretId::generate());
        let keys = ring(OLD);
        let sealed = keys.seal_response_url(receipt, secret, &answer()).unwrap();
        assert_eq!(
            keys.open_response_url(receipt, secret, &sealed)
                .unwrap()
                .expose(),
            URL
        );
        let other = keys.open_response_url(DeliveryId::generate(), secret, &sealed);
        assert_eq!(other.unwrap_err(), OpenError::Refused);
        assert!(
            keys.open(receipt, secret, Way::Link, &sealed).is_err(),
            "no parcel"
        );
        let (team, user) = people();
        let as_dialogs = format!(
            "{}.{}",
            sealed.key_id,
            String::from_utf8_lossy(&sealed.content)
        );
        assert!(
            keys.open_response_url_of_dialog(&team, &user, &as_dialogs)
                .is_err()
        );
    }

    #[test]
    fn it_is_not_printed_and_has_a_length() {
        assert_eq!(format!("{:?}", answer()), "ResponseUrl([redacted])");
        assert!(ResponseUrl::new(SecretString::from("x".repeat(MAX_LEN + 1))).is_none());
        assert!(ResponseUrl::new(SecretString::from("")).is_none());
    }
}
