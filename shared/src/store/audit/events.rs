//! What can happen to a secret, and what the trail says of each: the one place for it. The table in
//! the documents and the JSON Schema are made of [`EVENTS`].

use serde_json::{Map, Value, json};

use crate::{domain::clock::Timestamp, store::door::TRAIL_VERSION};

/// The version of what an entry of today holds. Entries of version 1 have no actor and no outcome,
/// and their team, where it is known.
pub const VERSION: i16 = TRAIL_VERSION;

/// At whose hand something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// Somebody in Slack, whose id is the entry's actor.
    User,
    /// Whoever came by over the web: address and User-Agent are all that is known.
    Visitor,
    /// The programs, by themselves.
    System,
    /// An operator at a terminal.
    Operator,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::User, Self::Visitor, Self::System, Self::Operator];

    /// The word in the trail.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Visitor => "visitor",
            Self::System => "system",
            Self::Operator => "operator",
        }
    }
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What was to be done was done.
    Done,
    /// It was refused.
    Denied,
    /// It could not be done.
    Failed,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Done, Self::Denied, Self::Failed];

    /// The word in the trail.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// What a field of an entry's metadata holds.
#[derive(Clone, Copy, Debug)]
pub enum FieldKind {
    /// A word of ours or of Slack's; one of these, where there are any.
    Word(&'static [&'static str]),
    /// Such a word, or null.
    WordOrNull,
    /// A number from one on.
    Count,
    /// Milliseconds since the Unix epoch.
    Instant,
    /// True or false.
    Flag,
}

/// A field of an entry's metadata.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// What it means.
    pub meaning: &'static str,
}

/// What the trail says of one kind of event.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The event's name.
    pub name: &'static str,
    /// What happened.
    pub meaning: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// At whose hand it can happen.
    pub actors: &'static [ActorKind],
    /// Its metadata.
    pub fields: &'static [Field],
}

const fn field(name: &'static str, kind: FieldKind, meaning: &'static str) -> Field {
    Field {
        name,
        kind,
        meaning,
    }
}

/// Every event, in the order of a secret's life.
pub static EVENTS: [Definition; 11] = [
    CREATED,
    DM_FAILED,
    LINK_ISSUED,
    VIEWED,
    DECRYPT_FAILED,
    DENIED,
    EXPIRED_DESTROYED,
    REVOKED,
    REUSED,
    DISPUTED,
    DISPUTE_WITHDRAWN,
];

const CREATED: Definition = Definition {
    name: "created",
    meaning: "it was sent",
    outcome: Outcome::Done,
    actors: &[ActorKind::User],
    fields: &[
        field(
            "lifetime",
            FieldKind::Word(&[]),
            "for how long it can be opened",
        ),
        field("expires_at", FieldKind::Instant, "until when"),
        field("note", FieldKind::Flag, "whether there is a note beside it"),
    ],
};

const DM_FAILED: Definition = Definition {
    name: "dm_failed",
    meaning: "its message can't be delivered",
    outcome: Outcome::Failed,
    actors: &[ActorKind::System],
    fields: &[
        field("reason", FieldKind::Word(&[]), "why"),
        field("code", FieldKind::WordOrNull, "Slack's code for it"),
        field("attempts", FieldKind::Count, "how often it was tried"),
    ],
};

const LINK_ISSUED: Definition = Definition {
    name: "link_issued",
    meaning: "its recipient pressed the button of its message and was shown a link; those of before \
              lead nowhere any more",
    outcome: Outcome::Done,
    actors: &[ActorKind::User],
    fields: &[field(
        "expires_at",
        FieldKind::Instant,
        "until when the link leads to its page",
    )],
};

const VIEWED: Definition = Definition {
    name: "viewed",
    meaning: "it was opened",
    outcome: Outcome::Done,
    actors: &[ActorKind::Visitor],
    fields: &[],
};

const DECRYPT_FAILED: Definition = Definition {
    name: "decrypt_failed",
    meaning: "its link was right, but it could not be decrypted, and lives on; noted once",
    outcome: Outcome::Failed,
    actors: &[ActorKind::Visitor],
    fields: &[field(
        "reason",
        FieldKind::Word(&["unknown_key", "refused", "malformed"]),
        "why",
    )],
};

const DENIED: Definition = Definition {
    name: "denied",
    meaning: "a visitor tried to open it otherwise than by its page, at most once a cause and hour; or \
              somebody in Slack pressed a button that is not theirs, at most ten times an hour for \
              each of them",
    outcome: Outcome::Denied,
    actors: &[ActorKind::Visitor, ActorKind::User],
    fields: &[field(
        "cause",
        FieldKind::Word(&[
            "gate",
            "confirmation",
            "take_back",
            "send_again",
            "issue_link",
            "dispute",
            "withdraw_dispute",
        ]),
        "the request came from elsewhere, or its page was never shown; or which button it was",
    )],
};

