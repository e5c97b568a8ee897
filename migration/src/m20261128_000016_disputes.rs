//! "That wasn't me": what a recipient says of an opening, and whether the messages show it.

use sea_orm_migration::prelude::*;

use crate::columns::{self, count, instant};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Secrets {
    Table,
    /// 1 once its recipient said that it wasn't them who opened it, 2 once they took that back.
    DisputeCount,
    /// When they said the last of it.
    DisputedAt,
}

#[derive(DeriveIden)]
enum Deliveries {
    Table,
    /// How much of that the message shows.
    ShownDisputes,
}

const INDEX: &str = "secrets_disputed";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            count(Secrets::DisputeCount),
            instant(Secrets::DisputedAt).null().to_owned(),
        ] {
            columns::add(manager, Secrets::Table, column).await?;
        }
        manager
            .create_index(
                Index::create()
                    .name(INDEX)
                    .table(Secrets::Table)
                    .col(Secrets::DisputedAt)
                    .to_owned(),
            )
            .await?;
        columns::add(manager, Deliveries::Table, count(Deliveries::ShownDisputes)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::drop(manager, Deliveries::Table, Deliveries::ShownDisputes).await?;
        manager
            .drop_index(Index::drop().name(INDEX).table(Secrets::Table).to_owned())
            .await?;
        for column in [Secrets::DisputedAt, Secrets::DisputeCount] {
            columns::drop(manager, Secrets::Table, column).await?;
        }
        Ok(())
    }
}
