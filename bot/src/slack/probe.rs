//! Calls of the Web API whose headers matter, for `doctor`: the library that carries the others
//! gives only what is in the body.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, Error},
    rt::TokioExecutor,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use shared::operate::settings::SlackApiUrl;
use tokio::time::timeout;

use super::{Method, SlackError, answer};
use crate::egress::{Dialer, Egress, Failure};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Largest answer taken.
const MAX_ANSWER: usize = 256 * 1024;

/// Asks Slack with whatever token is given.
pub(crate) struct Probe {
    client: Client<HttpsConnector<Dialer>, Full<&'static [u8]>>,
    api_url: String,
}

/// What Slack answered. Can hold a ticket: not printed.
pub(crate) struct ProbeAnswer {
    /// The answer itself.
    pub(crate) body: Value,
    /// The scopes of the token that was used.
    pub(crate) scopes: Vec<String>,
    /// Slack's clock, since the Unix epoch.
    pub(crate) clock: Option<Duration>,
}

impl Probe {
    pub(crate) fn new(api_url: &SlackApiUrl, egress: &Egress) -> Self {
        let connector = egress.https(api_url.is_plain_http());
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            api_url: api_url.as_str().to_owned(),
        }
    }

    /// Calls a method; `query` begins with a question mark, or is empty.
    pub(crate) async fn call(
        &self,
        method: Method,
        query: &str,
        token: &SecretString,
    ) -> Result<ProbeAnswer, SlackError> {
        let request = Request::post(format!("{}/{}{query}", self.api_url, method.as_str()))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", token.expose_secret()),
            )
            .body(Full::new(&b""[..]))
            .map_err(|_| SlackError::unreadable(method))?;
        timeout(PATIENCE, self.send(method, request))
            .await
            .unwrap_or(Err(SlackError::timed_out(method, PATIENCE)))
    }

    async fn send(
        &self,
        method: Method,
        request: Request<Full<&'static [u8]>>,
    ) -> Result<ProbeAnswer, SlackError> {
        let unreachable = |error: Error| SlackError::unreachable(method, Failure::of(&error));
        let answer = self.client.request(request).await.map_err(unreachable)?;
        if !answer.status().is_success() {
            return Err(SlackError::status(method, answer.status().as_u16()));
        }
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        let body = body.map_err(|_| SlackError::unreadable(method))?.to_bytes();
        let text = str::from_utf8(&body).map_err(|_| SlackError::unreadable(method))?;
        answer::read(method, text, None, |_| Ok(()))?;
        Ok(ProbeAnswer {
            body: serde_json::from_slice(&body).map_err(|_| SlackError::unreadable(method))?,
            scopes: scopes(&head.headers),
            clock: clock(&head.headers),
        })
    }
}

/// Source: <https://docs.slack.dev/authentication/installing-with-oauth> (inspecting scopes).
fn scopes(headers: &HeaderMap) -> Vec<String> {
    let scopes = headers
        .get("x-oauth-scopes")
        .and_then(|value| value.to_str().ok());
    let scopes = scopes.unwrap_or_default().split(',').map(str::trim);
    scopes
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

fn clock(headers: &HeaderMap) -> Option<Duration> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let date: SystemTime = httpdate::parse_http_date(date).ok()?;
    date.duration_since(UNIX_EPOCH).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn scopes_and_clock_stand_in_the_head() {
        let mut headers = HeaderMap::new();
        assert!(scopes(&headers).is_empty() && clock(&headers).is_none());
        let value = |text: &'static str| HeaderValue::from_static(text);
        headers.insert("x-oauth-scopes", value("chat:write, commands"));
        headers.insert(header::DATE, value("Tue, 24 Nov 2026 23:00:00 GMT"));
        assert_eq!(scopes(&headers), ["chat:write", "commands"]);
        assert_eq!(clock(&headers), Some(Duration::from_hours(498_767)));
    }
}
