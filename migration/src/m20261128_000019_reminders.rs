//! Whether a recipient was reminded of a secret that nobody opened yet.

use sea_orm_migration::prelude::*;

use crate::columns::{self, instant};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Deliveries {
    Table,
    /// When its recipient was reminded, or it was left out.
    RemindedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let reminded_at = instant(Deliveries::RemindedAt).null().to_owned();
        columns::add(manager, Deliveries::Table, reminded_at).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::drop(manager, Deliveries::Table, Deliveries::RemindedAt).await
    }
}
