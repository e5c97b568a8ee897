//! What confirmed an opening, and how often that came again: the same page sent twice is no visit
//! by somebody else.

use sea_orm_migration::prelude::*;

use crate::columns::{self, count, instant};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Secrets {
    Table,
    /// SHA-256 of the confirmation, address and browser that opened it.
    ConfirmedBy,
    /// How often these came again soon after.
    RepeatCount,
    /// The last time.
    RepeatedAt,
}

#[derive(DeriveIden)]
enum Deliveries {
    Table,
    /// How many of those the message tells of.
    ShownRepeats,
}

const INDEX: &str = "secrets_repeat";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            ColumnDef::new(Secrets::ConfirmedBy)
                .binary_len(32)
                .null()
                .to_owned(),
            count(Secrets::RepeatCount),
            instant(Secrets::RepeatedAt).null().to_owned(),
        ] {
            columns::add(manager, Secrets::Table, column).await?;
        }
        manager
            .create_index(
                Index::create()
                    .name(INDEX)
                    .table(Secrets::Table)
                    .col(Secrets::RepeatedAt)
                    .to_owned(),
            )
            .await?;
        columns::add(manager, Deliveries::Table, count(Deliveries::ShownRepeats)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::drop(manager, Deliveries::Table, Deliveries::ShownRepeats).await?;
        manager
            .drop_index(Index::drop().name(INDEX).table(Secrets::Table).to_owned())
            .await?;
        for column in [
            Secrets::RepeatedAt,
            Secrets::RepeatCount,
            Secrets::ConfirmedBy,
        ] {
            columns::drop(manager, Secrets::Table, column).await?;
        }
        Ok(())
    }
}
