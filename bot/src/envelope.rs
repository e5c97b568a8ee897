//! What comes over the socket, and how it is acknowledged.
//!
//! Only what we use is read, and unknown types and fields are passed over.
//! Source: <https://docs.slack.dev/apis/events-api/using-socket-mode>.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, value::RawValue};
use tokio::sync::mpsc;

use crate::lenient::Object;

/// Most bytes of an acknowledgement: Slack drops larger frames, or the connection.
const MAX_ACKNOWLEDGEMENT: usize = 20_480;

/// Longest time for which a connection is taken to last, whatever Slack says: it ends them after
/// hours.
const LONGEST_LIFETIME: Duration = Duration::from_hours(24);

/// A text frame of Slack's.
pub(crate) enum Frame<'a> {
    Hello(Hello),
    Disconnect(Reason),
    Envelope(Envelope<'a>),
    /// An envelope whose id can't be read, by its payload: nobody can acknowledge it, and Slack
    /// tells whoever caused it that it got no answer.
    Anonymous(&'a RawValue),
    /// Of a type that we don't know, and without an envelope.
    Other,
}

/// The first frame of a connection. All of it may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hello {
    /// Connections of the app, this one included.
    pub(crate) connections: Option<u32>,
    /// How long Slack means to keep it; `None` when it does not say, or says less than a minute.
    pub(crate) lifetime: Option<Duration>,
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
    pub(crate) kind: EnvelopeKind,
    pub(crate) payload: &'a RawValue,
}

/// An envelope's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EnvelopeKind {
    SlashCommands,
    Interactive,
    /// One of which nothing is expected here.
    Other,
    /// It can't be told: what the payload says counts.
    Unreadable,
}

impl<'a> Frame<'a> {
    /// `None` when the text is not what Slack sends.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let frame = Object::parse(text)?;
        if frame.has("envelope_id") || frame.has("payload") {
            return Some(Self::envelope(&frame));
        }
        // What a frame is shows in its other members too.
        match frame.text("type").as_deref() {
            Some("hello") => Some(Self::Hello(Hello::read(&frame))),
            Some("disconnect") => Some(Self::Disconnect(Reason::read(&frame))),
            Some(_) => Some(Self::Other),
            None if frame.has("num_connections") || frame.has("connection_info") => {
                Some(Self::Hello(Hello::read(&frame)))
            }
            None if frame.has("reason") => Some(Self::Disconnect(Reason::read(&frame))),
            None => None,
        }
    }

    fn envelope(frame: &Object<'a>) -> Self {
        let payload = frame.value("payload").unwrap_or(RawValue::NULL);
        let id = frame.text("envelope_id").filter(|id| !id.is_empty());
        let Some(id) = id else {
            return Self::Anonymous(payload);
        };
        let kind = match frame.text("type").as_deref() {
            Some("slash_commands") => EnvelopeKind::SlashCommands,
            Some("interactive") => EnvelopeKind::Interactive,
            None | Some("") => EnvelopeKind::Unreadable,
            Some(_) => EnvelopeKind::Other,
        };
        Self::Envelope(Envelope {
            id: id.into_owned(),
            kind,
            payload,
        })
    }
}

impl Hello {
    fn read(frame: &Object<'_>) -> Self {
        let connections = frame.number("num_connections");
        let seconds = frame
            .object("debug_info")
            .number("approximate_connection_time");
        Self {
            connections: connections.and_then(|number| number.try_into().ok()),
            lifetime: seconds
                .map(|seconds| Duration::from_secs(seconds).min(LONGEST_LIFETIME))
                .filter(|lifetime| *lifetime >= Duration::from_mins(1)),
        }
    }
}

impl Reason {
    fn read(frame: &Object<'_>) -> Self {
        match frame.text("reason").as_deref() {
            Some("too_many_websockets") => Self::TooMany,
            Some("link_disabled") => Self::LinkDisabled,
            _ => Self::Refresh,
        }
    }
}

/// The right to answer an envelope, once, over the connection that it came from.
pub(crate) struct Acknowledgement {
    envelope_id: String,
    received: Instant,
    outbox: mpsc::UnboundedSender<AcknowledgementFrame>,
}

/// An acknowledgement on its way to the connection.
pub(crate) struct AcknowledgementFrame {
    /// The frame.
    pub(crate) text: String,
    /// What was answered, in a word for the metrics.
    pub(crate) kind: &'static str,
    /// When the envelope came.
    pub(crate) received: Instant,
}

#[derive(Serialize)]
struct Content<'a> {
    envelope_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a Value>,
}

impl Acknowledgement {
    pub(crate) fn new(
        envelope: &Envelope<'_>,
        outbox: mpsc::UnboundedSender<AcknowledgementFrame>,
    ) -> Self {
        Self {
            envelope_id: envelope.id.clone(),
            received: Instant::now(),
            outbox,
        }
    }

