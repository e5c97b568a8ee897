//! To which organization a secret's workspace belongs: who is of a sibling workspace is no
//! stranger.

use sea_orm_migration::prelude::*;

use crate::columns::{self, slack_id};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Secrets {
    Table,
    /// `E...`; NULL where the workspace belongs to none, or the row is from before.
    Organization,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let organization = slack_id(Secrets::Organization).null().to_owned();
        columns::add(manager, Secrets::Table, organization).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::drop(manager, Secrets::Table, Secrets::Organization).await
    }
}
