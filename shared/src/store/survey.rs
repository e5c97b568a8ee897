//! Looks for rows that are passed over, for doctor.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, ConnectionTrait as _, EntityTrait, PaginatorTrait as _, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait as _, Select, sea_query::Expr, sea_query::ExprTrait as _,
};
use uuid::Uuid;

use super::{
    Database, RevokedBy, StoreError,
    bad_rows::{BadRow, id_of},
    claim,
    database::is_set,
    entity::{delivery, secret},
};

/// What doctor finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Secrets that expired long ago and are still there: how many, and the first of them.
    pub overdue: (u64, Option<Uuid>),
    /// Secrets that were destroyed though the audit log did not take their end, within 31 days: how
    /// many, and the last of them that was sent.
    pub conflicts: (u64, Option<Uuid>),
    /// Deliveries that wait and can't be read.
    pub deliveries: Vec<BadRow>,
}

/// An expired secret that is still there so long after has been passed over, or nobody sweeps.
const LONG_OVERDUE: Duration = Duration::from_hours(1);

/// How far back conflicts are of interest.
const LATELY: Duration = Duration::from_hours(24 * 31);

/// Most waiting deliveries looked at, those that were put off for longest first.
const MOST: u64 = 500;

/// Looks for rows that are passed over, as the bot's account can.
pub async fn take(database: &Database) -> Result<Survey, StoreError> {
    let overdue = secret::Entity::find()
        .filter(secret::Column::DestroyedAt.is_null())
        .filter(Expr::col(secret::Column::ExpiresAt).lt(database.now_minus(LONG_OVERDUE)));
    let conflicts = secret::Entity::find()
        .filter(secret::Column::RevokedBy.eq(RevokedBy::Conflict.code()))
        .filter(Expr::col(secret::Column::DestroyedAt).gt(database.now_minus(LATELY)));
    Ok(Survey {
        overdue: (
            count(database, &overdue).await?,
            first(database, overdue.order_by_asc(secret::Column::ExpiresAt)).await?,
        ),
        conflicts: (
            count(database, &conflicts).await?,
            first(database, conflicts.order_by_desc(secret::Column::Id)).await?,
        ),
        deliveries: unreadable_deliveries(database).await?,
    })
}

async fn count(database: &Database, rows: &Select<secret::Entity>) -> Result<u64, StoreError> {
    let ids = rows.clone().select_only().column(secret::Column::Id);
    Ok(ids.count(database.connection()).await?)
}

async fn first(
    database: &Database,
    rows: Select<secret::Entity>,
) -> Result<Option<Uuid>, StoreError> {
    let ids = rows.select_only().column(secret::Column::Id).limit(1);
    Ok(ids.into_tuple().one(database.connection()).await?)
}

async fn unreadable_deliveries(database: &Database) -> Result<Vec<BadRow>, StoreError> {
    let waiting = delivery::Entity::find()
        .filter(is_set(delivery::Column::NextAttemptAt))
        .order_by_desc(delivery::Column::NextAttemptAt)
        .limit(MOST);
    let connection = database.connection();
    let statement = waiting.build(connection.get_database_backend());
    let mut bad = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        match claim::readable(database, &row).await {
            Ok(_) => {}
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => bad.push(BadRow::new("deliveries", id_of(&row), error)),
        }
    }
    Ok(bad)
}