    /// The envelope that this answers.
    pub(crate) fn envelope_id(&self) -> &str {
        &self.envelope_id
    }

    /// When the envelope came.
    pub(crate) const fn received(&self) -> Instant {
        self.received
    }

    /// Says that it arrived; `kind` is what it was, for the metrics.
    pub(crate) fn bare(self, kind: &'static str) {
        self.send(kind, None);
    }

    /// Says that it arrived, and what Slack shall do.
    pub(crate) fn with(self, kind: &'static str, payload: &Value) {
        self.send(kind, Some(payload));
    }

    fn send(self, kind: &'static str, payload: Option<&Value>) {
        let content = Content {
            envelope_id: &self.envelope_id,
            payload,
        };
        let text = match serde_json::to_string(&content) {
            Ok(text) if text.len() < MAX_ACKNOWLEDGEMENT => text,
            _ => {
                tracing::error!(
                    envelope.id = self.envelope_id,
                    "an acknowledgement is too large"
                );
                return;
            }
        };
        let received = self.received;
        if self
            .outbox
            .send(AcknowledgementFrame {
                text,
                kind,
                received,
            })
            .is_err()
        {
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
            Some(Frame::Hello(hello)) if hello == Hello::default()
        ));
        let hello = r#"{"type":"hello","num_connections":2,"new":[],
            "debug_info":{"host":"x","approximate_connection_time":18060}}"#;
        let expected = Hello {
            connections: Some(2),
            lifetime: Some(Duration::from_mins(301)),
        };
        assert!(matches!(Frame::parse(hello), Some(Frame::Hello(hello)) if hello == expected));
        let odd = r#"{"type":"hello","num_connections":"many","debug_info":[]}"#;
        assert!(
            matches!(Frame::parse(odd), Some(Frame::Hello(hello)) if hello == Hello::default())
        );
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
            ("e", EnvelopeKind::Interactive)
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
                kind: EnvelopeKind::Other,
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
    fn an_envelope_is_one_whatever_its_members_are() {
        for (text, id, kind) in [
            (
                r#"{"envelope_id":"e"}"#,
                Some("e"),
                EnvelopeKind::Unreadable,
            ),
            (
                r#"{"envelope_id":"e","type":null,"payload":"\ud800"}"#,
                Some("e"),
                EnvelopeKind::Unreadable,
            ),
            (
                r#"{"envelope_id":"e","type":"interactive","type":"news"}"#,
                Some("e"),
                EnvelopeKind::Unreadable,
            ),
            (
                r#"{"envelope_id":"e","type":"interactive","payload":1,"payload":2}"#,
                Some("e"),
                EnvelopeKind::Interactive,
            ),
            (
                r#"{"envelope_id":7,"type":"interactive"}"#,
                None,
                EnvelopeKind::Other,
            ),
            (
                r#"{"envelope_id":"e","envelope_id":"f"}"#,
                None,
                EnvelopeKind::Other,
            ),
            (
                r#"{"type":"interactive","payload":{}}"#,
                None,
                EnvelopeKind::Other,
            ),
        ] {
            match (Frame::parse(text), id) {
                (Some(Frame::Envelope(envelope)), Some(id)) => {
                    assert_eq!((envelope.id.as_str(), envelope.kind), (id, kind), "{text}");
                }
                (Some(Frame::Anonymous(_)), None) => {}
                _ => panic!("{text}"),
            }
        }
    }

    #[test]
    fn a_greeting_and_a_goodbye_are_known_without_their_type() {
        let hello = r#"{"type":null,"num_connections":2,"connection_info":{}}"#;
        assert!(matches!(Frame::parse(hello), Some(Frame::Hello(_))));
        let goodbye = r#"{"reason":"link_disabled"}"#;
        assert!(matches!(
            Frame::parse(goodbye),
            Some(Frame::Disconnect(Reason::LinkDisabled))
        ));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "as the connection makes it")]
    fn an_answer_names_its_envelope_and_stays_small() {
        let (outbox, mut outgoing) = mpsc::unbounded_channel();
        let acknowledgement = |id: &str| {
            let envelope = Envelope {
                id: id.to_owned(),
                kind: EnvelopeKind::Other,
                payload: RawValue::NULL,
            };
            Acknowledgement::new(&envelope, outbox.clone())
        };
        acknowledgement("e1").bare("other");
        acknowledgement("e2").with("other", &json!({"response_action": "clear"}));
        acknowledgement("e3").with("other", &json!("x".repeat(MAX_ACKNOWLEDGEMENT)));
        assert_eq!(outgoing.try_recv().unwrap().text, r#"{"envelope_id":"e1"}"#);
        assert_eq!(
            outgoing.try_recv().unwrap().text,
            r#"{"envelope_id":"e2","payload":{"response_action":"clear"}}"#
        );
        assert!(outgoing.try_recv().is_err());
    }
}
