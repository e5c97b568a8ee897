//! Reading the audit log.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait as _},
};
use serde_json::Value;

use super::StoreError;
use crate::{
    domain::{clock::Timestamp, ids::SecretId},
    store::{Database, entity::audit_event},
};

/// Which entries to list.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Only this secret's.
    pub secret: Option<SecretId>,
    /// Only those of the last such time, by the database's clock.
    pub within: Option<Duration>,
    /// At most so many, the newest ones.
    pub limit: u64,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The version of what it holds.
    pub version: i16,
    /// The event's name: one of [`EVENTS`](super::EVENTS), or a newer version's.
    pub event: String,
    /// How it went.
    pub outcome: Option<String>,
    /// The workspace.
    pub team: Option<String>,
    /// Slack id of whose hand it was, if it was somebody's in Slack.
    pub actor: Option<String>,
    /// What kind of hand it was.
    pub actor_kind: Option<String>,
    /// The secret.
    pub secret: Option<SecretId>,
    /// Slack id of who sent it.
    pub sender: Option<String>,
    /// Slack id of whom it was for.
    pub recipient: Option<String>,
    /// Address of who came by.
    pub ip: Option<String>,
    /// Browser of who came by.
    pub user_agent: Option<String>,
    /// A JSON object.
    pub metadata: Value,
}

/// The newest entries that match, oldest first.
pub async fn list(database: &Database, filter: Filter) -> Result<Vec<Entry>, StoreError> {
    let mut query = audit_event::Entity::find();
    if let Some(within) = filter.within {
        let since = database.now_minus(within);
        query = query.filter(Expr::col(audit_event::Column::OccurredAt).gte(since));
    }
    let query = match filter.secret {
        // They are few, and no index has them in the order of time.
        Some(secret) => query.filter(audit_event::Column::SecretId.eq(secret)),
        None => query
            .order_by_desc(audit_event::Column::OccurredAt)
            .order_by_desc(audit_event::Column::Id)
            .limit(filter.limit),
    };
    let mut rows = query.all(database.connection()).await?;
    rows.sort_unstable_by_key(|row| (row.occurred_at, row.id));
    let most = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let newest = rows.len().saturating_sub(most);
    rows.into_iter().skip(newest).map(entry).collect()
}

fn entry(row: audit_event::Model) -> Result<Entry, StoreError> {
    let metadata = serde_json::from_str(&row.metadata).map_err(|_| StoreError::Unreadable {
        column: "audit_events.metadata",
    })?;
    Ok(Entry {
        occurred_at: row.occurred_at,
        version: row.version,
        event: row.event,
        outcome: row.outcome,
        team: row.team,
        actor: row.actor,
        actor_kind: row.actor_kind,
        secret: row.secret_id,
        sender: row.sender,
        recipient: row.recipient,
        ip: row.ip,
        user_agent: row.user_agent,
        metadata,
    })
}
