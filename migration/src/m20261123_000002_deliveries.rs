//! `deliveries`: one row a message that the bot owes somebody. No foreign key: MySQL clusters
//! check them on one node only, and rows are removed by hand in batches.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::columns::{instant, sealed, slack_id, table, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
pub(crate) enum Deliveries {
    Table,
    Id,
    SecretId,
    /// `recipient_message` or `sender_receipt`.
    Kind,
    Addressee,
    /// The delivery key that `sealed` is under.
    KeyId,
    /// Link token and note, until the message is out.
    Sealed,
    /// How often it was tried; also tells a late worker that its lease has passed to another.
    Attempts,
    /// When it is due; NULL while it waits for something else, and once it is settled.
    NextAttemptAt,
    LeasedUntil,
    SettledAt,
    /// `sent`, or why it failed.
    Outcome,
    Channel,
    MessageTs,
    /// The secret's state that the message shows.
    Shown,
    CreatedAt,
}

/// A settled delivery holds no link, and says how it went.
pub(crate) const NOTHING_SEALED_ONCE_SETTLED: &str =
    "settled_at IS NULL OR (sealed IS NULL AND outcome IS NOT NULL AND next_attempt_at IS NULL)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        let deliveries = definition(Deliveries::Table, engine, NOTHING_SEALED_ONCE_SETTLED);
        manager.create_table(deliveries).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(Deliveries::Table).to_owned())
            .await
    }
}

/// The table under a name and with a rule of its own: SQLite changes rules by making a table anew.
pub(crate) fn definition(
    name: impl IntoTableRef,
    engine: DbBackend,
    rule: &'static str,
) -> TableCreateStatement {
    table(name, engine)
        .col(uuid(Deliveries::Id).not_null().primary_key())
        .col(uuid(Deliveries::SecretId).not_null())
        .col(ColumnDef::new(Deliveries::Kind).string_len(32).not_null())
        .col(slack_id(Deliveries::Addressee).not_null())
        .col(ColumnDef::new(Deliveries::KeyId).binary_len(8).null())
        .col(sealed(Deliveries::Sealed, engine).null())
        .col(ColumnDef::new(Deliveries::Attempts).integer().not_null())
        .col(instant(Deliveries::NextAttemptAt).null())
        .col(instant(Deliveries::LeasedUntil).null())
        .col(instant(Deliveries::SettledAt).null())
        .col(ColumnDef::new(Deliveries::Outcome).string_len(32).null())
        .col(slack_id(Deliveries::Channel).null())
        .col(slack_id(Deliveries::MessageTs).null())
        .col(ColumnDef::new(Deliveries::Shown).string_len(32).null())
        .col(instant(Deliveries::CreatedAt).not_null())
        .check(Expr::cust(rule))
        .to_owned()
}

/// The table's indexes.
pub(crate) fn indexes() -> [IndexCreateStatement; 2] {
    [
        Index::create()
            .name("deliveries_secret_kind")
            .table(Deliveries::Table)
            .col(Deliveries::SecretId)
            .col(Deliveries::Kind)
            .unique()
            .to_owned(),
        Index::create()
            .name("deliveries_due")
            .table(Deliveries::Table)
            .col(Deliveries::NextAttemptAt)
            .to_owned(),
    ]
}
