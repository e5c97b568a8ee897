//! Response URLs: whoever has one answers a person five times within half an hour, without a token.
//!
//! Source: <https://docs.slack.dev/interactivity/handling-user-interaction>.

use std::time::{Duration, Instant};

use poem::http::StatusCode;
use serde::Serialize;
use uuid::Uuid;

/// How often, and for how long, a response URL can be used.
const USES: u32 = 5;
const LIFE: Duration = Duration::from_mins(30);

/// The response URLs that were given away, in order.
#[derive(Default)]
pub(crate) struct Responses {
    given: Vec<ResponseUrl>,
}

#[derive(Serialize)]
struct ResponseUrl {
    id: String,
    user: String,
    uses: u32,
    #[serde(skip)]
    made: Instant,
    /// How much older it was made since.
    #[serde(skip)]
    aged: Duration,
}

/// Slack's error code for a response URL, and its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    Gone(&'static str),
    Wrong(&'static str),
}

impl Responses {
    /// The id of a new one.
    pub(crate) fn give(&mut self, user: &str) -> String {
        let id = Uuid::new_v4().simple().to_string();
        self.given.push(ResponseUrl {
            id: id.clone(),
            user: user.to_owned(),
            uses: 0,
            made: Instant::now(),
            aged: Duration::ZERO,
        });
        id
    }

    /// All of them are so much older at once.
    pub(crate) fn age(&mut self, by: Duration) {
        for response in &mut self.given {
            response.aged = response.aged.saturating_add(by);
        }
    }

    /// Whose it is.
    pub(crate) fn owner(&self, id: &str) -> Option<&str> {
        let response = self.given.iter().rfind(|response| response.id == id)?;
        Some(&response.user)
    }

    /// Without when they were made.
    pub(crate) fn list(&self) -> impl Serialize + '_ {
        &self.given
    }

    /// Takes one use of it; says whose it is.
    pub(crate) fn spend(&mut self, id: &str) -> Result<String, Unusable> {
        let known = self.given.iter_mut().rfind(|response| response.id == id);
        let response = known.ok_or(Unusable::Gone("expired_url"))?;
        if response.made.elapsed().saturating_add(response.aged) >= LIFE {
            return Err(Unusable::Gone("expired_url"));
        }
        if response.uses >= USES {
            return Err(Unusable::Gone("used_url"));
        }
        response.uses += 1;
        Ok(response.user.clone())
    }
}

impl Unusable {
    /// The answer's status and text.
    pub(crate) fn told(self) -> (StatusCode, String) {
        match self {
            Self::Gone(code) => (StatusCode::NOT_FOUND, code.to_owned()),
            Self::Wrong(code) => (StatusCode::BAD_REQUEST, code.to_owned()),
        }
    }
}
