//! What Slack answers when it does not do what was asked, and what to do then.
//!
//! The library's own errors hold whole answers, which can quote a link; they are reduced here, at
//! once, and never printed.

use std::{borrow::Cow, time::Duration};

use shared::store::FailureReason;
use slack_morphism::errors::SlackClientError;

use super::{
    Method,
    codes::{Class, class},
    pauses::LONGEST,
};
use crate::{
    egress::Failure,
    lenient::{Object, Unreadable},
};

/// How a call failed. Holds nothing of what was sent or answered but Slack's error code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{method}: {kind}{}", listed(.places))]
pub(crate) struct SlackError {
    pub(crate) method: &'static str,
    pub(crate) kind: ErrorKind,
    /// Where in what was sent Slack found fault, e.g. `/view/title/text`, or what of an answer
    /// can't be read: positions, no values.
    pub(crate) places: Vec<String>,
    /// The scopes that a token lacks, such as `im:write`.
    pub(super) needed: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ErrorKind {
    /// Slack's error code, such as `user_not_found`.
    #[error("{0}")]
    Code(String),
    /// How long Slack wants to be left alone is at most an hour here, after which it is asked
    /// again.
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
    /// Passes by itself: worth another try after the usual pause.
    Retry,
    /// Worth another try, not before this has passed.
    Wait(Duration),
    /// This addressee can't be reached, and no retry mends it.
    GiveUp(FailureReason),
    /// Slack refuses it, and it can't be told yet whether this addressee, this message or
    /// everything.
    Undecided,
    /// The app as a whole is refused: an operator has to mend it, and what waits goes out then.
    Held,
    /// The token or the app itself is no good: an operator has to mend it.
    Stop,
}

/// Most faulty places kept of one answer.
const MOST_PLACES: usize = 5;

impl SlackError {
    pub(crate) const fn timed_out(method: Method, after: Duration) -> Self {
        Self::of(method, ErrorKind::TimedOut(after))
    }

    pub(crate) const fn unreadable(method: Method) -> Self {
        Self::of(method, ErrorKind::Unreadable)
    }

    /// By the path of what can't be read.
    pub(crate) fn unreadable_at(method: Method, what: Unreadable) -> Self {
        Self {
            places: vec![what.0.to_owned()],
            ..Self::unreadable(method)
        }
    }

    pub(crate) const fn status(method: Method, status: u16) -> Self {
        Self::of(method, ErrorKind::Status(status))
    }

    pub(crate) const fn unreachable(method: Method, failure: Failure) -> Self {
        Self::of(method, ErrorKind::Unreachable(failure))
    }

    /// For a call that isn't made, as Slack announced a pause of which so much is left.
    pub(crate) const fn rate_limited(method: Method, rest: Duration) -> Self {
        let retry_after = Some(rest);
        Self::of(method, ErrorKind::RateLimited { retry_after })
    }

    /// A refusal whose code stands in plain text, if it is one.
    pub(crate) fn worded(method: Method, status: u16, text: &str) -> Self {
        match plain_code(text.to_owned()) {
            code if code == UNKNOWN => Self::status(method, status),
            code => Self::of(method, ErrorKind::Code(code)),
        }
    }

    /// Slack's refusal with its code, and what the answer says besides.
    pub(crate) fn answered(method: Method, code: String, answer: &Object<'_>) -> Self {
        if class(method.as_str(), &code) == Class::RateLimited {
            return Self::of(method, ErrorKind::RateLimited { retry_after: None });
        }
        let details = details(answer);
        Self {
            places: details.places,
            needed: details.needed,
            ..Self::of(method, ErrorKind::Code(plain_code(code)))
        }
    }

    const fn of(method: Method, kind: ErrorKind) -> Self {
        Self {
            method: method.as_str(),
            kind,
            places: Vec::new(),
            needed: None,
        }
    }

