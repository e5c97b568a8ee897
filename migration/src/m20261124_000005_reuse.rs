//! Visits to a link after its secret was opened: counted, so that an interception is noticed.

use sea_orm_migration::prelude::*;

use crate::columns::{self, count, instant};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Secrets {
    Table,
    /// Visits after it was opened.
    ReuseCount,
    /// The last of them.
    ReusedAt,
}

#[derive(DeriveIden)]
enum Deliveries {
    Table,
    /// How many of those visits the message tells of.
    ShownReuses,
}

const INDEX: &str = "secrets_reuse";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            count(Secrets::ReuseCount),
            instant(Secrets::ReusedAt).null().to_owned(),
        ] {
            columns::add(manager, Secrets::Table, column).await?;
        }
        manager
            .create_index(
                Index::create()
                    .name(INDEX)
                    .table(Secrets::Table)
                    .col(Secrets::ReusedAt)
                    .to_owned(),
            )
            .await?;
        columns::add(manager, Deliveries::Table, count(Deliveries::ShownReuses)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::drop(manager, Deliveries::Table, Deliveries::ShownReuses).await?;
        manager
            .drop_index(Index::drop().name(INDEX).table(Secrets::Table).to_owned())
            .await?;
        for column in [Secrets::ReusedAt, Secrets::ReuseCount] {
            columns::drop(manager, Secrets::Table, column).await?;
        }
        Ok(())
    }
}
