//! What confirmed an opening, and how often that came again: the same page sent twice is no visit by
//! somebody else.

use sea_orm_migration::prelude::*;

use crate::columns::instant;

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
            ColumnDef::new(Secrets::ConfirmedBy).binary_len(32).null(),
            ColumnDef::new(Secrets::RepeatCount)
                .integer()
                .not_null()
                .default(0),
            instant(Secrets::RepeatedAt).null(),
        ] {
            let mut table = Table::alter();
            table.table(Secrets::Table).add_column(column);
            manager.alter_table(table).await?;
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
        let shown = &mut ColumnDef::new(Deliveries::ShownRepeats);
        manager
            .alter_table(
                Table::alter()
                    .table(Deliveries::Table)
                    .add_column(shown.integer().not_null().default(0))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table(Deliveries::Table)
                    .drop_column(Deliveries::ShownRepeats)
                    .to_owned(),
            )
            .await?;
        manager
            .drop_index(Index::drop().name(INDEX).table(Secrets::Table).to_owned())
            .await?;
        for column in [
            Secrets::RepeatedAt,
            Secrets::RepeatCount,
            Secrets::ConfirmedBy,
        ] {
            let mut table = Table::alter();
            table.table(Secrets::Table).drop_column(column);
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
