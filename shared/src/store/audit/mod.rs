//! The audit log: what happened to each secret, when, and at whose hand. Append-only: there is no
//! way here to change or remove an entry.

mod list;
mod redact;

use std::net::IpAddr;

use sea_orm::{ConnectionTrait, EntityTrait, Set};
use serde_json::Value;

pub use list::{Entry, Filter, list};
pub use redact::redact;

use super::{StoreError, entity::audit_event};
use crate::domain::{
    clock::Timestamp,
    ids::{AuditEventId, SecretId},
};

/// Longest User-Agent kept, in characters.
const USER_AGENT_MAX_CHARS: usize = 512;

/// What can happen to a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was stored.
    Created,
    /// Its message can't be delivered.
    DmFailed,
    /// Its link was opened.
    Viewed,
    /// Its link was right, but it could not be decrypted. It was not burned.
    DecryptFailed,
    /// It was destroyed unopened because its time was over.
    ExpiredDestroyed,
    /// It was ended before its time: at an operator's word.
    Revoked,
}

impl Event {
    /// The event's name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::DmFailed => "dm_failed",
            Self::Viewed => "viewed",
            Self::DecryptFailed => "decrypt_failed",
            Self::ExpiredDestroyed => "expired_destroyed",
            Self::Revoked => "revoked",
        }
    }
}

/// Of what a secret has at most one: the database's unique index sees to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Its beginning.
    Created,
    /// Its end.
    Terminal,
    /// A failed delivery that was not its end, as it had ended before.
    DmFailed,
    /// A failed decryption: noted once, however often the link is tried.
    DecryptFailed,
}

impl Slot {
    const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Terminal => "terminal",
            Self::DmFailed => "dm_failed",
            Self::DecryptFailed => "decrypt_failed",
        }
    }
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
    pub(super) event: Event,
    pub(super) slot: Slot,
    pub(super) occurred_at: Timestamp,
    pub(super) sender: &'a str,
    pub(super) recipient: &'a str,
    pub(super) visitor: Option<&'a Visitor>,
    pub(super) metadata: Value,
}

/// Writes an entry, in the transaction of what it tells of.
///
/// [`StoreError::Duplicate`] says that the secret's slot is taken.
pub(super) async fn append(
    connection: &impl ConnectionTrait,
    entry: NewEntry<'_>,
) -> Result<(), StoreError> {
    let visitor = entry.visitor;
    let row = audit_event::ActiveModel {
        id: Set(AuditEventId::generate()),
        secret_id: Set(Some(entry.secret)),
        event: Set(entry.event.name().to_owned()),
        slot: Set(Some(entry.slot.name().to_owned())),
        occurred_at: Set(entry.occurred_at),
        sender: Set(Some(entry.sender.to_owned())),
        recipient: Set(Some(entry.recipient.to_owned())),
        ip: Set(visitor
            .and_then(|visitor| visitor.ip)
            .map(|ip| ip.to_string())),
        user_agent: Set(visitor
            .and_then(|visitor| visitor.user_agent.as_deref())
            .map(shortened)),
        metadata: Set(redact(entry.metadata).to_string()),
    };
    audit_event::Entity::insert(row)
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

fn shortened(user_agent: &str) -> String {
    user_agent.chars().take(USER_AGENT_MAX_CHARS).collect()
}