    /// Reduces an error of the library's.
    pub(crate) fn reduce(method: Method, error: SlackClientError) -> Self {
        let kind = match error {
            SlackClientError::ApiError(error) => {
                let body = error.http_response_body.unwrap_or_default();
                let answer = Object::parse(&body).unwrap_or_default();
                return Self::answered(method, error.code, &answer);
            }
            SlackClientError::RateLimitError(error) => ErrorKind::RateLimited {
                retry_after: error.retry_after.map(|pause| pause.min(LONGEST)),
            },
            SlackClientError::HttpError(error) => ErrorKind::Status(error.status_code.as_u16()),
            SlackClientError::ProtocolError(_) => ErrorKind::Unreadable,
            SlackClientError::HttpProtocolError(error) => {
                let cause = error.cause.as_deref();
                ErrorKind::Unreachable(cause.map_or(Failure::Other, |cause| Failure::of(cause)))
            }
            _ => ErrorKind::Unreachable(Failure::Other),
        };
        Self::of(method, kind)
    }

    /// What it means for a delivery.
    pub(crate) fn verdict(&self) -> Verdict {
        match &self.kind {
            ErrorKind::RateLimited { retry_after } => {
                Verdict::Wait(retry_after.unwrap_or_default())
            }
            ErrorKind::Status(_)
            | ErrorKind::TimedOut(_)
            | ErrorKind::Unreachable(_)
            | ErrorKind::Unreadable => Verdict::Retry,
            ErrorKind::Code(code) => match class(self.method, code) {
                Class::Addressee(reason) => Verdict::GiveUp(reason),
                Class::App => Verdict::Held,
                Class::Token => Verdict::Stop,
                Class::Passing => Verdict::Retry,
                Class::RateLimited => Verdict::Wait(Duration::ZERO),
                Class::Undecided
                | Class::MessageGone
                | Class::MessageFixed
                | Class::ViewOutdated
                | Class::TriggerUsed
                | Class::TriggerOver
                | Class::AnswerOver => Verdict::Undecided,
            },
        }
    }

    /// Slack's error code, if it answered with one.
    pub(crate) fn code(&self) -> Option<&str> {
        match &self.kind {
            ErrorKind::Code(code) => Some(code),
            _ => None,
        }
    }

    /// What Slack's error code means, if it answered with one.
    pub(crate) fn class(&self) -> Option<Class> {
        self.code().map(|code| class(self.method, code))
    }

    fn is(&self, wanted: Class) -> bool {
        self.class() == Some(wanted)
    }

    /// Whether the token or the app's installation is no good, so that trying again is in vain.
    pub(crate) fn is_fatal(&self) -> bool {
        self.is(Class::Token)
    }

    /// Whether what was asked for may have been done all the same: the request may have arrived,
    /// and the answer is lost.
    pub(crate) const fn may_have_happened(&self) -> bool {
        match &self.kind {
            // Slack's words for these two: some of it may have succeeded.
            ErrorKind::Code(code) => matches!(code.as_bytes(), b"internal_error" | b"fatal_error"),
            ErrorKind::RateLimited { .. } => false,
            ErrorKind::Status(status) => *status >= 500,
            ErrorKind::TimedOut(_) | ErrorKind::Unreadable => true,
            ErrorKind::Unreachable(failure) => match failure {
                Failure::Dropped | Failure::Other => true,
                Failure::ProxyUnreachable
                | Failure::ProxyWantsPassword
                | Failure::ProxyRefused
                | Failure::Untrusted(_)
                | Failure::Tls
                | Failure::NoAnswer
                | Failure::Refused => false,
            },
        }
    }

    /// Whether Slack answered at all, though not as it was hoped for.
    pub(crate) const fn is_an_answer(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Code(_) | ErrorKind::RateLimited { .. }
        )
    }

    /// Whether a view changed, or was closed, since somebody acted on it.
    pub(crate) fn is_outdated_view(&self) -> bool {
        self.is(Class::ViewOutdated)
    }

    /// Whether a message that was to be changed or deleted is not there any more.
    pub(crate) fn is_gone_message(&self) -> bool {
        self.is(Class::MessageGone)
    }

    /// Whether a message is there, and can't be changed (or deleted) because of how it is or where
    /// it stands.
    pub(crate) fn is_fixed_message(&self) -> bool {
        self.is(Class::MessageFixed)
    }

    /// Whether a dialog was opened with this trigger before: the command was delivered twice.
    /// Slack's pages give two spellings.
    pub(crate) fn is_used_trigger(&self) -> bool {
        self.is(Class::TriggerUsed)
    }

