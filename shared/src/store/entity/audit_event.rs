//! `audit_events`.

use sea_orm::entity::prelude::*;

use crate::domain::{
    clock::Timestamp,
    ids::{AuditEventId, SecretId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: AuditEventId,
    pub(crate) secret_id: Option<SecretId>,
    pub(crate) event: String,
    pub(crate) slot: Option<String>,
    pub(crate) occurred_at: Timestamp,
    pub(crate) team: Option<String>,
    pub(crate) actor: Option<String>,
    pub(crate) actor_kind: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) version: i16,
    pub(crate) sender: Option<String>,
    pub(crate) recipient: Option<String>,
    pub(crate) ip: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) metadata: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
