//! That a page with a secret may not have arrived, and who but its sender ended a secret.

use sea_orm_migration::prelude::*;

use crate::columns::{self, count, instant};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Secrets {
    Table,
    /// When its opening's connection was gone before the page had been taken.
    PageLostAt,
    /// For a revoked one: `operator`, or NULL for its sender.
    RevokedBy,
}

#[derive(DeriveIden)]
enum Deliveries {
    Table,
    /// 1 when the message tells of the loss.
    ShownLost,
}

const INDEX: &str = "secrets_page_lost";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            instant(Secrets::PageLostAt).null().to_owned(),
            ColumnDef::new(Secrets::RevokedBy)
                .string_len(16)
                .null()
                .to_owned(),
        ] {
            columns::add(manager, Secrets::Table, column).await?;
        }
        manager
            .create_index(
                Index::create()
                    .name(INDEX)
                    .table(Secrets::Table)
                    .col(Secrets::PageLostAt)
                    .to_owned(),
            )
            .await?;
        columns::add(manager, Deliveries::Table, count(Deliveries::ShownLost)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::drop(manager, Deliveries::Table, Deliveries::ShownLost).await?;
        manager
            .drop_index(Index::drop().name(INDEX).table(Secrets::Table).to_owned())
            .await?;
        for column in [Secrets::RevokedBy, Secrets::PageLostAt] {
            columns::drop(manager, Secrets::Table, column).await?;
        }
        Ok(())
    }
}
