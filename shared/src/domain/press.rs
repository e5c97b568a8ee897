//! Somebody pressed a button in Slack.

use sha2::{Digest as _, Sha256};

use super::ids::{ChannelId, MessageTs, TeamId, UserId};

/// Who pressed a button, as Slack says it, and which press it was.
#[derive(Clone, Debug)]
pub struct Presser {
    /// Their id.
    pub user: UserId,
    /// Another id of the same person, where that is known: in an organization somebody can be
    /// `U…` and `W…`.
    pub other_id: Option<UserId>,
    /// The workspaces and organizations that Slack names with it: in which of them a secret is at
    /// home depends on how the app was installed.
    pub teams: Vec<TeamId>,
    /// The message with the button, where it is in one.
    pub place: Option<(ChannelId, MessageTs)>,
    /// The press.
    pub press: PressKey,
}

impl Presser {
    /// Whether they are of an organization, by what Slack names with the press.
    #[must_use]
    pub fn is_in_organization(&self) -> bool {
        self.teams.iter().any(TeamId::is_organization)
    }

    /// Every id by which they are known.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let ids = std::iter::once(&self.user).chain(&self.other_id);
        ids.map(UserId::as_str)
    }
}

/// What makes a press the same one when Slack delivers it again, under another envelope id: who
/// pressed what, where, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PressKey([u8; 32]);

impl PressKey {
    /// The key of a press of which this is known. Parts in another order are another press, and so
    /// are those that are cut elsewhere.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Its first 48 bits in hexadecimal digits: enough among the presses about one secret.
    #[must_use]
    pub fn short(&self) -> String {
        let head = self.0.iter().take(6);
        head.map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_is_itself_and_no_other() {
        let press = PressKey::of(&["U1", "take_back", "1.2"]);
        assert_eq!(press, PressKey::of(&["U1", "take_back", "1.2"]));
        for other in [
            &["U2", "take_back", "1.2"][..],
            &["U1", "1.2", "take_back"],
            &["U1t", "ake_back", "1.2"],
            &["U1", "take_back", "1.2", ""],
        ] {
            assert_ne!(press, PressKey::of(other), "{other:?}");
        }
        assert_eq!(press.short(), hex::encode(&press.0[..6]));
    }
}
