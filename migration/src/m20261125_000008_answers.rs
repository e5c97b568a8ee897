//! What a delivery knows of its refusals, and of the ways by which its reader was told.

use sea_orm_migration::prelude::*;

use crate::columns::{self, count, instant, slack_id};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Deliveries {
    Table,
    Addressee,
    /// When it was posted, or was posted anew.
    PostedAt,
    /// Slack's code at the last try; NULL when it was not refused by one.
    Refusal,
    /// Since when it is the same one.
    RefusedSince,
    /// Since when it waits for an operator, as the app as a whole is refused.
    HeldSince,
    /// 1 when a try may have posted it all the same.
    Doubtful,
    /// Tries to change the message in vain since it was last due.
    UpdateTries,
    /// For a receipt: what its reader was told by another way, `waiting` or `outcome`.
    Told,
    /// For a receipt: since when no way could carry what it says.
    UntoldSince,
    /// For a receipt: of which causes a reply told, one bit each.
    Nudges,
}

fn indexes() -> [IndexCreateStatement; 3] {
    let index = |name: &str| {
        let mut index = Index::create();
        index.name(name).table(Deliveries::Table);
        index
    };
    [
        index("deliveries_posted")
            .col(Deliveries::PostedAt)
            .to_owned(),
        index("deliveries_held")
            .col(Deliveries::HeldSince)
            .to_owned(),
        index("deliveries_untold")
            .col(Deliveries::Addressee)
            .col(Deliveries::UntoldSince)
            .to_owned(),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            instant(Deliveries::PostedAt).null().to_owned(),
            slack_id(Deliveries::Refusal).null().to_owned(),
            instant(Deliveries::RefusedSince).null().to_owned(),
            instant(Deliveries::HeldSince).null().to_owned(),
            count(Deliveries::Doubtful),
            count(Deliveries::UpdateTries),
            ColumnDef::new(Deliveries::Told)
                .string_len(16)
                .null()
                .to_owned(),
            instant(Deliveries::UntoldSince).null().to_owned(),
            count(Deliveries::Nudges),
        ] {
            columns::add(manager, Deliveries::Table, column).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["deliveries_untold", "deliveries_held", "deliveries_posted"] {
            let index = Index::drop().name(name).table(Deliveries::Table).to_owned();
            manager.drop_index(index).await?;
        }
        // What only the version after understands in a receipt's row.
        let forget =
            "UPDATE deliveries SET key_id = NULL, sealed = NULL WHERE kind = 'sender_receipt'";
        manager.get_connection().execute_unprepared(forget).await?;
        for column in [
            Deliveries::Nudges,
            Deliveries::UntoldSince,
            Deliveries::Told,
            Deliveries::UpdateTries,
            Deliveries::Doubtful,
            Deliveries::HeldSince,
            Deliveries::RefusedSince,
            Deliveries::Refusal,
            Deliveries::PostedAt,
        ] {
            columns::drop(manager, Deliveries::Table, column).await?;
        }
        Ok(())
    }
}
