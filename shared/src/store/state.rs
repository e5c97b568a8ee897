//! A secret's life: live until the first of opened, expired, revoked, undeliverable.

use std::time::Duration;

use crate::domain::{clock::Timestamp, ids::SecretId};

use super::StoreError;

/// For how long after an opening its recipient can say so.
pub const DISPUTABLE_FOR: Duration = Duration::from_hours(7 * 24);

/// How a secret's life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its link was opened.
    Viewed {
        /// When.
        at: Timestamp,
    },
    /// Nobody opened it in time.
    Expired,
    /// Its message could not be delivered.
    Undeliverable,
    /// Its sender took it back.
    Revoked,
}

/// Who ended a revoked secret, where it was not its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokedBy {
    /// An operator, as after a restored backup.
    Operator,
    /// Nobody in particular: the audit log did not take its end, as it shows another already.
    Conflict,
}

impl RevokedBy {
    /// The word in `secrets.revoked_by`.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Conflict => "conflict",
        }
    }

    /// Reads the column.
    pub(super) fn from_column(code: Option<&str>) -> Option<Self> {
        let code = code?;
        [Self::Operator, Self::Conflict]
            .into_iter()
            .find(|by| by.code() == code)
    }
}

/// A secret whose life is over, as its link shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its row, for the log.
    pub secret: SecretId,
    /// How it ended.
    pub ending: Ending,
    /// Whether the page of its opening may not have arrived.
    pub page_lost: bool,
    /// Who revoked it, where it was not its sender.
    pub revoked_by: Option<RevokedBy>,
    /// The recipient's language in Slack.
    pub recipient_locale: Option<String>,
    /// The recipient's time zone in Slack.
    pub recipient_tz: Option<String>,
}

impl Ending {
    /// The word in `secrets.destroy_reason`.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Viewed { .. } => "viewed",
            Self::Expired => "expired",
            Self::Undeliverable => "undeliverable",
            Self::Revoked => "revoked",
        }
    }

    /// Reads the columns of a row; `None` while the secret lives.
    pub(super) fn from_columns(
        destroy_reason: Option<&str>,
        viewed_at: Option<Timestamp>,
    ) -> Result<Option<Self>, StoreError> {
        let unreadable = StoreError::Unreadable {
            column: "secrets.destroy_reason",
        };
        match (destroy_reason, viewed_at) {
            (None, None) => Ok(None),
            (Some("viewed"), Some(at)) => Ok(Some(Self::Viewed { at })),
            (Some("expired"), None) => Ok(Some(Self::Expired)),
            (Some("undeliverable"), None) => Ok(Some(Self::Undeliverable)),
            (Some("revoked"), None) => Ok(Some(Self::Revoked)),
            _ => Err(unreadable),
        }
    }
}

/// Why a recipient's message can never be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureReason {
    /// Slack knows no such person.
    UserNotFound,
    /// The person's account is deactivated.
    UserDisabled,
    /// The recipient is an app or bot, or takes no messages from apps.
    CannotDmBot,
    /// The person belongs to another organization.
    External,
    /// The person is a guest, and guests get none here.
    Guest,
    /// The person is the sender, under another id perhaps.
    Oneself,
    /// The app's own Messages tab is switched off.
    MessagesTabDisabled,
    /// The app lacks a permission.
    MissingScope,
    /// Slack refused for another reason that stays.
    Refused,
    /// The secret expired, or was destroyed otherwise, before its message was out.
    Expired,
    /// The waiting link can't be opened: its delivery key is gone, or the row was changed.
    Unsealable,
}

impl FailureReason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::UserNotFound,
        Self::UserDisabled,
        Self::CannotDmBot,
        Self::External,
        Self::Guest,
        Self::Oneself,
        Self::MessagesTabDisabled,
        Self::MissingScope,
        Self::Refused,
        Self::Expired,
        Self::Unsealable,
    ];

    /// The word in the audit log and in `deliveries.outcome`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UserNotFound => "user_not_found",
            Self::UserDisabled => "user_disabled",
            Self::CannotDmBot => "cannot_dm_bot",
            Self::External => "external",
            Self::Guest => "guest",
            Self::Oneself => "oneself",
            Self::MessagesTabDisabled => "messages_tab_disabled",
            Self::MissingScope => "missing_scope",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Unsealable => "unsealable",
        }
    }

    /// The reason with this [code](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_an_ending_or_an_error() {
        let at = Timestamp::from_millis(7);
        let read = Ending::from_columns;
        assert_eq!(read(None, None), Ok(None));
        assert_eq!(
            read(Some("viewed"), Some(at)),
            Ok(Some(Ending::Viewed { at }))
        );
        for ending in [Ending::Expired, Ending::Undeliverable, Ending::Revoked] {
            assert_eq!(read(Some(ending.code()), None), Ok(Some(ending)));
        }
        for (reason, viewed_at) in [(Some("viewed"), None), (None, Some(at)), (Some("?"), None)] {
            assert!(read(reason, viewed_at).is_err(), "{reason:?} {viewed_at:?}");
        }
    }

    #[test]
    fn every_failure_comes_back_from_its_code() {
        for reason in FailureReason::ALL {
            assert_eq!(FailureReason::from_code(reason.code()), Some(reason));
        }
    }
}
