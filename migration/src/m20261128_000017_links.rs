//! Links that are made at a press, of secrets whose messages have none.

use sea_orm_migration::prelude::*;

use crate::columns::{instant, table, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Links {
    Table,
    /// SHA-256 of the link's token. It stays after the link's end: a visit hears how it ended.
    TokenHash,
    SecretId,
    /// The master key that the share is sealed under.
    KeyId,
    /// The share, sealed under the link's token; NULL once the link leads nowhere any more.
    Share,
    /// 1 while the link has its share, else NULL: of each secret there is one such link at most.
    Live,
    CreatedAt,
    ExpiresAt,
}

/// `live` says whether there is a share. A comparison with NULL is no violation, so each is asked.
const SHARED_WHILE_LIVE: &str = "(live IS NULL AND share IS NULL AND key_id IS NULL) OR \
     (live IS NOT NULL AND live = 1 AND share IS NOT NULL AND key_id IS NOT NULL)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let links = table(Links::Table, manager.get_database_backend())
            .col(
                ColumnDef::new(Links::TokenHash)
                    .binary_len(32)
                    .not_null()
                    .primary_key(),
            )
            .col(uuid(Links::SecretId).not_null())
            .col(ColumnDef::new(Links::KeyId).binary_len(8).null())
            .col(ColumnDef::new(Links::Share).var_binary(512).null())
            .col(ColumnDef::new(Links::Live).small_integer().null())
            .col(instant(Links::CreatedAt).not_null())
            .col(instant(Links::ExpiresAt).not_null())
            .check(Expr::cust(SHARED_WHILE_LIVE))
            .to_owned();
        manager.create_table(links).await?;
        let one_live = Index::create()
            .name("links_secret_live")
            .table(Links::Table)
            .col(Links::SecretId)
            .col(Links::Live)
            .unique()
            .to_owned();
        manager.create_index(one_live).await?;
        let overdue = Index::create()
            .name("links_live_expires")
            .table(Links::Table)
            .col(Links::Live)
            .col(Links::ExpiresAt)
            .to_owned();
        manager.create_index(overdue).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(Links::Table).to_owned())
            .await
    }
}
