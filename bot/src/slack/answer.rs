//! What Slack answered to a call: done, or refused and why.
//!
//! Slack says `"ok": true`, or `false` and a code. Where neither can be read, what was asked for
//! being in the answer shows that it was done: a message that is taken for lost would be posted
//! again and again.

use secrecy::SecretString;
use serde_json::value::RawValue;
use shared::domain::ids::{ChannelId, MessageTs};
use slack_morphism::errors::SlackClientError;
use zeroize::Zeroizing;

use super::{Method, SlackError, directory::User};
use crate::lenient::{Given, Object, Said, Unreadable, text};

/// The time stamp of no message: who changes it learns that it is gone.
const NOWHERE: &str = "0.000000";

/// What carried the call got: an answer, or what kept it from one. The library reads each answer as
/// strictly as its own types are; its text is in the error then, and counts.
pub(super) fn text_of(
    method: Method,
    got: Result<Box<RawValue>, SlackClientError>,
) -> Result<Zeroizing<String>, SlackError> {
    match got {
        Ok(answer) => Ok(Zeroizing::new(Box::<str>::from(answer).into())),
        Err(SlackClientError::ApiError(error)) if error.http_response_body.is_some() => {
            Ok(Zeroizing::new(error.http_response_body.unwrap_or_default()))
        }
        Err(SlackClientError::ProtocolError(error)) if error.json_body.is_some() => {
            Ok(Zeroizing::new(error.json_body.unwrap_or_default()))
        }
        Err(error) => Err(SlackError::reduce(method, error)),
    }
}

/// Reads an answer. `shows` is the member, if there is one, that shows that it was done where `ok`
/// can't be read.
pub(super) fn read<T>(
    method: Method,
    answer: &str,
    shows: Option<&'static str>,
    wanted: impl FnOnce(&Object<'_>) -> Result<T, Unreadable>,
) -> Result<T, SlackError> {
    let Some(answer) = Object::parse(answer) else {
        return Err(SlackError::unreadable(method));
    };
    let is_done = match (answer.flag("ok"), refusal(&answer)) {
        (Said::Yes, None) => true,
        (_, Some(code)) => return Err(SlackError::answered(method, code, &answer)),
        (_, None) if says_no(&answer) => {
            return Err(SlackError::answered(method, String::new(), &answer));
        }
        (_, None) => shows.is_some_and(|shows| answer.value(shows).is_some()),
    };
    if !is_done {
        return Err(SlackError::unreadable_at(method, Unreadable("ok")));
    }
    wanted(&answer).map_err(|what| SlackError::unreadable_at(method, what))
}

/// The address of a new connection: without it there is none.
pub(super) fn url(answer: &Object<'_>) -> Result<SecretString, Unreadable> {
    let url = answer.text("url").filter(|url| !url.is_empty());
    let url = url.ok_or(Unreadable("url"))?;
    Ok(SecretString::from(url.into_owned()))
}

/// The view that was opened: without its id it can't be changed.
pub(super) fn view(answer: &Object<'_>) -> Result<String, Unreadable> {
    let id = answer.object("view").text("id").filter(|id| !id.is_empty());
    id.map(String::from).ok_or(Unreadable("view.id"))
}

/// Somebody, of whom Slack says anything at all.
pub(super) fn user(answer: &Object<'_>) -> Result<User, Unreadable> {
    User::read(&answer.object("user")).ok_or(Unreadable("user"))
}

/// The conversation that was opened: without it nothing can be posted.
pub(super) fn channel(answer: &Object<'_>) -> Result<ChannelId, Unreadable> {
    let id = answer.object("channel").text("id");
    let id = id.and_then(|id| ChannelId::parse(&id).ok());
    id.ok_or(Unreadable("channel.id"))
}

/// As which message one was posted. It is out: that Slack doesn't say so in a form that can be read
/// does not make it one to post again.
pub(super) fn posted_as(answer: &Object<'_>) -> Result<MessageTs, Unreadable> {
    let told = [answer.text("ts"), answer.object("message").text("ts")];
    let mut told = told.into_iter().flatten();
    if let Some(ts) = told.find_map(|ts| MessageTs::parse(&ts).ok()) {
        return Ok(ts);
    }
    tracing::warn!("Slack posted a message and did not say as which: it stays as it is");
    MessageTs::parse(NOWHERE).map_err(|_| Unreadable("ts"))
}

/// The code of a refusal: empty where there is one that can't be read. Where Slack says `ok`, only
/// a code says otherwise.
fn refusal(answer: &Object<'_>) -> Option<String> {
    let codes = answer.each("error").filter_map(text);
    if let Some(code) = codes.into_iter().find(|code| !code.is_empty()) {
        return Some(code.into_owned());
    }
    match answer.given("error") {
        Given::Value(error) if !matches!(error.get(), "[]" | "{}" | "\"\"" | "0" | "false") => {
            (answer.flag("ok") != Said::Yes).then(String::new)
        }
        _ => None,
    }
}

fn says_no(answer: &Object<'_>) -> bool {
    let mut said = answer.each("ok").map(RawValue::get);
    said.any(|said| matches!(said, "false" | "\"false\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_and_what_was_refused_are_told_apart() {
        let read = |answer: &str| {
            let ts =
                |answer: &Object<'_>| answer.text("ts").map(String::from).ok_or(Unreadable("ts"));
            read(Method::PostMessage, answer, Some("ts"), ts).map_err(|error| error.to_string())
        };
        for done in [
            r#"{"ok":true,"ts":"1"}"#,
            r#"{"ok":true,"ts":"1","error":null,"warnings":7,"response_metadata":[]}"#,
            r#"{"ok":true,"ts":"1","error":7}"#,
            r#"{"ok":"true","ts":"1","message":"\ud800"}"#,
            r#"{"ok":null,"ts":"1"}"#,
            r#"{"ts":"1"}"#,
        ] {
            assert_eq!(read(done).as_deref(), Ok("1"), "{done}");
        }
        for (refused, expected) in [
            (
                r#"{"ok":false,"error":"no_text"}"#,
                "chat.postMessage: no_text",
            ),
            (
                r#"{"ok":true,"error":"no_text"}"#,
                "chat.postMessage: no_text",
            ),
            (
                r#"{"ok":null,"error":"no_text","errors":7}"#,
                "chat.postMessage: no_text",
            ),
            (
                r#"{"ok":false,"error":"no_text","response_metadata":{"messages":[7,"[json-pointer:/a]"]}}"#,
                "chat.postMessage: no_text at /a",
            ),
            (r#"{"ok":false,"ts":"1"}"#, "chat.postMessage: unknown_code"),
            (
                r#"{"ok":false,"error":{"canary":1}}"#,
                "chat.postMessage: unknown_code",
            ),
            (
                r#"{"ok":true,"ts":7}"#,
                "chat.postMessage: the answer has an unknown form at ts",
            ),
            (
                r#"{"message":"canary"}"#,
                "chat.postMessage: the answer has an unknown form at ok",
            ),
            ("[]", "chat.postMessage: the answer has an unknown form"),
            ("", "chat.postMessage: the answer has an unknown form"),
        ] {
            assert_eq!(read(refused).unwrap_err(), expected, "{refused}");
        }
    }
}
