//! `key_rings`: which keys the running programs have, by their ids; no key and nothing of one.

use sea_orm_migration::prelude::*;

use crate::columns::{instant, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum KeyRings {
    Table,
    Program,
    /// Tells one ring of a program from another.
    Ring,
    /// The keys' ids in hexadecimal, separated by commas, the sealing one first.
    KeyIds,
    /// When a process last said to have it.
    SeenAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table(KeyRings::Table, manager.get_database_backend())
                    .col(ColumnDef::new(KeyRings::Program).string_len(16).not_null())
                    .col(ColumnDef::new(KeyRings::Ring).binary_len(8).not_null())
                    .col(ColumnDef::new(KeyRings::KeyIds).text().not_null())
                    .col(instant(KeyRings::SeenAt).not_null())
                    .primary_key(Index::create().col(KeyRings::Program).col(KeyRings::Ring))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(KeyRings::Table).to_owned())
            .await
    }
}
