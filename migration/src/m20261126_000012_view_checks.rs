//! `view_checks`: when Slack was last asked about the bot's views and messages, and how many it
//! took: a single row.

use sea_orm_migration::prelude::*;

use crate::columns::{count, instant, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum ViewChecks {
    Table,
    /// 1.
    Id,
    /// The version of the program that made the views.
    Version,
    Taken,
    Refused,
    Unasked,
    /// Slack's code, where it does not answer such questions.
    Code,
    CheckedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table(ViewChecks::Table, manager.get_database_backend())
                    .col(
                        ColumnDef::new(ViewChecks::Id)
                            .small_integer()
                            .not_null()
                            .primary_key(),
                    )
                    .col(
                        ColumnDef::new(ViewChecks::Version)
                            .string_len(64)
                            .not_null(),
                    )
                    .col(count(ViewChecks::Taken))
                    .col(count(ViewChecks::Refused))
                    .col(count(ViewChecks::Unasked))
                    .col(ColumnDef::new(ViewChecks::Code).string_len(64))
                    .col(instant(ViewChecks::CheckedAt).not_null())
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(ViewChecks::Table).to_owned())
            .await
    }
}
