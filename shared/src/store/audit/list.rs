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
    /// The event's name: one of [`Event`](super::Event)'s, or a newer version's.
    pub event: String,
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
    if let Some(secret) = filter.secret {
        query = query.filter(audit_event::Column::SecretId.eq(secret));
    }
    if let Some(within) = filter.within {
        let since = database.now_minus(within);
        query = query.filter(Expr::col(audit_event::Column::OccurredAt).gte(since));
    }
    let rows = query
        .order_by_desc(audit_event::Column::OccurredAt)
        .order_by_desc(audit_event::Column::Id)
        .limit(filter.limit)
        .all(database.connection())
        .await?;
    rows.into_iter().rev().map(entry).collect()
}

fn entry(row: audit_event::Model) -> Result<Entry, StoreError> {
    let metadata = serde_json::from_str(&row.metadata).map_err(|_| StoreError::Unreadable {
        column: "audit_events.metadata",
    })?;
    Ok(Entry {
        occurred_at: row.occurred_at,
        event: row.event,
        secret: row.secret_id,
        sender: row.sender,
        recipient: row.recipient,
        ip: row.ip,
        user_agent: row.user_agent,
        metadata,
    })
}
