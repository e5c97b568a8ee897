//! The trail says at whose hand something happened and how it went, and is found by people; what
//! comes to a link after its secret was opened is told there.

use sea_orm_migration::prelude::*;

use crate::columns::{self, count, instant, slack_id};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(Clone, Copy, DeriveIden)]
enum AuditEvents {
    Table,
    OccurredAt,
    Sender,
    Recipient,
    /// The workspace.
    Team,
    /// Somebody in Slack, or NULL.
    Actor,
    /// `user`, `visitor`, `system` or `operator`.
    ActorKind,
    /// `done`, `denied` or `failed`.
    Outcome,
    /// The version of what an entry holds.
    Version,
}

#[derive(Clone, Copy, DeriveIden)]
enum Secrets {
    Table,
    /// How many visits after the opening the trail tells of.
    ReuseTold,
    /// When it last told of some.
    ReuseToldAt,
}

const BY_SENDER: &str = "audit_events_sender";
const BY_RECIPIENT: &str = "audit_events_recipient";
const TOLD: &str = "secrets_reuse_told";

/// Entries from before have the team of their secret, while its row is there.
const TEAMS: &str = "UPDATE audit_events SET team = \
     (SELECT secrets.team FROM secrets WHERE secrets.id = audit_events.secret_id)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let version = ColumnDef::new(AuditEvents::Version)
            .small_integer()
            .not_null()
            .default(1)
            .to_owned();
        for column in [
            slack_id(AuditEvents::Team).null().to_owned(),
            slack_id(AuditEvents::Actor).null().to_owned(),
            word(AuditEvents::ActorKind),
            word(AuditEvents::Outcome),
            version,
        ] {
            columns::add(manager, AuditEvents::Table, column).await?;
        }
        for (name, who) in [
            (BY_SENDER, AuditEvents::Sender),
            (BY_RECIPIENT, AuditEvents::Recipient),
        ] {
            let index = Index::create()
                .name(name)
                .table(AuditEvents::Table)
                .col(who)
                .col(AuditEvents::OccurredAt)
                .to_owned();
            manager.create_index(index).await?;
        }
        manager.get_connection().execute_unprepared(TEAMS).await?;
        for column in [
            count(Secrets::ReuseTold),
            instant(Secrets::ReuseToldAt).null().to_owned(),
        ] {
            columns::add(manager, Secrets::Table, column).await?;
        }
        let index = Index::create()
            .name(TOLD)
            .table(Secrets::Table)
            .col(Secrets::ReuseToldAt)
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop().name(TOLD).table(Secrets::Table).to_owned();
        manager.drop_index(index).await?;
        for column in [Secrets::ReuseToldAt, Secrets::ReuseTold] {
            columns::drop(manager, Secrets::Table, column).await?;
        }
        for name in [BY_RECIPIENT, BY_SENDER] {
            let index = Index::drop()
                .name(name)
                .table(AuditEvents::Table)
                .to_owned();
            manager.drop_index(index).await?;
        }
        for column in [
            AuditEvents::Version,
            AuditEvents::Outcome,
            AuditEvents::ActorKind,
            AuditEvents::Actor,
            AuditEvents::Team,
        ] {
            columns::drop(manager, AuditEvents::Table, column).await?;
        }
        Ok(())
    }
}

fn word(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).string_len(16).null().to_owned()
}
