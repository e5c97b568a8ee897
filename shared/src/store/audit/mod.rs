//! The audit log: what happened to each secret, when, and at whose hand. Append-only: there is no
//! way here to change or remove an entry.

pub(super) mod door;
mod events;
mod list;
mod redact;

use std::net::IpAddr;

use sea_orm::{ConnectionTrait, EntityTrait, Set};

pub(super) use events::Event;
pub use events::{ActorKind, Definition, EVENTS, Field, FieldKind, Outcome, VERSION, schema};
pub use list::{Entry, Filter, list};
pub use redact::redact;

use super::{StoreError, door::Argument, entity::audit_event};
use crate::domain::{
    clock::Timestamp,
    ids::{AuditEventId, SecretId, UserId},
    press::PressKey,
};

/// Longest User-Agent kept, in characters.
const USER_AGENT_MAX_CHARS: usize = 512;

/// Of what a secret has at most one: the database's unique index sees to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot<'a> {
    /// Its beginning.
    Created,
    /// Its end.
    Terminal,
    /// A failed delivery that was not its end, as it had ended before.
    DmFailed,
    /// A failed decryption: noted once, however often the link is tried.
    DecryptFailed,
    /// Visits after the opening, told within one hour since the Unix epoch.
    Reused {
        /// The hour.
        hour: i64,
    },
    /// A refused opening, of one cause within one hour since the Unix epoch.
    Denied {
        /// Why.
        cause: &'static str,
        /// The hour.
        hour: i64,
    },
    /// A link that a press asked for, however often Slack delivers it.
    LinkIssued {
        /// Which.
        press: PressKey,
    },
    /// Its recipient said that it wasn't them who opened it.
    Disputed,
    /// Its recipient took that back.
    DisputeWithdrawn,
    /// A refused press, however often Slack delivers it.
    PressDenied {
        /// Whose.
        user: &'a UserId,
        /// Which.
        press: PressKey,
    },
}

impl Slot<'_> {
    /// As the table has it, at most 32 characters.
    pub(super) fn name(self) -> String {
        let name = match self {
            Self::Created => "created",
            Self::Terminal => "terminal",
            Self::DmFailed => "dm_failed",
            Self::DecryptFailed => "decrypt_failed",
            Self::Disputed => "disputed",
            Self::DisputeWithdrawn => "dispute_withdrawn",
            Self::Reused { hour } => return format!("reused:{hour}"),
            Self::Denied { cause, hour } => return format!("denied:{cause}:{hour}"),
            Self::LinkIssued { press } => return format!("link:{}", press.short()),
            Self::PressDenied { user, press } => {
                return format!("{}{}", denied_to(user), press.short());
            }
        };
        name.to_owned()
    }
}

/// What the slots of somebody's refused presses begin with, however long their id is.
pub(super) fn denied_to(user: &UserId) -> String {
    format!("press:{}:", PressKey::of(&[user.as_str()]).short())
}

/// Who came by over the web.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// The client's address, as our own proxies report it.
    pub ip: Option<IpAddr>,
    /// The User-Agent header.
    pub user_agent: Option<String>,
}

/// An entry about to be written.
pub(super) struct NewEntry<'a> {
    pub(super) secret: SecretId,
    pub(super) event: Event<'a>,
    /// Nothing for what can happen again.
    pub(super) slot: Option<Slot<'a>>,
    pub(super) occurred_at: Timestamp,
    /// Who in Slack did it, where somebody did.
    pub(super) actor: Option<&'a str>,
    pub(super) team: &'a str,
    pub(super) sender: &'a str,
    pub(super) recipient: &'a str,
    pub(super) visitor: Option<&'a Visitor>,
}

/// Writes an entry, in the transaction of what it tells of.
///
/// [`StoreError::Duplicate`] says that the secret's slot is taken.
pub(super) async fn append(
    connection: &impl ConnectionTrait,
    entry: NewEntry<'_>,
) -> Result<(), StoreError> {
    let NewEntry { event, visitor, .. } = entry;
    let actor_kind = event.actor();
    let [ip, user_agent] = visitor.map(Visitor::kept).unwrap_or_default();
    let row = audit_event::ActiveModel {
        id: Set(AuditEventId::generate()),
        secret_id: Set(Some(entry.secret)),
        event: Set(event.definition().name.to_owned()),
        slot: Set(entry.slot.map(Slot::name)),
        occurred_at: Set(entry.occurred_at),
        team: Set(Some(entry.team.to_owned())),
        actor: Set(entry.actor.map(str::to_owned)),
        actor_kind: Set(Some(actor_kind.code().to_owned())),
        outcome: Set(Some(event.definition().outcome.code().to_owned())),
        version: Set(VERSION),
        sender: Set(Some(entry.sender.to_owned())),
        recipient: Set(Some(entry.recipient.to_owned())),
        ip: Set(ip),
        user_agent: Set(user_agent),
        metadata: Set(redact(event.metadata()).to_string()),
    };
    audit_event::Entity::insert(row)
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

impl Visitor {
    /// As it is written down: address and User-Agent.
    pub(super) fn kept(&self) -> [Option<String>; 2] {
        let ip = self.ip.map(|ip| ip.to_string());
        [ip, self.user_agent.as_deref().map(shortened)]
    }

    /// The same as doors take it.
    pub(super) fn arguments(&self) -> [Argument; 2] {
        self.kept().map(Argument::Text)
    }
}

fn shortened(user_agent: &str) -> String {
    user_agent.chars().take(USER_AGENT_MAX_CHARS).collect()
}
