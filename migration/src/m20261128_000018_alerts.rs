//! `alerts`: what operators are told in their channel, one row a cause and clock hour; and the
//! trail by event, where most causes are found.

use sea_orm_migration::prelude::*;

use crate::columns::{count, instant, slack_id, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(Clone, Copy, DeriveIden)]
enum Alerts {
    Table,
    Cause,
    /// Whole hours since the Unix epoch.
    ClockHour,
    MadeAt,
    /// What happened so often in this hour.
    Happened,
    /// Ids of secrets, separated by commas, the newest first.
    Secrets,
    /// Of how much of what happened the message tells.
    Told,
    /// How often it was tried; also tells a late bot that its lease has passed to another.
    Attempts,
    /// When it is due; NULL once it is posted or given up.
    NextAttemptAt,
    LeasedUntil,
    TriedAt,
    /// Where it was posted, or tried last.
    Channel,
    MessageTs,
    /// Slack's code, when the last try was refused.
    Refusal,
}

#[derive(DeriveIden)]
enum AuditEvents {
    Table,
    Event,
    OccurredAt,
}

const BY_EVENT: &str = "audit_events_event";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let alerts = table(Alerts::Table, manager.get_database_backend())
            .col(ColumnDef::new(Alerts::Cause).string_len(80).not_null())
            .col(instant(Alerts::ClockHour).not_null())
            .col(instant(Alerts::MadeAt).not_null())
            .col(count(Alerts::Happened))
            .col(ColumnDef::new(Alerts::Secrets).text().not_null())
            .col(count(Alerts::Told))
            .col(count(Alerts::Attempts))
            .col(instant(Alerts::NextAttemptAt).null())
            .col(instant(Alerts::LeasedUntil).null())
            .col(instant(Alerts::TriedAt).null())
            .col(slack_id(Alerts::Channel).null())
            .col(slack_id(Alerts::MessageTs).null())
            .col(ColumnDef::new(Alerts::Refusal).string_len(64).null())
            .primary_key(Index::create().col(Alerts::Cause).col(Alerts::ClockHour))
            .to_owned();
        manager.create_table(alerts).await?;
        for (name, column) in [
            ("alerts_due", Alerts::NextAttemptAt),
            ("alerts_made", Alerts::MadeAt),
        ] {
            let index = Index::create()
                .name(name)
                .table(Alerts::Table)
                .col(column)
                .to_owned();
            manager.create_index(index).await?;
        }
        let by_event = Index::create()
            .name(BY_EVENT)
            .table(AuditEvents::Table)
            .col(AuditEvents::Event)
            .col(AuditEvents::OccurredAt)
            .to_owned();
        manager.create_index(by_event).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let by_event = Index::drop()
            .name(BY_EVENT)
            .table(AuditEvents::Table)
            .to_owned();
        manager.drop_index(by_event).await?;
        manager
            .drop_table(Table::drop().table(Alerts::Table).to_owned())
            .await
    }
}
