//! The sender's language and zone in Slack, so that a receipt does not change its language when
//! Slack doesn't answer.

use sea_orm_migration::prelude::*;

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Secrets {
    Table,
    /// e.g. `fr-CA`
    SenderLocale,
    /// e.g. `America/Toronto`
    SenderTz,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            ColumnDef::new(Secrets::SenderLocale)
                .string_len(35)
                .null()
                .to_owned(),
            ColumnDef::new(Secrets::SenderTz)
                .string_len(64)
                .null()
                .to_owned(),
        ] {
            columns::add(manager, Secrets::Table, column).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [Secrets::SenderTz, Secrets::SenderLocale] {
            columns::drop(manager, Secrets::Table, column).await?;
        }
        Ok(())
    }
}
