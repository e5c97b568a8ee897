//! Visits to a link after its secret was opened: counted, so that an interception is noticed.

use sea_orm_migration::prelude::*;

use crate::columns::instant;

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
        let add = |column: &mut ColumnDef| {
            Table::alter()
                .table(Secrets::Table)
                .add_column(column)
                .to_owned()
        };
        let count = &mut ColumnDef::new(Secrets::ReuseCount);
        manager
            .alter_table(add(count.integer().not_null().default(0)))
            .await?;
        manager
            .alter_table(add(instant(Secrets::ReusedAt).null()))
            .await?;
        manager
            .create_index(
                Index::create()
                    .name(INDEX)
                    .table(Secrets::Table)
                    .col(Secrets::ReusedAt)
                    .to_owned(),
            )
            .await?;
        let shown = &mut ColumnDef::new(Deliveries::ShownReuses);
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
                    .drop_column(Deliveries::ShownReuses)
                    .to_owned(),
            )
            .await?;
        manager
            .drop_index(Index::drop().name(INDEX).table(Secrets::Table).to_owned())
            .await?;
        for column in [Secrets::ReusedAt, Secrets::ReuseCount] {
            manager
                .alter_table(
                    Table::alter()
                        .table(Secrets::Table)
                        .drop_column(column)
                        .to_owned(),
                )
                .await?;
        }
        Ok(())
    }
}