const EXPIRED_DESTROYED: Definition = Definition {
    name: "expired_destroyed",
    meaning: "its time was over, and it was destroyed unopened",
    outcome: Outcome::Done,
    actors: &[ActorKind::System, ActorKind::Visitor],
    fields: &[
        field(
            "by",
            FieldKind::Word(&["sweeper", "visit"]),
            "what came to it first",
        ),
        field("expired_at", FieldKind::Instant, "when its time was over"),
    ],
};

const REVOKED: Definition = Definition {
    name: "revoked",
    meaning: "it was ended before its time",
    outcome: Outcome::Done,
    actors: &[ActorKind::Operator, ActorKind::User],
    fields: &[
        field(
            "by",
            FieldKind::Word(&["operator", "sender"]),
            "at whose word",
        ),
        field(
            "reason",
            FieldKind::Word(&["restore", "failover", "incident", "taken_back"]),
            "why",
        ),
    ],
};

const REUSED: Definition = Definition {
    name: "reused",
    meaning: "its link was visited after it had been opened: the first time at once, then at most \
              once an hour",
    outcome: Outcome::Denied,
    actors: &[ActorKind::Visitor],
    fields: &[field(
        "visits",
        FieldKind::Count,
        "how many since the entry before",
    )],
};

const DISPUTED: Definition = Definition {
    name: "disputed",
    meaning: "its recipient said that it wasn't them who opened it",
    outcome: Outcome::Done,
    actors: &[ActorKind::User],
    fields: &[],
};

const DISPUTE_WITHDRAWN: Definition = Definition {
    name: "dispute_withdrawn",
    meaning: "its recipient said that it was them after all",
    outcome: Outcome::Done,
    actors: &[ActorKind::User],
    fields: &[],
};

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Event<'a> {
    Created {
        lifetime: &'a str,
        expires_at: Timestamp,
        note: bool,
    },
    DmFailed {
        reason: &'a str,
        code: Option<&'a str>,
        attempts: u32,
    },
    /// A link was made at a press.
    LinkIssued {
        expires_at: Timestamp,
    },
    Viewed,
    DecryptFailed {
        reason: &'a str,
    },
    Denied {
        cause: &'a str,
    },
    /// A button was pressed by somebody whose it is not.
    PressDenied {
        action: &'a str,
    },
    ExpiredDestroyed {
        by_visit: bool,
        expired_at: Timestamp,
    },
    /// An operator ended it.
    Revoked {
        by: &'a str,
        reason: &'a str,
    },
    /// Its sender took it back.
    TakenBack,
    Reused {
        visits: i64,
    },
    Disputed,
    DisputeWithdrawn,
}

impl Event<'_> {
    /// What the trail says of its kind.
    pub(in crate::store) const fn definition(&self) -> &'static Definition {
        match self {
            Self::Created { .. } => &CREATED,
            Self::DmFailed { .. } => &DM_FAILED,
            Self::LinkIssued { .. } => &LINK_ISSUED,
            Self::Viewed => &VIEWED,
            Self::DecryptFailed { .. } => &DECRYPT_FAILED,
            Self::Denied { .. } | Self::PressDenied { .. } => &DENIED,
            Self::ExpiredDestroyed { .. } => &EXPIRED_DESTROYED,
            Self::Revoked { .. } | Self::TakenBack => &REVOKED,
            Self::Reused { .. } => &REUSED,
            Self::Disputed => &DISPUTED,
            Self::DisputeWithdrawn => &DISPUTE_WITHDRAWN,
        }
    }

    /// At whose hand it happened.
    pub(in crate::store) const fn actor(&self) -> ActorKind {
        match self {
            Self::Created { .. }
            | Self::PressDenied { .. }
            | Self::LinkIssued { .. }
            | Self::TakenBack
            | Self::Disputed
            | Self::DisputeWithdrawn => ActorKind::User,
            Self::DmFailed { .. }
            | Self::ExpiredDestroyed {
                by_visit: false, ..
            } => ActorKind::System,
            Self::Viewed
            | Self::DecryptFailed { .. }
            | Self::Denied { .. }
            | Self::ExpiredDestroyed { by_visit: true, .. }
            | Self::Reused { .. } => ActorKind::Visitor,
            Self::Revoked { .. } => ActorKind::Operator,
        }
    }

    /// What is told besides, a JSON object.
    pub(in crate::store) fn metadata(&self) -> Value {
        match *self {
            Self::Created {
                lifetime,
                expires_at,
                note,
            } => {
                json!({ "lifetime": lifetime, "expires_at": expires_at.as_millis(), "note": note })
            }
            Self::DmFailed {
                reason,
                code,
                attempts,
            } => json!({ "reason": reason, "code": code, "attempts": attempts }),
            Self::LinkIssued { expires_at } => json!({ "expires_at": expires_at.as_millis() }),
            Self::Viewed | Self::Disputed | Self::DisputeWithdrawn => json!({}),
            Self::DecryptFailed { reason } => json!({ "reason": reason }),
            Self::Denied { cause } | Self::PressDenied { action: cause } => {
                json!({ "cause": cause })
            }
            Self::ExpiredDestroyed {
                by_visit,
                expired_at,
            } => json!({
                "by": if by_visit { "visit" } else { "sweeper" },
                "expired_at": expired_at.as_millis(),
            }),
            Self::Revoked { by, reason } => json!({ "by": by, "reason": reason }),
            Self::TakenBack => json!({ "by": "sender", "reason": "taken_back" }),
            Self::Reused { visits } => json!({ "visits": visits }),
        }
    }
}

