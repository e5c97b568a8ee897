//! Column types that more than one table uses, and what the engines do differently.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// A UUID in 16 bytes.
pub(crate) fn uuid(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).uuid().to_owned()
}

/// Milliseconds since the Unix epoch, UTC.
pub(crate) fn instant(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).big_integer().to_owned()
}

/// An identifier of Slack's, at most 64 ASCII characters.
pub(crate) fn slack_id(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).string_len(64).to_owned()
}

/// A sealed text. MySQL's BLOB ends at 64 KiB, which the longest secret exceeds once it is four
/// bytes a character and in base64; SQLite has one size of BLOB.
pub(crate) fn sealed(name: impl IntoIden, engine: DbBackend) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    if engine == DbBackend::MySql {
        column.custom("MEDIUMBLOB");
    } else {
        column.blob();
    }
    column
}

/// Adds a column.
pub(crate) async fn add(
    manager: &SchemaManager<'_>,
    table: impl IntoTableRef,
    column: ColumnDef,
) -> Result<(), DbErr> {
    let mut altered = Table::alter();
    altered.table(table).add_column(column);
    manager.alter_table(altered).await
}

/// Takes a column away.
pub(crate) async fn drop(
    manager: &SchemaManager<'_>,
    table: impl IntoTableRef,
    column: impl IntoIden,
) -> Result<(), DbErr> {
    let mut altered = Table::alter();
    altered.table(table).drop_column(column);
    manager.alter_table(altered).await
}

/// How often something happened.
pub(crate) fn count(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name)
        .integer()
        .not_null()
        .default(0)
        .to_owned()
}

/// A table whose texts compare byte for byte: MySQL's default collation takes `V1a` for `v1A`.
pub(crate) fn table(name: impl IntoTableRef, engine: DbBackend) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    if engine == DbBackend::MySql {
        table
            .engine("InnoDB")
            .character_set("utf8mb4")
            .collate("utf8mb4_bin");
    }
    table
}
