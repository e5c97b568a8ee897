//! What Slack answers when it does not do what was asked, and what to do then.
//!
//! The library's own errors hold whole answers, which can quote a link; they are reduced here, at
//! once, and never printed.

use std::time::Duration;

use serde::Deserialize;
use shared::store::FailureReason;
use slack_morphism::errors::SlackClientError;
use zeroize::Zeroizing;

use crate::egress::{self, Failure};

/// How a call failed. Holds nothing of what was sent or answered but Slack's error code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{method}: {kind}{}", listed(.places))]
pub(crate) struct SlackError {
    pub(crate) method: &'static str,
    pub(crate) kind: Kind,
    /// Where in what was sent Slack found fault, e.g. `/view/title/text`: positions, no values.
    pub(crate) places: Vec<String>,
    /// The scopes that a token lacks, such as `im:write`.
    needed: Option<String>,
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
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    #[error("Slack can't be reached: {0}")]
    Unreachable(Failure),
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
    /// The token or the app itself is no good: an operator has to mend it.
    Stop,
}

/// Codes that no retry mends, and why. Every other code is worth another try: Slack adds codes, and
/// a delivery that is tried again does less harm than one given up too soon.
const FINAL: [(&str, FailureReason); 19] = [
    ("user_not_found", FailureReason::UserNotFound),
    ("user_not_visible", FailureReason::UserNotFound),
    ("users_not_found", FailureReason::UserNotFound),
    ("channel_not_found", FailureReason::UserNotFound),
    ("user_disabled", FailureReason::UserDisabled),
    ("is_inactive", FailureReason::UserDisabled),
    ("cannot_dm_bot", FailureReason::CannotDmBot),
    ("invalid_user_combination", FailureReason::CannotDmBot),
    ("messages_tab_disabled", FailureReason::MessagesTabDisabled),
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

/// Codes by which Slack says that a message can't be changed any more.
const GONE_MESSAGE: [&str; 4] = [
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
    "no_item_specified",
];

/// The method that only the app-level token may call.
pub(super) const OPEN_CONNECTION: &str = "apps.connections.open";

/// Codes that mean HTTP status 429, in answers that have another.
const RATE_LIMITED: [&str; 2] = ["ratelimited", "rate_limited"];

/// Most faulty places kept of one answer.
const MOST_PLACES: usize = 5;

/// Codes by which Slack says that the tokens themselves are no good. Deliveries wait until that is
/// mended, as nobody could be told anything meanwhile.
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
        Self::of(method, Kind::TimedOut(after))
    }

    pub(crate) const fn unreadable(method: &'static str) -> Self {
        Self::of(method, Kind::Unreadable)
    }

    pub(crate) const fn status(method: &'static str, status: u16) -> Self {
        Self::of(method, Kind::Status(status))
    }

    pub(crate) const fn unreachable(method: &'static str, failure: Failure) -> Self {
        Self::of(method, Kind::Unreachable(failure))
    }

    /// Looks whether an answer is a refusal.
    pub(crate) fn refused(method: &'static str, answer: &[u8]) -> Result<(), Self> {
        #[derive(Deserialize)]
        struct Answer {
            ok: bool,
            error: Option<String>,
        }
        let unreadable = || Self::unreadable(method);
        let read: Answer = serde_json::from_slice(answer).map_err(|_| unreadable())?;
        if read.ok {
            return Ok(());
        }
        let answer = String::from_utf8(answer.to_vec()).map_err(|_| unreadable())?;
        let details = details(answer);
        Err(Self {
            places: details.places,
            needed: details.needed,
            ..Self::of(
                method,
                Kind::Code(plain_code(read.error.unwrap_or_default())),
            )
        })
    }

    const fn of(method: &'static str, kind: Kind) -> Self {
        Self {
            method,
            kind,
            places: Vec::new(),
            needed: None,
        }
    }

    /// Reduces an error of the library's.
    pub(crate) fn reduce(method: &'static str, error: SlackClientError) -> Self {
        let kind = match error {
            SlackClientError::ApiError(error) if RATE_LIMITED.contains(&error.code.as_str()) => {
                Kind::RateLimited { retry_after: None }
            }
            SlackClientError::ApiError(error) => {
                let details = error.http_response_body.map(details).unwrap_or_default();
                return Self {
                    places: details.places,
                    needed: details.needed,
                    ..Self::of(method, Kind::Code(plain_code(error.code)))
                };
            }
            SlackClientError::RateLimitError(error) => Kind::RateLimited {
                retry_after: error.retry_after,
            },
            SlackClientError::HttpError(error) => Kind::Status(error.status_code.as_u16()),
            SlackClientError::ProtocolError(_) => Kind::Unreadable,
            SlackClientError::HttpProtocolError(error) => {
                let cause = error.cause.as_deref();
                Kind::Unreachable(cause.map_or(Failure::Other, |cause| egress::find(cause)))
            }
            _ => Kind::Unreachable(Failure::Other),
        };
        Self::of(method, kind)
    }

    /// What it means for a delivery.
    pub(crate) fn verdict(&self) -> Verdict {
        if self.is_fatal() {
            return Verdict::Stop;
        }
        match &self.kind {
            Kind::RateLimited { retry_after } => Verdict::Wait(retry_after.unwrap_or_default()),
            Kind::Code(code) => FINAL
                .iter()
                .find(|(known, _)| known == code)
                .map_or(Verdict::Retry, |(_, reason)| Verdict::GiveUp(*reason)),
            Kind::Status(_) | Kind::TimedOut(_) | Kind::Unreachable(_) | Kind::Unreadable => {
                Verdict::Retry
            }
        }
    }

    /// Whether the token or the app's installation is no good, so that trying again is in vain.
    pub(crate) fn is_fatal(&self) -> bool {
        matches!(&self.kind, Kind::Code(code) if FATAL.contains(&code.as_str()))
    }

    /// Whether Slack answered at all, though not as it was hoped for.
    pub(crate) const fn is_an_answer(&self) -> bool {
        matches!(self.kind, Kind::Code(_) | Kind::RateLimited { .. })
    }

    /// What an operator can do about a fatal error.
    pub(crate) fn advice(&self) -> String {
        let (setting, what) = if self.method == OPEN_CONNECTION {
            (
                "SLACK_APP_TOKEN",
                "an app-level token (xapp-...) with the scope connections:write, of an app with \
                 Socket Mode switched on: Basic Information, App-Level Tokens, and Socket Mode",
            )
        } else {
            (
                "SLACK_BOT_TOKEN",
                "the bot token (xoxb-...) of the app as it is installed in the workspace: OAuth & \
                 Permissions, Bot User OAuth Token",
            )
        };
        match &self.needed {
            Some(needed) => format!(
                "{setting} lacks the scope {needed}: give it to the Slack app under OAuth & \
                 Permissions (an app-level token's are chosen when it is made), install the app \
                 again, and use the token that Slack then shows (https://api.slack.com/apps)"
            ),
            None => format!(
                "Slack does not take {setting}. It must be {what} (https://api.slack.com/apps, your app)"
            ),
        }
    }

    /// Whether a view changed, or was closed, since somebody acted on it.
    pub(crate) fn is_outdated_view(&self) -> bool {
        matches!(&self.kind, Kind::Code(code) if code == "hash_conflict" || code == "not_found")
    }

    /// Whether a message can't be changed because of how it is or where it stands.
    pub(crate) fn is_gone_message(&self) -> bool {
        matches!(&self.kind, Kind::Code(code) if GONE_MESSAGE.contains(&code.as_str()))
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

/// What an answer says besides its code.
#[derive(Default)]
struct Details {
    places: Vec<String>,
    needed: Option<String>,
}

/// The pointers in an answer's `response_metadata.messages`, such as
/// `[ERROR] must be less than 25 characters [json-pointer:/view/title/text]`, and the scopes in its
/// `needed`. The words around the pointers are left out: they may quote what was sent.
fn details(answer: String) -> Details {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Answer {
        response_metadata: Metadata,
        needed: Option<String>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Metadata {
        messages: Vec<String>,
    }
    let answer = Zeroizing::new(answer);
    let answer: Answer = serde_json::from_str(&answer).unwrap_or_default();
    let pointer = |message: &String| {
        let (_, rest) = message.split_once("[json-pointer:")?;
        let (pointer, _) = rest.split_once(']')?;
        is_plain(pointer, b"/_-").then(|| pointer.to_owned())
    };
    let pointers = answer.response_metadata.messages.iter().filter_map(pointer);
    Details {
        places: pointers.take(MOST_PLACES).collect(),
        needed: answer.needed.filter(|scopes| is_plain(scopes, b":_.,")),
    }
}

/// Whether a text is a short word of ASCII letters, digits and some marks.
fn is_plain(text: &str, marks: &[u8]) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte);
    (1..=100).contains(&text.len()) && text.bytes().all(plain)
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
        assert_eq!(code("rate_limited").verdict(), wait);
        let unreachable = Kind::Unreachable(Failure::Refused);
        for kind in [Kind::Status(503), unreachable, Kind::Unreadable] {
            let error = SlackError::of("users.info", kind);
            assert_eq!(error.verdict(), Verdict::Retry);
        }
    }

    #[test]
    fn bad_tokens_are_fatal() {
        for fatal in FATAL {
            assert_eq!(code(fatal).verdict(), Verdict::Stop, "{fatal}");
            assert!(code(fatal).advice().contains("SLACK_BOT_TOKEN"));
        }
        let error = SlackClientApiError::new("invalid_auth".to_owned());
        let error = SlackError::reduce(OPEN_CONNECTION, SlackClientError::ApiError(error));
        assert!(error.advice().contains("SLACK_APP_TOKEN"));
    }

    #[test]
    fn a_missing_scope_is_named() {
        let body =
            r#"{"ok":false,"error":"missing_scope","needed":"im:write","provided":"commands"}"#;
        let error = SlackClientApiError::new("missing_scope".to_owned())
            .with_http_response_body(body.to_owned());
        let error = SlackError::reduce("conversations.open", SlackClientError::ApiError(error));
        assert!(
            error
                .advice()
                .contains("SLACK_BOT_TOKEN lacks the scope im:write")
        );
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
