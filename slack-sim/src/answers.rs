//! What calls are answered with: Slack's own answers, and broken ones.

use std::time::{Duration, SystemTime};

use httpdate::fmt_http_date;
use poem::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::{Value, json};

/// A method's answer, or Slack's error code.
pub(crate) type Answer = Result<Value, Refusal>;

/// Slack's error code, and details where Slack gives them.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) messages: Vec<String>,
    /// What `blocks.validate` lists.
    pub(crate) errors: Vec<Value>,
    /// With HTTP status 429.
    wait: Option<Duration>,
}

impl Refusal {
    pub(crate) fn rate_limited(wait: Duration) -> Self {
        Self {
            wait: Some(wait),
            ..Self::from("ratelimited")
        }
    }

    /// With what stands in `errors`.
    pub(crate) fn with_errors(code: &str, errors: Vec<Value>) -> Self {
        Self {
            errors,
            ..Self::from(code)
        }
    }

    /// With what stands in `response_metadata.messages`.
    pub(crate) fn with_messages(code: &str, messages: Vec<String>) -> Self {
        Self {
            messages,
            ..Self::from(code)
        }
    }
}

impl From<&str> for Refusal {
    fn from(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            messages: Vec::new(),
            errors: Vec::new(),
            wait: None,
        }
    }
}

/// A call's answer, with the scopes of the app's token in its head.
#[expect(
    clippy::disallowed_methods,
    reason = "it plays Slack, whose clock is its own"
)]
pub(crate) fn respond(answer: Answer, scopes: &str) -> Response {
    let body = match answer {
        Ok(mut body) => {
            body["ok"] = true.into();
            body
        }
        Err(Refusal {
            wait: Some(wait), ..
        }) => {
            let seconds = HeaderValue::from(wait.as_secs() + 1);
            return with_status(429, "ratelimited", Some(seconds));
        }
        Err(Refusal {
            code,
            messages,
            errors,
            ..
        }) => {
            let mut body = json!({ "ok": false, "error": code });
            if !errors.is_empty() {
                body["errors"] = errors.into();
            }
            if !messages.is_empty() {
                body["response_metadata"] = json!({ "messages": messages });
            }
            if code == "missing_scope" {
                body["needed"] = "im:write".into();
                body["provided"] = "commands,chat:write".into();
            }
            body
        }
    };
    Response::builder()
        .header("x-oauth-scopes", scopes)
        .header(header::DATE, fmt_http_date(SystemTime::now()))
        .content_type("application/json; charset=utf-8")
        .body(body.to_string())
}

/// What a broken proxy might answer: no JSON, and what was sent is in it.
pub(crate) fn garbage(sent: &[u8]) -> Response {
    let sent = String::from_utf8_lossy(sent);
    Response::builder()
        .content_type("text/html")
        .body(format!("<html>you sent {sent}"))
}

/// An answer of this text, whatever it is.
pub(crate) fn odd(text: String) -> Response {
    Response::builder()
        .content_type("application/json; charset=utf-8")
        .body(text)
}

/// An answer that breaks off.
pub(crate) fn cut_off() -> Response {
    let broken = futures_util::stream::iter([
        Ok(b"{\"ok\":".to_vec()),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    Response::builder().body(Body::from_bytes_stream(broken))
}

/// An answer of another HTTP status than 200.
pub(crate) fn with_status(status: u16, code: &str, retry_after: Option<HeaderValue>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::builder()
        .status(status)
        .content_type("application/json; charset=utf-8")
        .body(json!({ "ok": false, "error": code }).to_string());
    if let Some(pause) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, pause);
    }
    response
}
