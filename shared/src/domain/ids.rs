//! Identifiers, each a type of its own so that one can't stand in for another.

use std::fmt;

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use uuid::Uuid;

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh identifier (UUIDv7, RFC 9562): it sorts by the time it was made.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The identifier that a row carries.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// As the database stores it.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }

            /// The 16 bytes, for binding into a key.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        /// No number makes one: the database gives none out.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId)
            }
        }
    };
}

row_id! {
    /// A secret's row. Safe to log: it opens nothing.
    SecretId
}
row_id! {
    /// A database's identity. Not secret, and no key.
    InstallationId
}
row_id! {
    /// A running bot.
    BotId
}
row_id! {
    /// A message that is to be delivered.
    DeliveryId
}
row_id! {
    /// One attempt to burn a secret: tells whose commit it was when the answer got lost.
    BurnId
}
row_id! {
    /// An entry of the audit log.
    AuditEventId
}

/// The text is no identifier of the kind wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid identifier")]
pub struct InvalidId;

macro_rules! slack_id {
    ($(#[$doc:meta])* $name:ident, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Longest identifier that the tables hold, in bytes.
            pub const MAX_LEN: usize = 64;

            /// Takes an identifier as Slack sends it.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let allowed: fn(u8) -> bool = $allowed;
                let fits = (1..=Self::MAX_LEN).contains(&text.len());
                if fits && text.bytes().all(allowed) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId)
                }
            }

            /// As Slack writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

slack_id! {
    /// A workspace (`T…`) or an organization (`E…`).
    TeamId, |byte| byte.is_ascii_alphanumeric()
}

impl TeamId {
    /// Whether it is an organization's, by Slack's own prefix.
    #[must_use]
    pub fn is_organization(&self) -> bool {
        self.0.starts_with('E')
    }
}

slack_id! {
    /// A member of a workspace (`U…` or `W…`).
    UserId, |byte| byte.is_ascii_alphanumeric()
}
slack_id! {
    /// A conversation; direct messages are `D…`.
    ChannelId, |byte| byte.is_ascii_alphanumeric()
}
slack_id! {
    /// A message within its conversation: seconds, a point, a counter.
    MessageTs, |byte| byte.is_ascii_digit() || byte == b'.'
}
slack_id! {
    /// What makes a submission the same one when it comes again: the dialog's view id.
    SubmissionKey, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_ids_are_short_and_plain() {
        assert_eq!(
            UserId::parse("U012ABCDEF").map(|id| id.to_string()),
            Ok("U012ABCDEF".into())
        );
        for text in ["", "U1 ", "<@U1>", "U1|bob", "é", &"U".repeat(65)] {
            assert_eq!(UserId::parse(text), Err(InvalidId), "{text:?}");
        }
        assert!(MessageTs::parse("1700000000.000100").is_ok());
        assert!(MessageTs::parse("17x").is_err());
    }

    #[test]
    fn row_ids_sort_by_the_time_they_were_made() {
        let ids: Vec<_> = (0..100).map(|_| SecretId::generate()).collect();
        assert!(ids.is_sorted());
    }
}