impl FieldKind {
    fn schema(self) -> Value {
        match self {
            Self::Word([]) => json!({ "type": "string" }),
            Self::Word(words) => json!({ "enum": words }),
            Self::WordOrNull => json!({ "type": ["string", "null"] }),
            Self::Count => json!({ "type": "integer", "minimum": 1 }),
            Self::Instant => json!({ "type": "integer" }),
            Self::Flag => json!({ "type": "boolean" }),
        }
    }
}

/// The JSON Schema (draft 2020-12) of a line that `audit list --json` prints, of the version of
/// today.
#[must_use]
pub fn schema() -> Value {
    let text_or_null = json!({ "type": ["string", "null"] });
    let mut properties = Map::new();
    for (name, schema) in [
        (
            "occurred_at",
            json!({ "type": "string", "format": "date-time" }),
        ),
        ("version", json!({ "const": VERSION })),
        ("event", json!({ "enum": EVENTS.map(|event| event.name) })),
        (
            "outcome",
            json!({ "enum": Outcome::ALL.map(Outcome::code) }),
        ),
        ("secret", text_or_null.clone()),
        ("team", text_or_null.clone()),
        ("actor", text_or_null.clone()),
        (
            "actor_kind",
            json!({ "enum": ActorKind::ALL.map(ActorKind::code) }),
        ),
        ("sender", text_or_null.clone()),
        ("recipient", text_or_null.clone()),
        ("ip", text_or_null.clone()),
        ("user_agent", text_or_null),
        ("metadata", json!({ "type": "object" })),
    ] {
        properties.insert(name.to_owned(), schema);
    }
    let required: Vec<_> = properties.keys().cloned().collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An entry of Secure Secret's trail",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "oneOf": EVENTS.iter().map(schema_of).collect::<Vec<_>>(),
    })
}

fn schema_of(event: &Definition) -> Value {
    let fields = event.fields.iter();
    let fields: Map<_, _> = fields
        .map(|field| {
            let mut schema = field.kind.schema();
            schema["description"] = field.meaning.into();
            (field.name.to_owned(), schema)
        })
        .collect();
    let names: Vec<_> = fields.keys().cloned().collect();
    json!({
        "description": event.meaning,
        "properties": {
            "event": { "const": event.name },
            "outcome": { "const": event.outcome.code() },
            "actor_kind": { "enum": event.actors.iter().map(|actor| actor.code()).collect::<Vec<_>>() },
            "metadata": {
                "properties": fields,
                "required": names,
                "additionalProperties": false,
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{super::redact, *};

    const SPECIMENS: [Event<'static>; 14] = [
        Event::Created {
            lifetime: "1h",
            expires_at: Timestamp::from_millis(1),
            note: true,
        },
        Event::DmFailed {
            reason: "refused",
            code: None,
            attempts: 1,
        },
        Event::LinkIssued {
            expires_at: Timestamp::from_millis(1),
        },
        Event::Viewed,
        Event::DecryptFailed { reason: "refused" },
        Event::Denied { cause: "gate" },
        Event::PressDenied {
            action: "take_back",
        },
        Event::ExpiredDestroyed {
            by_visit: true,
            expired_at: Timestamp::from_millis(1),
        },
        Event::ExpiredDestroyed {
            by_visit: false,
            expired_at: Timestamp::from_millis(1),
        },
        Event::Revoked {
            by: "operator",
            reason: "restore",
        },
        Event::TakenBack,
        Event::Reused { visits: 1 },
        Event::Disputed,
        Event::DisputeWithdrawn,
    ];

    #[test]
    fn every_event_tells_what_its_definition_lists() {
        let mut seen = Vec::new();
        for event in SPECIMENS {
            let definition = event.definition();
            let mut listed: Vec<_> = definition.fields.iter().map(|field| field.name).collect();
            listed.sort_unstable();
            let metadata = event.metadata();
            let told: Vec<_> = metadata.as_object().unwrap().keys().collect();
            assert_eq!(told, listed, "{event:?}");
            assert!(definition.actors.contains(&event.actor()), "{event:?}");
            assert_eq!(redact(metadata.clone()), metadata, "{event:?}");
            seen.push(definition.name);
        }
        for event in &EVENTS {
            assert!(seen.contains(&event.name), "{}", event.name);
        }
    }
}
