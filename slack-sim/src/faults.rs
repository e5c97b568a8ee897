//! What goes wrong on purpose: switches for tests and for the page.

use std::collections::VecDeque;

use poem::http::HeaderValue;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    methods::{METHODS, RESPONSE_URL},
    people,
};

/// What calls of a method are answered with instead.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// The method, `chat.*` for each that begins so, `*` for every one of the Web API, or
    /// `response_url`.
    pub(crate) method: String,
    /// Only calls about this person.
    #[serde(default)]
    pub(crate) to: Option<String>,
    /// Slack's error code in an answer of status 200; 404 for response URLs.
    #[serde(default)]
    pub(crate) error: Option<String>,
    /// What stands in `response_metadata.messages` beside the code.
    #[serde(default)]
    pub(crate) messages: Vec<String>,
    /// What the answer is instead, done and with status 200: any text, as Slack's answers are odd
    /// at times.
    #[serde(default)]
    pub(crate) body: Option<String>,
    /// An HTTP status, with `Retry-After` where that is given.
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) retry_after: Option<RetryAfter>,
    /// How long the answer takes; what was asked for is done at once.
    #[serde(default)]
    pub(crate) delay_ms: u64,
    #[serde(default)]
    pub(crate) mode: Mode,
    /// How many calls; all until it is healed if `None`.
    #[serde(default)]
    pub(crate) times: Option<u32>,
}

/// A head's value: seconds, or any text for what Slack should not send and might.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct RetryAfter(pub(crate) HeaderValue);

impl TryFrom<Value> for RetryAfter {
    type Error = &'static str;

    fn try_from(given: Value) -> Result<Self, Self::Error> {
        let value = match &given {
            Value::Number(number) => number.as_u64().map(HeaderValue::from),
            Value::String(text) => HeaderValue::from_str(text).ok(),
            _ => None,
        };
        value
            .map(Self)
            .ok_or("retry_after is a whole number of seconds, or a text that fits into a head")
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// It is answered.
    #[default]
    Answer,
    /// Not done, never answered.
    Hang,
    /// Done, never answered.
    HangAfter,
    /// Done, but the connection breaks within the answer.
    Lose,
    /// Not done, and answered with something that is no JSON and quotes what was sent.
    Garbage,
}

/// What happens to the next connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HandshakeFault {
    /// The TCP connection is accepted, and nothing more is said.
    Hang,
    /// The WebSocket handshake is answered with HTTP status 503.
    Refuse,
    /// There is no hello.
    NoHello,
    /// Slack says that there are too many connections.
    TooMany,
}

/// Habits of Slack that come and go.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "switches, each on its own")]
pub(crate) struct Quirks {
    /// Submissions come without a team, as from an app installed for a whole organization.
    pub(crate) team_null: bool,
    /// Payloads hold fields, blocks and elements that nobody knows.
    pub(crate) unknown: bool,
    /// What is not acknowledged in three seconds comes again, under a new envelope id.
    pub(crate) retry: bool,
    /// Triggers have expired when they arrive.
    pub(crate) expired_triggers: bool,
    /// Whom no view may have as `initial_user`, though they can be chosen.
    pub(crate) unshown: Vec<String>,
    /// A view that is refused uses its trigger up all the same.
    pub(crate) refusals_use_triggers: bool,
    /// No message can be edited any more; the code says why.
    pub(crate) edits_refused: Option<String>,
    /// The next message to this person is taken and never seen.
    pub(crate) hides_next_to: Option<String>,
    /// Messages make no notification on desktops.
    pub(crate) silent_desktops: bool,
    /// Messages make no notification on phones.
    pub(crate) silent_phones: bool,
    /// Replies in threads make none at all.
    pub(crate) silent_threads: bool,
    /// What is typed is made prettier, as some keyboards do: three dots become one character.
    pub(crate) rewrites_typing: bool,
}

impl Quirks {
    /// Where a message makes a notification.
    pub(crate) fn rings(&self, is_reply: bool) -> Vec<&'static str> {
        let is_silent = is_reply && self.silent_threads;
        [
            ("desktop", self.silent_desktops),
            ("phone", self.silent_phones),
        ]
        .into_iter()
        .filter_map(|(place, silent)| (!silent && !is_silent).then_some(place))
        .collect()
    }

    /// Text as it arrives that was typed.
    pub(crate) fn as_typed(&self, value: &mut Value) {
        if !self.rewrites_typing {
            return;
        }
        match value {
            Value::String(text) => *text = text.replace("...", "\u{2026}"),
            Value::Object(members) => members
                .values_mut()
                .for_each(|member| self.as_typed(member)),
            _ => {}
        }
    }
}

/// The faults that wait.
#[derive(Default)]
pub(crate) struct Faults {
    calls: Vec<Fault>,
    handshakes: VecDeque<HandshakeFault>,
    pub(crate) quirks: Quirks,
}