    /// Whether a trigger is too old, or none.
    pub(crate) fn is_over_trigger(&self) -> bool {
        self.is(Class::TriggerOver)
    }

    /// Whether Slack may have refused a view for what stands in it.
    pub(crate) fn is_refused_view(&self) -> bool {
        self.is(Class::Undecided)
    }

    /// Whether Slack refused a message for its blocks: nothing was posted or changed.
    pub(crate) fn is_refused_blocks(&self) -> bool {
        matches!(
            self.code(),
            Some("invalid_blocks" | "invalid_blocks_format")
        )
    }

    /// Whether a `response_url` takes no answer any more. Slack says so by status 404, too.
    #[cfg_attr(not(test), expect(dead_code, reason = "every answer is tried once"))]
    pub(crate) fn is_over_answer(&self) -> bool {
        let is_missing = matches!(self.kind, ErrorKind::Status(404 | 410));
        self.is(Class::AnswerOver) || (is_missing && self.method == Method::Respond.as_str())
    }

    /// How long Slack wants to be left alone.
    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            ErrorKind::RateLimited { retry_after } => retry_after,
            _ => None,
        }
    }
}

/// What stands in the place of a code that is none.
const UNKNOWN: &str = "unknown_code";

/// Codes are words with underscores; anything else is not repeated. Two are written as text where a
/// `response_url` answers (getsentry/sentry#7955).
fn plain_code(code: String) -> String {
    match code.as_str() {
        "Expired url" => return "expired_url".to_owned(),
        "Used url" => return "used_url".to_owned(),
        _ => {}
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=64).contains(&code.len()) && code.bytes().all(plain) {
        code
    } else {
        UNKNOWN.to_owned()
    }
}

/// What an answer says besides its code.
struct Details {
    places: Vec<String>,
    needed: Option<String>,
}

