//! `deliveries`.

use sea_orm::entity::prelude::*;

use crate::domain::{
    clock::Timestamp,
    ids::{DeliveryId, SecretId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliveries")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: DeliveryId,
    pub(crate) secret_id: SecretId,
    pub(crate) kind: String,
    pub(crate) addressee: String,
    pub(crate) key_id: Option<Vec<u8>>,
    pub(crate) sealed: Option<Vec<u8>>,
    pub(crate) attempts: i32,
    pub(crate) next_attempt_at: Option<Timestamp>,
    pub(crate) leased_until: Option<Timestamp>,
    pub(crate) settled_at: Option<Timestamp>,
    pub(crate) outcome: Option<String>,
    pub(crate) channel: Option<String>,
    pub(crate) message_ts: Option<String>,
    pub(crate) shown: Option<String>,
    pub(crate) shown_reuses: i32,
    pub(crate) shown_repeats: i32,
    pub(crate) shown_lost: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) posted_at: Option<Timestamp>,
    pub(crate) refusal: Option<String>,
    pub(crate) refused_since: Option<Timestamp>,
    pub(crate) held_since: Option<Timestamp>,
    pub(crate) doubtful: i32,
    pub(crate) update_tries: i32,
    pub(crate) told: Option<String>,
    pub(crate) untold_since: Option<Timestamp>,
    pub(crate) nudges: i32,
    pub(crate) typographic: i32,
    pub(crate) shown_disputes: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::secret::Entity",
        from = "Column::SecretId",
        to = "super::secret::Column::Id"
    )]
    Secret,
}

impl ActiveModelBehavior for ActiveModel {}