impl Fault {
    /// Why it can't ever happen, if so.
    pub(crate) fn mistake(&self) -> Option<String> {
        if !METHODS.iter().any(|method| self.is_of(method)) && self.method != RESPONSE_URL {
            return Some(format!("no method is called {:?}", self.method));
        }
        if !self.messages.is_empty() && self.error.is_none() {
            return Some("messages come with an error".to_owned());
        }
        let user = self.to.as_deref()?;
        // A channel may be named before there is one.
        let unknown = people::find(user).is_none() && !user.starts_with('C');
        unknown.then(|| format!("nobody has the id {user:?}"))
    }

    fn is_of(&self, method: &str) -> bool {
        match self.method.strip_suffix('*') {
            None => self.method == method,
            Some(_) if method == RESPONSE_URL => false,
            Some("") => true,
            Some(prefix) => prefix.ends_with('.') && method.starts_with(prefix),
        }
    }

    fn is_about(&self, users: &[&str]) -> bool {
        self.to.as_deref().is_none_or(|user| users.contains(&user))
    }
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.calls.push(fault);
    }

    pub(crate) fn add_handshake(&mut self, fault: HandshakeFault, times: usize) {
        self.handshakes.extend(std::iter::repeat_n(fault, times));
    }

    /// From now on everything goes well.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes one use of a fault of this method for a call about these people.
    pub(crate) fn take(&mut self, method: &str, about: &[&str]) -> Option<Fault> {
        let fault = self
            .calls
            .iter_mut()
            .find(|fault| fault.times != Some(0) && fault.is_of(method) && fault.is_about(about))?;
        fault.times = fault.times.map(|times| times - 1);
        Some(fault.clone())
    }

    pub(crate) fn take_handshake(&mut self) -> Option<HandshakeFault> {
        self.handshakes.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(described: Value) -> Result<Fault, serde_json::Error> {
        serde_json::from_value(described)
    }

    #[test]
    fn a_fault_holds_for_its_methods_only() {
        for (pattern, meant, others) in [
            ("chat.update", vec!["chat.update"], vec!["chat.postMessage"]),
            (
                "chat.*",
                vec!["chat.update", "chat.postMessage", "chat.delete"],
                vec!["users.info", RESPONSE_URL],
            ),
            ("*", vec!["users.info", "views.open"], vec![RESPONSE_URL]),
            (RESPONSE_URL, vec![RESPONSE_URL], vec!["users.info"]),
        ] {
            let mut faults = Faults::default();
            let added = fault(json!({"method": pattern, "error": "x"})).unwrap();
            assert_eq!(added.mistake(), None, "{pattern}");
            faults.add(added);
            for _ in 0..3 {
                assert!(
                    meant
                        .iter()
                        .all(|method| faults.take(method, &[]).is_some())
                );
                assert!(
                    others
                        .iter()
                        .all(|method| faults.take(method, &[]).is_none())
                );
            }
            faults.clear();
            assert!(faults.take(meant[0], &[]).is_none());
        }
    }

    #[test]
    fn a_fault_holds_for_its_person_and_its_number_of_calls() {
        let mut faults = Faults::default();
        faults.add(fault(json!({"method": "*", "to": "U0BOB", "times": 2})).unwrap());
        assert!(faults.take("users.info", &["U0ALICE"]).is_none());
        assert!(faults.take("users.info", &[]).is_none());
        assert!(faults.take("users.info", &["U0ALICE", "U0BOB"]).is_some());
        assert!(faults.take("chat.update", &["U0BOB"]).is_some());
        assert!(faults.take("users.info", &["U0BOB"]).is_none());
    }

    #[test]
    fn a_pause_is_sent_as_it_was_given() {
        let huge = u64::MAX.to_string();
        for (given, sent) in [
            (json!(3), "3"),
            (json!(u64::MAX), huge.as_str()),
            (json!("1.5"), "1.5"),
            (json!(""), ""),
            (json!("soon"), "soon"),
            (json!("99999999999999999999"), "99999999999999999999"),
        ] {
            let fault = fault(json!({"method": "*", "status": 429, "retry_after": given}));
            assert_eq!(fault.unwrap().retry_after.unwrap().0, sent);
        }
        for refused in [json!(-1), json!(1.5), json!("a\nb"), json!([])] {
            assert!(fault(json!({"method": "*", "retry_after": refused})).is_err());
        }
    }

    #[test]
    fn what_can_never_happen_is_a_mistake() {
        for wrong in [
            json!({"method": "chat.postmessage"}),
            json!({"method": "chat"}),
            json!({"method": "chat*"}),
            json!({"method": "chats.*"}),
            json!({"method": "*", "to": "U0NOBODY"}),
            json!({"method": "*", "messages": ["why"]}),
        ] {
            assert!(fault(wrong.clone()).unwrap().mistake().is_some(), "{wrong}");
        }
    }
}
