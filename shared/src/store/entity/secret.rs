//! `secrets`.

use sea_orm::entity::prelude::*;

use crate::domain::{
    clock::Timestamp,
    ids::{BurnId, SecretId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "secrets")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: SecretId,
    pub(crate) format: i16,
    pub(crate) token_hash: Vec<u8>,
    pub(crate) submission_key: String,
    pub(crate) part: i16,
    pub(crate) ciphertext: Option<Vec<u8>>,
    pub(crate) note_ciphertext: Option<Vec<u8>>,
    pub(crate) key_id: Vec<u8>,
    pub(crate) team: String,
    pub(crate) organization: Option<String>,
    pub(crate) sender: String,
    pub(crate) sender_name: String,
    pub(crate) sender_locale: Option<String>,
    pub(crate) sender_tz: Option<String>,
    pub(crate) recipient: String,
    pub(crate) recipient_locale: Option<String>,
    pub(crate) recipient_tz: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) viewed_at: Option<Timestamp>,
    pub(crate) destroyed_at: Option<Timestamp>,
    pub(crate) destroy_reason: Option<String>,
    pub(crate) burn_id: Option<BurnId>,
    pub(crate) reuse_count: i32,
    pub(crate) reused_at: Option<Timestamp>,
    pub(crate) reuse_told: i32,
    pub(crate) reuse_told_at: Option<Timestamp>,
    pub(crate) confirmed_by: Option<Vec<u8>>,
    pub(crate) repeat_count: i32,
    pub(crate) repeated_at: Option<Timestamp>,
    pub(crate) page_lost_at: Option<Timestamp>,
    pub(crate) revoked_by: Option<String>,
    pub(crate) dispute_count: i32,
    pub(crate) disputed_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
