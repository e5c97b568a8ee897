//! `secrets`: one row a secret, with its ciphertext for just as long as it is live.

use sea_orm_migration::prelude::*;

use crate::columns::{instant, sealed, slack_id, table, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Secrets {
    Table,
    Id,
    /// The version of how the row is sealed.
    Format,
    /// SHA-256 of the link token's 32 bytes.
    TokenHash,
    /// The dialog's view id: a submission that comes again is the same submission.
    SubmissionKey,
    /// Which of several secrets of one submission.
    Part,
    Ciphertext,
    NoteCiphertext,
    KeyId,
    Team,
    Sender,
    SenderName,
    Recipient,
    RecipientLocale,
    RecipientTz,
    CreatedAt,
    ExpiresAt,
    ViewedAt,
    DestroyedAt,
    DestroyReason,
    /// The attempt that burned it: answers for a COMMIT whose answer got lost.
    BurnId,
}

/// The database itself refuses a destroyed row that still holds something, and a live one that
/// doesn't.
const CIPHERTEXT_EXACTLY_WHILE_LIVE: &str = "(destroyed_at IS NULL AND destroy_reason IS NULL \
     AND viewed_at IS NULL AND ciphertext IS NOT NULL) \
     OR (destroyed_at IS NOT NULL AND destroy_reason IS NOT NULL \
     AND ciphertext IS NULL AND note_ciphertext IS NULL)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        manager
            .create_table(
                table(Secrets::Table, engine)
                    .col(uuid(Secrets::Id).not_null().primary_key())
                    .col(ColumnDef::new(Secrets::Format).small_integer().not_null())
                    .col(
                        ColumnDef::new(Secrets::TokenHash)
                            .binary_len(32)
                            .not_null()
                            .unique_key(),
                    )
                    .col(slack_id(Secrets::SubmissionKey).not_null())
                    .col(ColumnDef::new(Secrets::Part).small_integer().not_null())
                    .col(sealed(Secrets::Ciphertext, engine).null())
                    .col(sealed(Secrets::NoteCiphertext, engine).null())
                    .col(ColumnDef::new(Secrets::KeyId).binary_len(8).not_null())
                    .col(slack_id(Secrets::Team).not_null())
                    .col(slack_id(Secrets::Sender).not_null())
                    .col(
                        ColumnDef::new(Secrets::SenderName)
                            .string_len(255)
                            .not_null(),
                    )
                    .col(slack_id(Secrets::Recipient).not_null())
                    .col(
                        ColumnDef::new(Secrets::RecipientLocale)
                            .string_len(35)
                            .null(),
                    )
                    .col(ColumnDef::new(Secrets::RecipientTz).string_len(64).null())
                    .col(instant(Secrets::CreatedAt).not_null())
                    .col(instant(Secrets::ExpiresAt).not_null())
                    .col(instant(Secrets::ViewedAt).null())
                    .col(instant(Secrets::DestroyedAt).null())
                    .col(ColumnDef::new(Secrets::DestroyReason).string_len(32).null())
                    .col(uuid(Secrets::BurnId).null())
                    .check(Expr::cust(CIPHERTEXT_EXACTLY_WHILE_LIVE))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("secrets_submission")
                    .table(Secrets::Table)
                    .col(Secrets::Team)
                    .col(Secrets::SubmissionKey)
                    .col(Secrets::Part)
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("secrets_expiry")
                    .table(Secrets::Table)
                    .col(Secrets::DestroyedAt)
                    .col(Secrets::ExpiresAt)
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(Secrets::Table).to_owned())
            .await
    }
}
