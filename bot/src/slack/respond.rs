//! Answering a command by its `response_url`. Slack takes such an answer with the word `ok` as
//! plain text, or with `{"ok": true}`; anything else, a proxy's page for example, was not Slack.
//!
//! The library takes every answer of status 200 that is no JSON for a good one, which would not do
//! here: who counts as told is not told again.

use std::io::Cursor;

use http::{Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, Error},
    rt::TokioExecutor,
};
use serde_json::json;
use url::Url;

use super::{Method, SlackError, answer};
use crate::egress::{Dialer, Egress, Failure};

/// Largest answer taken, in bytes.
const MAX_ANSWER: usize = 16 * 1024;

const METHOD: Method = Method::Respond;

/// Posts answers.
pub(super) struct Responder {
    client: Client<HttpsConnector<Dialer>, Full<Cursor<Vec<u8>>>>,
    is_plain_http: bool,
}

impl Responder {
    /// `is_plain_http` for a simulated Slack on this machine.
    pub(super) fn new(egress: &Egress, is_plain_http: bool) -> Self {
        let connector = egress.https(is_plain_http);
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            is_plain_http,
        }
    }

    /// Answers with words that only whoever typed the command, or pressed the button, sees; the
    /// button's message stays.
    pub(super) async fn post(&self, response_url: &str, text: &str) -> Result<(), SlackError> {
        let url = Url::parse(response_url).map_err(|_| SlackError::unreadable(METHOD))?;
        if url.scheme() != "https" && !self.is_plain_http {
            return Err(SlackError::unreadable(METHOD));
        }
        let body = json!({ "response_type": "ephemeral", "replace_original": false, "text": text });
        let body = body.to_string();
        let request = Request::post(url.as_str())
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Full::new(Cursor::new(body.into_bytes())))
            .map_err(|_| SlackError::unreadable(METHOD))?;
        let unreachable = |error: Error| SlackError::unreachable(METHOD, Failure::of(&error));
        let answer = self.client.request(request).await.map_err(unreachable)?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        let body = body.map_err(|_| SlackError::unreadable(METHOD))?.to_bytes();
        check_answer(head.status.as_u16(), &body)
    }
}

fn check_answer(status: u16, body: &[u8]) -> Result<(), SlackError> {
    let text = str::from_utf8(body).unwrap_or_default().trim();
    let is_good = (200..300).contains(&status);
    if text.starts_with('{') {
        // Also where the status is another: its code says more.
        return match answer::read(METHOD, text, None, |_| Ok(())) {
            Ok(()) if !is_good => Err(SlackError::status(METHOD, status)),
            judged => judged,
        };
    }
    match (is_good, text) {
        (true, "ok") => Ok(()),
        (true, _) => Err(SlackError::unreadable(METHOD)),
        (false, _) => Err(SlackError::worded(METHOD, status, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slacks_own_yes_is_one() {
        for (status, body) in [(200, "ok"), (200, "ok\n"), (200, r#"{"ok":true}"#)] {
            assert_eq!(check_answer(status, body.as_bytes()), Ok(()), "{body}");
        }
        for (status, body, expected) in [
            (200, "", "response_url: the answer has an unknown form"),
            (
                200,
                "<html>ok</html>",
                "response_url: the answer has an unknown form",
            ),
            (
                200,
                r#"{"ok":false,"error":"used_url"}"#,
                "response_url: used_url",
            ),
            (404, "expired_url", "response_url: expired_url"),
            (404, "Used url", "response_url: used_url"),
            (
                404,
                r#"{"ok":false,"error":"expired_url"}"#,
                "response_url: expired_url",
            ),
            (500, r#"{"ok":true}"#, "response_url: HTTP status 500"),
            (503, "<html>canary</html>", "response_url: HTTP status 503"),
            (302, "", "response_url: HTTP status 302"),
        ] {
            let refused = check_answer(status, body.as_bytes()).unwrap_err();
            assert_eq!(refused.to_string(), expected, "{status} {body}");
        }
    }
}
