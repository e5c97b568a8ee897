//! What Slack answers when it does not do what was asked, and what to do then.
//!
//! The library's own errors hold whole answers, which can quote a link; they are reduced here, at
//! once, and never printed.

use std::time::Duration;

use shared::store::FailureReason;
use slack_morphism::errors::SlackClientError;

/// How a call failed. Holds nothing of what was sent or answered but Slack's error code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{method}: {kind}")]
pub(crate) struct SlackError {
    pub(crate) method: &'static str,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Kind {
    /// Slack's error code, such as `user_not_found`.
    #[error("{0}")]
    Code(String),
    #[error("too many requests")]
    RateLimited { retry_after: Option<Duration> },
    #[error("HTTP status {0}")]
    Status(u16),
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("Slack can't be reached")]
    Unreachable,
    #[error("the answer has an unknown form")]
    Unreadable,
}

/// What a failed call means for a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Worth another try after the usual pause.
    Retry,
    /// Worth another try, not before this has passed.
    Wait(Duration),
    /// No retry mends it.
    GiveUp(FailureReason),
}

/// Codes that no retry mends, and why. Every other code is worth another try: Slack adds codes, and
/// a delivery that is tried again does less harm than one given up too soon.
const FINAL: [(&str, FailureReason); 21] = [
    ("user_not_found", FailureReason::UserNotFound),
    ("user_not_visible", FailureReason::UserNotFound),
    ("users_not_found", FailureReason::UserNotFound),
    ("channel_not_found", FailureReason::UserNotFound),
    ("user_disabled", FailureReason::UserDisabled),
    ("is_inactive", FailureReason::UserDisabled),
    ("cannot_dm_bot", FailureReason::CannotDmBot),
    ("invalid_user_combination", FailureReason::CannotDmBot),
    ("messages_tab_disabled", FailureReason::MessagesTabDisabled),
    ("missing_scope", FailureReason::MissingScope),
    ("not_allowed_token_type", FailureReason::MissingScope),
    ("no_permission", FailureReason::MissingScope),
    ("access_denied", FailureReason::Refused),
    ("restricted_action", FailureReason::Refused),
    ("is_archived", FailureReason::Refused),
    ("not_in_channel", FailureReason::Refused),
    ("no_text", FailureReason::Refused),
    ("invalid_blocks", FailureReason::Refused),
    ("invalid_arguments", FailureReason::Refused),
    ("msg_too_long", FailureReason::Refused),
    ("msg_blocks_too_long", FailureReason::Refused),
];

/// Codes by which Slack says that the tokens themselves are no good.
const FATAL: [&str; 10] = [
    "not_authed",
    "invalid_auth",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
    "missing_scope",
    "user_removed_from_team",
    "team_disabled",
    "forbidden_team",
];

impl SlackError {
    pub(crate) const fn timed_out(method: &'static str, after: Duration) -> Self {
        Self {
            method,
            kind: Kind::TimedOut(after),
        }
    }

    pub(crate) const fn unreadable(method: &'static str) -> Self {
        Self {
            method,
            kind: Kind::Unreadable,
        }
    }

    /// Reduces an error of the library's.
    pub(crate) fn reduce(method: &'static str, error: SlackClientError) -> Self {
        let kind = match error {
            SlackClientError::ApiError(error) if error.code == "ratelimited" => {
                Kind::RateLimited { retry_after: None }
            }
            SlackClientError::ApiError(error) => Kind::Code(plain_code(error.code)),
            SlackClientError::RateLimitError(error) => Kind::RateLimited {
                retry_after: error.retry_after,
            },
            SlackClientError::HttpError(error) => Kind::Status(error.status_code.as_u16()),
            SlackClientError::ProtocolError(_) => Kind::Unreadable,
            _ => Kind::Unreachable,
        };
        Self { method, kind }
    }

    /// What it means for a delivery.
    pub(crate) fn verdict(&self) -> Verdict {
        match &self.kind {
            Kind::RateLimited { retry_after } => Verdict::Wait(retry_after.unwrap_or_default()),
            Kind::Code(code) => FINAL
                .iter()
                .find(|(known, _)| known == code)
                .map_or(Verdict::Retry, |(_, reason)| Verdict::GiveUp(*reason)),
            Kind::Status(_) | Kind::TimedOut(_) | Kind::Unreachable | Kind::Unreadable => {
                Verdict::Retry
            }
        }
    }

    /// Whether the token or the app's installation is no good, so that trying again is in vain.
    pub(crate) fn is_fatal(&self) -> bool {
        matches!(&self.kind, Kind::Code(code) if FATAL.contains(&code.as_str()))
    }

    /// How long Slack wants to be left alone.
    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            Kind::RateLimited { retry_after } => retry_after,
            _ => None,
        }
    }
}

/// Codes are words with underscores; anything else is not repeated.
fn plain_code(code: String) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=64).contains(&code.len()) && code.bytes().all(plain) {
        code
    } else {
        "unknown_code".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use slack_morphism::errors::SlackClientApiError;

    use super::*;

    fn code(code: &str) -> SlackError {
        let error = SlackClientApiError::new(code.to_owned())
            .with_http_response_body("{\"canary\":1}".to_owned());
        SlackError::reduce("chat.postMessage", SlackClientError::ApiError(error))
    }

    #[test]
    fn every_final_code_gives_up_for_its_reason() {
        for (known, reason) in FINAL {
            assert_eq!(code(known).verdict(), Verdict::GiveUp(reason), "{known}");
        }
    }

    #[test]
    fn what_can_pass_is_tried_again() {
        for passing in [
            "internal_error",
            "fatal_error",
            "service_unavailable",
            "a_new_code",
        ] {
            assert_eq!(code(passing).verdict(), Verdict::Retry, "{passing}");
            assert!(!code(passing).is_fatal(), "{passing}");
        }
        let wait = Verdict::Wait(Duration::ZERO);
        assert_eq!(code("ratelimited").verdict(), wait);
        for kind in [Kind::Status(503), Kind::Unreachable, Kind::Unreadable] {
            let error = SlackError {
                method: "users.info",
                kind,
            };
            assert_eq!(error.verdict(), Verdict::Retry);
        }
    }

    #[test]
    fn bad_tokens_are_fatal() {
        assert!(FATAL.iter().all(|fatal| code(fatal).is_fatal()));
    }

    #[test]
    fn nothing_of_an_answer_is_printed() {
        for error in [code("user_not_found"), code("canary Was Here"), code("")] {
            assert!(
                !format!("{error} {error:?}").contains("canary"),
                "{error:?}"
            );
        }
    }
}
