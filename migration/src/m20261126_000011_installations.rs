//! Which installation this database is of, which bots run on it, and what a receipt knows of its
//! secret's characters.

use sea_orm_migration::prelude::*;
use shared::domain::ids::InstallationId;

use crate::columns::{self, count, instant, table, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Installation {
    Table,
    /// Always 1: there is one row.
    One,
    /// Random, made here, and no key.
    Id,
}

#[derive(DeriveIden)]
enum Bots {
    Table,
    /// Random, made by each process.
    Id,
    /// Connections to Slack that it had within the last minutes.
    Connections,
    StartedAt,
    /// When it last said that it runs.
    SeenAt,
    /// When it said that it stops.
    StoppedAt,
    /// Connections of the Slack app, as Slack counted them, beyond those of all bots here.
    Strangers,
    /// When Slack counted them.
    CountedAt,
}

#[derive(DeriveIden)]
enum Deliveries {
    Table,
    /// For a receipt: 1 when its secret has characters that devices put in by themselves.
    Typographic,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        manager
            .create_table(
                table(Installation::Table, engine)
                    .col(
                        ColumnDef::new(Installation::One)
                            .integer()
                            .not_null()
                            .primary_key(),
                    )
                    .col(uuid(Installation::Id).not_null())
                    .check(Expr::cust("one = 1"))
                    .to_owned(),
            )
            .await?;
        let row = Query::insert()
            .into_table(Installation::Table)
            .columns([Installation::One, Installation::Id])
            .values_panic([1.into(), InstallationId::generate().as_uuid().into()])
            .to_owned();
        manager.execute(row).await?;
        manager
            .create_table(
                table(Bots::Table, engine)
                    .col(uuid(Bots::Id).not_null().primary_key())
                    .col(count(Bots::Connections))
                    .col(instant(Bots::StartedAt).not_null())
                    .col(instant(Bots::SeenAt).not_null())
                    .col(instant(Bots::StoppedAt).null())
                    .col(count(Bots::Strangers))
                    .col(instant(Bots::CountedAt).null())
                    .to_owned(),
            )
            .await?;
        columns::add(manager, Deliveries::Table, count(Deliveries::Typographic)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::drop(manager, Deliveries::Table, Deliveries::Typographic).await?;
        for table in [
            Bots::Table.into_table_ref(),
            Installation::Table.into_table_ref(),
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}