/// The pointers in an answer's `response_metadata.messages`, such as
/// `[ERROR] must be less than 25 characters [json-pointer:/view/title/text]`, and the scopes in its
/// `needed`. The words around the pointers are left out: they may quote what was sent.
fn details(answer: &Object<'_>) -> Details {
    let pointer = |message: Cow<'_, str>| {
        let (_, rest) = message.split_once("[json-pointer:")?;
        let (pointer, _) = rest.split_once(']')?;
        is_plain(pointer, b"/_-").then(|| pointer.to_owned())
    };
    let messages = answer.object("response_metadata").texts("messages");
    let needed = answer.text("needed").map(String::from);
    Details {
        places: messages.filter_map(pointer).take(MOST_PLACES).collect(),
        needed: needed.filter(|scopes| is_plain(scopes, b":_.,")),
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

    fn answer(method: Method, code: &str) -> SlackError {
        let error = SlackClientApiError::new(code.to_owned())
            .with_http_response_body("{\"canary\":1}".to_owned());
        SlackError::reduce(method, SlackClientError::ApiError(error))
    }

    fn code(code: &str) -> SlackError {
        answer(Method::PostMessage, code)
    }

    #[test]
    fn each_class_has_its_verdict() {
        let verdicts = [
            (
                "user_disabled",
                Verdict::GiveUp(FailureReason::UserDisabled),
            ),
            ("cannot_dm_bot", Verdict::GiveUp(FailureReason::CannotDmBot)),
            (
                "channel_not_found",
                Verdict::GiveUp(FailureReason::UserNotFound),
            ),
            ("messages_tab_disabled", Verdict::Held),
            ("team_access_not_granted", Verdict::Held),
            ("invalid_auth", Verdict::Stop),
            ("internal_error", Verdict::Retry),
            ("service_unavailable", Verdict::Retry),
            ("ratelimited", Verdict::Wait(Duration::ZERO)),
            ("rate_limited", Verdict::Wait(Duration::ZERO)),
            ("restricted_action", Verdict::Undecided),
            ("invalid_blocks", Verdict::Undecided),
            ("a_new_code", Verdict::Undecided),
        ];
        for (known, verdict) in verdicts {
            assert_eq!(code(known).verdict(), verdict, "{known}");
        }
        for fixed in ["edit_window_closed", "message_not_found"] {
            let error = answer(Method::UpdateMessage, fixed);
            assert_eq!(error.verdict(), Verdict::Undecided, "{fixed}");
        }
    }

    #[test]
    fn what_is_no_code_is_tried_again_and_may_have_happened() {
        let kinds = [
            (ErrorKind::Status(503), true),
            (ErrorKind::Status(403), false),
            (ErrorKind::TimedOut(Duration::ZERO), true),
            (ErrorKind::Unreadable, true),
            (ErrorKind::Unreachable(Failure::Dropped), true),
            (ErrorKind::Unreachable(Failure::Other), true),
            (ErrorKind::Unreachable(Failure::Refused), false),
            (ErrorKind::Unreachable(Failure::NoAnswer), false),
            (ErrorKind::Unreachable(Failure::Tls), false),
            (ErrorKind::Unreachable(Failure::ProxyRefused), false),
        ];
        for (kind, may_have_happened) in kinds {
            let error = SlackError::of(Method::PostMessage, kind);
            assert_eq!(error.verdict(), Verdict::Retry, "{error}");
            assert_eq!(error.may_have_happened(), may_have_happened, "{error}");
            assert_eq!((error.code(), error.class()), (None, None));
        }
        for half in ["internal_error", "fatal_error"] {
            assert!(code(half).may_have_happened(), "{half}");
        }
        for refused in ["restricted_action", "ratelimited", "a_new_code"] {
            assert!(!code(refused).may_have_happened(), "{refused}");
        }
    }

    #[test]
    fn bad_tokens_are_fatal() {
        for fatal in [
            "invalid_auth",
            "missing_scope",
            "team_disabled",
            "token_revoked",
        ] {
            assert!(code(fatal).is_fatal(), "{fatal}");
            assert!(code(fatal).advice().contains("SLACK_BOT_TOKEN"));
        }
        assert!(!code("messages_tab_disabled").is_fatal());
        let error = answer(Method::OpenConnection, "invalid_auth");
        assert!(error.advice().contains("SLACK_APP_TOKEN"));
    }

    #[test]
    fn a_message_that_stays_is_told_from_one_that_is_gone() {
        for (known, gone, fixed) in [
            ("message_not_found", true, false),
            ("channel_not_found", true, false),
            ("edit_window_closed", false, true),
            ("cant_update_message", false, true),
            ("is_inactive", false, true),
            ("update_failed", false, false),
            ("a_new_code", false, false),
        ] {
            let error = answer(Method::UpdateMessage, known);
            let found = (error.is_gone_message(), error.is_fixed_message());
            assert_eq!(found, (gone, fixed), "{known}");
        }
        for outdated in ["hash_conflict", "not_found", "view_not_found"] {
            assert!(answer(Method::UpdateView, outdated).is_outdated_view());
        }
    }

    #[test]
    fn an_answer_that_comes_too_late_or_too_often_is_known() {
        for over in ["used_url", "expired_url", "Used url", "Expired url"] {
            assert!(answer(Method::Respond, over).is_over_answer(), "{over}");
        }
        assert!(SlackError::status(Method::Respond, 404).is_over_answer());
        assert!(!SlackError::status(Method::Respond, 500).is_over_answer());
        assert!(!SlackError::status(Method::PostMessage, 404).is_over_answer());
    }

    #[test]
    fn a_missing_scope_is_named() {
        let body =
            r#"{"ok":false,"error":"missing_scope","needed":"im:write","provided":"commands"}"#;
        let error = SlackClientApiError::new("missing_scope".to_owned())
            .with_http_response_body(body.to_owned());
        let error = SlackError::reduce(Method::OpenConversation, SlackClientError::ApiError(error));
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
        let error = SlackError::reduce(Method::OpenView, SlackClientError::ApiError(error));
        assert_eq!(
            error.to_string(),
            "views.open: invalid_arguments at /blocks/3/elements/0/url"
        );
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn a_command_that_came_twice_is_told_from_a_failure() {
        let is_used = |code| answer(Method::OpenView, code).is_used_trigger();
        assert!(is_used("exchanged_trigger_id") && is_used("trigger_exchanged"));
        assert!(!is_used("expired_trigger_id"));
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
