//! `audit_events`: what happened to each secret, append-only.

use sea_orm_migration::prelude::*;

use crate::columns::{instant, slack_id, table, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum AuditEvents {
    Table,
    Id,
    SecretId,
    Event,
    /// What can happen to a secret only once: `created`, `terminal`, ...; NULL for the rest.
    Slot,
    OccurredAt,
    Sender,
    Recipient,
    Ip,
    UserAgent,
    /// A JSON object, redacted.
    Metadata,
}

/// However a secret ends, it ends once: these events always fill the `terminal` slot, which the
/// unique index gives to one event a secret.
const AN_END_IS_TERMINAL: &str = "event NOT IN ('viewed', 'expired_destroyed', 'revoked') \
     OR (slot IS NOT NULL AND slot = 'terminal' AND secret_id IS NOT NULL)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table(AuditEvents::Table, manager.get_database_backend())
                    .col(uuid(AuditEvents::Id).not_null().primary_key())
                    .col(uuid(AuditEvents::SecretId).null())
                    .col(ColumnDef::new(AuditEvents::Event).string_len(32).not_null())
                    .col(ColumnDef::new(AuditEvents::Slot).string_len(32).null())
                    .col(instant(AuditEvents::OccurredAt).not_null())
                    .col(slack_id(AuditEvents::Sender).null())
                    .col(slack_id(AuditEvents::Recipient).null())
                    .col(ColumnDef::new(AuditEvents::Ip).string_len(45).null())
                    .col(
                        ColumnDef::new(AuditEvents::UserAgent)
                            .string_len(512)
                            .null(),
                    )
                    .col(ColumnDef::new(AuditEvents::Metadata).text().not_null())
                    .check(Expr::cust(AN_END_IS_TERMINAL))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("audit_events_once")
                    .table(AuditEvents::Table)
                    .col(AuditEvents::SecretId)
                    .col(AuditEvents::Slot)
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("audit_events_time")
                    .table(AuditEvents::Table)
                    .col(AuditEvents::OccurredAt)
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(AuditEvents::Table).to_owned())
            .await
    }
}
