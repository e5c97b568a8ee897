//! `links`.

use sea_orm::entity::prelude::*;

use crate::domain::{clock::Timestamp, ids::SecretId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "links")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) token_hash: Vec<u8>,
    pub(crate) secret_id: SecretId,
    pub(crate) key_id: Option<Vec<u8>>,
    pub(crate) share: Option<Vec<u8>>,
    pub(crate) live: Option<i16>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
