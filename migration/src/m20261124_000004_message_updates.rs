//! A settled delivery can be due again, when its message shows what is no longer so.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::m20261123_000002_deliveries::{NOTHING_SEALED_ONCE_SETTLED, definition, indexes};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// A settled delivery holds no link and says how it went, whether it is due again or not.
const NO_LINK_ONCE_SETTLED: &str = "settled_at IS NULL OR (sealed IS NULL AND outcome IS NOT NULL)";

/// The name that MySQL gave the first rule, and the one that the second has.
const MYSQL_FIRST: &str = "deliveries_chk_1";
const MYSQL_SECOND: &str = "deliveries_settled";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::MySql => {
                replace_rule(manager, MYSQL_FIRST, MYSQL_SECOND, NO_LINK_ONCE_SETTLED).await
            }
            _ => rebuild(manager, NO_LINK_ONCE_SETTLED).await,
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The first rule refuses what waits to be shown; messages then stay as they are.
        let forget = "UPDATE deliveries SET next_attempt_at = NULL WHERE settled_at IS NOT NULL";
        manager.get_connection().execute_unprepared(forget).await?;
        let rule = NOTHING_SEALED_ONCE_SETTLED;
        match manager.get_database_backend() {
            DbBackend::MySql => replace_rule(manager, MYSQL_SECOND, MYSQL_FIRST, rule).await,
            _ => rebuild(manager, rule).await,
        }
    }
}

/// One statement, which MySQL does as a whole or not at all.
async fn replace_rule(
    manager: &SchemaManager<'_>,
    old: &str,
    new: &str,
    rule: &str,
) -> Result<(), DbErr> {
    let alter = format!(
        "ALTER TABLE deliveries DROP CONSTRAINT {old}, ADD CONSTRAINT {new} CHECK ({rule})"
    );
    manager.get_connection().execute_unprepared(&alter).await?;
    Ok(())
}

/// SQLite can't change a rule: the rows move to a new table, in one transaction.
/// Source: <https://www.sqlite.org/lang_altertable.html#otheralter>.
async fn rebuild(manager: &SchemaManager<'_>, rule: &'static str) -> Result<(), DbErr> {
    let new = Alias::new("deliveries_new");
    let create = definition(new, DbBackend::Sqlite, rule).to_string(SqliteQueryBuilder);
    let indexes = indexes().map(|index| index.to_string(SqliteQueryBuilder));
    let script = format!(
        "BEGIN IMMEDIATE; {create}; \
         INSERT INTO deliveries_new SELECT * FROM deliveries; \
         DROP TABLE deliveries; \
         ALTER TABLE deliveries_new RENAME TO deliveries; \
         {}; COMMIT",
        indexes.join("; ")
    );
    let done = manager.get_connection().execute_unprepared(&script).await;
    if done.is_err() {
        manager
            .get_connection()
            .execute_unprepared("ROLLBACK")
            .await
            .ok();
    }
    done.map(|_| ())
}
