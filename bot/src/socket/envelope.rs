//! What comes over the socket, and how it is acknowledged.
//!
//! Inbound types are lenient: only what we use is read, and unknown types and fields are passed
//! over. Source: <https://docs.slack.dev/apis/events-api/using-socket-mode>.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use tokio::sync::mpsc;

/// Most bytes of an acknowledgement: Slack drops larger frames, or the connection.
const MAX_ACKNOWLEDGEMENT: usize = 20_480;

/// A text frame of Slack's.
pub(crate) enum Frame<'a> {
    Hello,
    Disconnect(Reason),
    Envelope(Envelope<'a>),
    /// Of a type that we don't know, and without an envelope id.
    Other,
}

/// Why Slack ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// `warning`, `refresh_requested` and whatever will be added.
    Refresh,
    /// `too_many_websockets`.
    TooMany,
    /// `link_disabled`: Socket Mode was switched off.
    LinkDisabled,
}

/// Something that somebody did. Its payload can hold a secret: it is not printed.
pub(crate) struct Envelope<'a> {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) payload: &'a RawValue,
}

/// An envelope's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SlashCommands,
    Interactive,
    Other,
}

#[derive(Deserialize)]
struct RawFrame<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    envelope_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
}

impl<'a> Frame<'a> {
    /// `None` when the text is not what Slack sends.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let raw: RawFrame<'a> = serde_json::from_str(text).ok()?;
        let frame = match (&*raw.kind, raw.envelope_id) {
            ("hello", _) => Self::Hello,
            ("disconnect", _) => Self::Disconnect(match raw.reason.as_deref() {
                Some("too_many_websockets") => Reason::TooMany,
                Some("link_disabled") => Reason::LinkDisabled,
                _ => Reason::Refresh,
            }),
            (kind, Some(id)) => Self::Envelope(Envelope {
                id: id.into_owned(),
                kind: match kind {
                    "slash_commands" => Kind::SlashCommands,
                    "interactive" => Kind::Interactive,
                    _ => Kind::Other,
                },
                payload: raw.payload.unwrap_or(RawValue::NULL),
            }),
            _ => Self::Other,
        };
        Some(frame)
    }
}

/// The right to answer an envelope, once, over the connection that it came from.
pub(crate) struct Acknowledgement {
    envelope_id: String,
    outbox: mpsc::UnboundedSender<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    envelope_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a Value>,
}

impl Acknowledgement {
    pub(super) fn new(envelope_id: &str, outbox: mpsc::UnboundedSender<String>) -> Self {
        Self {
            envelope_id: envelope_id.to_owned(),
            outbox,
        }
    }

    /// The envelope that this answers.
    pub(crate) fn envelope_id(&self) -> &str {
        &self.envelope_id
    }

    /// Says that it arrived.
    pub(crate) fn bare(self) {
        self.send(None);
    }

    /// Says that it arrived, and what Slack shall do.
    pub(crate) fn with(self, payload: &Value) {
        self.send(Some(payload));
    }

    fn send(self, payload: Option<&Value>) {
        let answer = Answer {
            envelope_id: &self.envelope_id,
            payload,
        };
        let text = match serde_json::to_string(&answer) {
            Ok(text) if text.len() < MAX_ACKNOWLEDGEMENT => text,
            _ => {
                tracing::error!(
                    envelope.id = self.envelope_id,
                    "an acknowledgement is too large"
                );
                return;
            }
        };
        if self.outbox.send(text).is_err() {
            // The connection is gone; Slack delivers again, and that is recognized.
            tracing::warn!(
                envelope.id = self.envelope_id,
                "an acknowledgement came too late"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_slack_sends_is_understood() {
        assert!(matches!(
            Frame::parse(r#"{"type":"hello"}"#),
            Some(Frame::Hello)
        ));
        let hello = r#"{"type":"hello","num_connections":1,"debug_info":{"host":"x"},"new":[]}"#;
        assert!(matches!(Frame::parse(hello), Some(Frame::Hello)));
        for (reason, expected) in [
            (r#""warning""#, Reason::Refresh),
            (r#""refresh_requested""#, Reason::Refresh),
            (r#""something_new""#, Reason::Refresh),
            ("null", Reason::Refresh),
            (r#""too_many_websockets""#, Reason::TooMany),
            (r#""link_disabled""#, Reason::LinkDisabled),
        ] {
            let text = format!(r#"{{"type":"disconnect","reason":{reason}}}"#);
            assert!(
                matches!(Frame::parse(&text), Some(Frame::Disconnect(reason)) if reason == expected)
            );
        }
        let text = r#"{"payload":{"a":1},"envelope_id":"e","type":"interactive","x":{}}"#;
        let Some(Frame::Envelope(envelope)) = Frame::parse(text) else {
            panic!("an envelope");
        };
        assert_eq!(
            (envelope.id.as_str(), envelope.kind),
            ("e", Kind::Interactive)
        );
        assert_eq!(envelope.payload.get(), r#"{"a":1}"#);
    }

    #[test]
    fn what_slack_does_not_send_is_passed_over() {
        assert!(matches!(
            Frame::parse(r#"{"type":"news"}"#),
            Some(Frame::Other)
        ));
        let new = Frame::parse(r#"{"type":"news","envelope_id":"e"}"#);
        assert!(matches!(
            new,
            Some(Frame::Envelope(Envelope {
                kind: Kind::Other,
                ..
            }))
        ));
        for text in [
            "",
            "[]",
            "{}",
            "null",
            r#"{"type":1}"#,
            "Ping from applink-2",
        ] {
            assert!(Frame::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_answer_names_its_envelope_and_stays_small() {
        let (outbox, mut outgoing) = mpsc::unbounded_channel();
        Acknowledgement::new("e1", outbox.clone()).bare();
        Acknowledgement::new("e2", outbox.clone()).with(&json!({"response_action": "clear"}));
        Acknowledgement::new("e3", outbox).with(&json!("x".repeat(MAX_ACKNOWLEDGEMENT)));
        assert_eq!(outgoing.try_recv().unwrap(), r#"{"envelope_id":"e1"}"#);
        assert_eq!(
            outgoing.try_recv().unwrap(),
            r#"{"envelope_id":"e2","payload":{"response_action":"clear"}}"#
        );
        assert!(outgoing.try_recv().is_err());
    }
}
