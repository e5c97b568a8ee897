//! Answers by response URLs.
//!
//! Source: <https://docs.slack.dev/interactivity/handling-user-interaction>.

use std::time::Duration;

use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::Value;

use crate::{
    answers, block_kit,
    faults::Mode,
    methods::RESPONSE_URL,
    response_urls::Unusable,
    sim::{Ephemeral, Sim, State},
};

impl State {
    /// Answers by a response URL; only its owner sees that.
    pub(crate) fn respond(&mut self, id: &str, body: &[u8]) -> Result<(), Unusable> {
        let body: Value =
            serde_json::from_slice(body).map_err(|_| Unusable::Wrong("invalid_payload"))?;
        let text = body["text"].as_str().unwrap_or_default();
        if text.is_empty() {
            return Err(Unusable::Wrong("no_text"));
        }
        let blocks = block_kit::message_blocks(body.get("blocks").cloned())
            .map_err(|_| Unusable::Wrong("invalid_blocks"))?;
        let user = self.responses.spend(id)?;
        self.ephemerals.push(Ephemeral {
            user,
            text: text.to_owned(),
            blocks,
        });
        Ok(())
    }
}

impl Sim {
    /// Where a response URL leads.
    pub(crate) fn response_url(&self, id: &str) -> String {
        format!("{}/response/{id}", self.url)
    }

    /// Answers a post to a response URL.
    pub(crate) async fn take_response(&self, id: &str, body: &[u8]) -> Response {
        let call = self.begin(RESPONSE_URL);
        let fault = {
            let mut state = self.state();
            let owner = state.responses.owner(id).map(str::to_owned);
            state.faults.take(
                RESPONSE_URL,
                &owner.iter().map(String::as_str).collect::<Vec<_>>(),
            )
        }
        .unwrap_or_default();
        let pause = fault.retry_after.map(|pause| pause.0);
        let outcome = match (fault.mode, fault.status, &fault.error) {
            (Mode::Hang, ..) => return std::future::pending().await,
            (Mode::Garbage, ..) => {
                self.end(call, Some("fault"));
                return answers::garbage(body);
            }
            (_, Some(status), error) => {
                let status = StatusCode::from_u16(status);
                Err((
                    status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                    error.clone().unwrap_or_else(|| "fault".to_owned()),
                ))
            }
            (_, None, Some(code)) => Err((StatusCode::NOT_FOUND, code.clone())),
            (_, None, None) => self.state().respond(id, body).map_err(Unusable::told),
        };
        let code = outcome.as_ref().err().map(|(_, code)| code.clone());
        self.end(call, code.as_deref());
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        match fault.mode {
            Mode::HangAfter => std::future::pending().await,
            Mode::Lose => answers::cut_off(),
            _ => plain(outcome, pause),
        }
    }
}

/// Response URLs answer in plain text.
fn plain(outcome: Result<(), (StatusCode, String)>, pause: Option<HeaderValue>) -> Response {
    let (status, text) = match outcome {
        Ok(()) => (StatusCode::OK, "ok".to_owned()),
        Err(refused) => refused,
    };
    let mut response = Response::builder().status(status).body(text);
    if let Some(pause) = pause {
        response.headers_mut().insert(header::RETRY_AFTER, pause);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = br#"{"text": "x", "blocks": [{"type": "divider"}]}"#;

    #[test]
    fn a_response_url_is_good_five_times() {
        let mut state = State::default();
        let id = state.responses.give("U1");
        for _ in 0..5 {
            assert_eq!(state.respond(&id, ANSWER), Ok(()));
        }
        assert_eq!(state.respond(&id, ANSWER), Err(Unusable::Gone("used_url")));
        assert_eq!(state.ephemerals.len(), 5);
        assert_eq!(state.ephemerals[0].blocks[0]["type"], "divider");
    }

    #[test]
    fn a_response_url_is_good_for_half_an_hour() {
        let mut state = State::default();
        let id = state.responses.give("U1");
        state.responses.age(Duration::from_secs(1700));
        assert_eq!(state.respond(&id, ANSWER), Ok(()));
        state.responses.age(Duration::from_secs(100));
        let expired = Err(Unusable::Gone("expired_url"));
        assert_eq!(state.respond(&id, ANSWER), expired);
        let younger = state.responses.give("U1");
        assert_eq!(state.respond(&younger, ANSWER), Ok(()));
        assert_eq!(state.respond("unknown", ANSWER), expired);
        state.responses.age(Duration::MAX);
        assert_eq!(state.respond(&younger, ANSWER), expired);
    }

    #[test]
    fn what_says_nothing_is_refused_and_uses_nothing_up() {
        let mut state = State::default();
        let id = state.responses.give("U1");
        for (body, code) in [
            ("{", "invalid_payload"),
            ("{}", "no_text"),
            (r#"{"text": ""}"#, "no_text"),
            (r#"{"text": "x", "blocks": {}}"#, "invalid_blocks"),
            (r#"{"text": "x", "blocks": [{}]}"#, "invalid_blocks"),
        ] {
            let refused = state.respond(&id, body.as_bytes());
            assert_eq!(refused, Err(Unusable::Wrong(code)), "{body}");
        }
        let listed = serde_json::to_value(state.responses.list()).unwrap();
        let expected = serde_json::json!([{"id": id, "user": "U1", "uses": 0}]);
        assert_eq!(listed, expected);
    }
}
