//! What Slack answers when it does not do what was asked, and what to do then.
//!
//! The library's own errors hold whole answers, which can quote a link; they are reduced here, at
//! once, and never printed.

use std::time::Duration;

use serde::Deserialize;
use shared::store::FailureReason;
use slack_morphism::errors::SlackClientError;
use zeroize::Zeroizing;

/// How a call failed. Holds nothing of what was sent or answered but Slack's error code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{method}: {kind}{}", listed(.places))]
pub(crate) struct SlackError {
    pub(crate) method: &'static str,
    pub(crate) kind: Kind,
    /// Where in what was sent Slack found fault, e.g. `/view/title/text`: positions, no values.
    pub(crate) places: Vec<String>,
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

/// Most faulty places kept of one answer.
const MOST_PLACES: usize = 5;

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
            places: Vec::new(),
        }
    }

    pub(crate) const fn unreadable(method: &'static str) -> Self {
        Self {
            method,
            kind: Kind::Unreadable,
            places: Vec::new(),
        }
    }

    /// Reduces an error of the library's.
    pub(crate) fn reduce(method: &'static str, error: SlackClientError) -> Self {
        let mut places = Vec::new();
        let kind = match error {
            SlackClientError::ApiError(error) if error.code == "ratelimited" => {
                Kind::RateLimited { retry_after: None }
            }
            SlackClientError::ApiError(error) => {
                places = error
                    .http_response_body
                    .map(faulty_places)
                    .unwrap_or_default();
                Kind::Code(plain_code(error.code))
            }
            SlackClientError::RateLimitError(error) => Kind::RateLimited {
                retry_after: error.retry_after,
            },
            SlackClientError::HttpError(error) => Kind::Status(error.status_code.as_u16()),
            SlackClientError::ProtocolError(_) => Kind::Unreadable,
            _ => Kind::Unreachable,
        };
        Self {
            method,
            kind,
            places,
        }
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

    /// Whether a dialog was opened with this trigger before: the command was delivered twice.
    /// Slack's pages give two spellings.
    pub(crate) fn is_used_trigger(&self) -> bool {
        matches!(&self.kind, Kind::Code(code)
            if code == "exchanged_trigger_id" || code == "trigger_exchanged")
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

/// The pointers in an answer's `response_metadata.messages`, such as
/// `[ERROR] must be less than 25 characters [json-pointer:/view/title/text]`. The words around them
/// are left out: they may quote what was sent.
fn faulty_places(answer: String) -> Vec<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Answer {
        response_metadata: Metadata,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Metadata {
        messages: Vec<String>,
    }
    let answer = Zeroizing::new(answer);
    let Answer { response_metadata } = serde_json::from_str(&answer).unwrap_or_default();
    let pointer = |message: &String| {
        let (_, rest) = message.split_once("[json-pointer:")?;
        let (pointer, _) = rest.split_once(']')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
        (pointer.len() <= 100 && pointer.bytes().all(plain)).then(|| pointer.to_owned())
    };
    let pointers = response_metadata.messages.iter().filter_map(pointer);
    pointers.take(MOST_PLACES).collect()
}

fn listed(places: &[String]) -> String {
    if places.is_empty() {
        return String::new();
    }
    format!(" at {}", places.join(", "))
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
                places: Vec::new(),
            };
            assert_eq!(error.verdict(), Verdict::Retry);
        }
    }

    #[test]
    fn bad_tokens_are_fatal() {
        assert!(FATAL.iter().all(|fatal| code(fatal).is_fatal()));
    }

    #[test]
    fn faulty_places_are_told_without_what_stood_there() {
        let body = r#"{"ok":false,"error":"invalid_arguments","response_metadata":{"messages":[
            "[ERROR] invalid url: canary [json-pointer:/blocks/3/elements/0/url]",
            "[ERROR] canary", "[json-pointer:/a canary]"]}}"#;
        let error = SlackClientApiError::new("invalid_arguments".to_owned())
            .with_http_response_body(body.to_owned());
        let error = SlackError::reduce("views.open", SlackClientError::ApiError(error));
        assert_eq!(
            error.to_string(),
            "views.open: invalid_arguments at /blocks/3/elements/0/url"
        );
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn a_command_that_came_twice_is_told_from_a_failure() {
        assert!(code("exchanged_trigger_id").is_used_trigger());
        assert!(code("trigger_exchanged").is_used_trigger());
        assert!(!code("expired_trigger_id").is_used_trigger());
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
