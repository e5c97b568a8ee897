//! Noticing that something happened to a secret after its messages were posted: they show what is
//! no longer so.
//!
//! reveal-web only writes the secret's row. The bot looks for rows that ended, or whose link was
//! visited again, lately, by their indexes, and compares with what their messages show.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait as _,
    sea_query::{Expr, ExprTrait as _},
};
use uuid::Uuid;

use super::{
    DISPUTABLE_FOR, Database, StoreError,
    deliveries::DeliveryKind,
    entity::{delivery, secret},
    line::Transaction,
};
use crate::domain::ids::SecretId;

/// What a message shows while its secret lives, in `deliveries.shown`.
pub(super) const LIVE: &str = "live";

/// What a recipient's message shows once it was opened too long ago for anybody to say that it
/// wasn't them.
pub(super) const UNDISPUTABLE: &str = "undisputable";

/// Most messages made due by one call.
const BATCH: u64 = 500;

/// Makes the messages due that still show a secret as live that ended within the last `period`,
/// that don't tell yet of visits, repeated presses, lost pages and disputes within it, or that ask
/// what can't be said any more. Returns how many; any number of bots may look at once.
pub async fn make_due(database: &Database, period: Duration) -> Result<u64, StoreError> {
    let since = database.now_minus(period);
    let of_secret = |column| Expr::col((secret::Entity, column));
    let ended = Condition::all()
        .add(of_secret(secret::Column::DestroyedAt).gte(since.clone()))
        .add(delivery::Column::Shown.eq(LIVE));
    let reused = Condition::all()
        .add(of_secret(secret::Column::ReusedAt).gte(since.clone()))
        .add(delivery::Column::Kind.eq(DeliveryKind::SenderReceipt.code()))
        .add(
            Expr::col((delivery::Entity, delivery::Column::ShownReuses))
                .lt(of_secret(secret::Column::ReuseCount)),
        );
    let repeated = Condition::all()
        .add(of_secret(secret::Column::RepeatedAt).gte(since.clone()))
        .add(delivery::Column::Kind.eq(DeliveryKind::SenderReceipt.code()))
        .add(
            Expr::col((delivery::Entity, delivery::Column::ShownRepeats))
                .lt(of_secret(secret::Column::RepeatCount)),
        );
    let disputed = Condition::all()
        .add(of_secret(secret::Column::DisputedAt).gte(since.clone()))
        .add(
            Expr::col((delivery::Entity, delivery::Column::ShownDisputes))
                .lt(of_secret(secret::Column::DisputeCount)),
        );
    let lost = Condition::all()
        .add(of_secret(secret::Column::PageLostAt).gte(since))
        .add(delivery::Column::Kind.eq(DeliveryKind::SenderReceipt.code()))
        .add(delivery::Column::ShownLost.eq(0));
    let long_ago = || database.now_minus(DISPUTABLE_FOR);
    let undisputable = Condition::all()
        .add(of_secret(secret::Column::DestroyedAt).lte(long_ago()))
        .add(of_secret(secret::Column::DestroyedAt).gt(database.now_minus(DISPUTABLE_FOR + period)))
        .add(delivery::Column::Kind.eq(DeliveryKind::RecipientMessage.code()))
        .add(delivery::Column::Shown.eq("viewed"));
    let mut due = 0;
    for which in [ended, reused, repeated, lost, disputed, undisputable] {
        due += make_these_due(database, which).await?;
    }
    Ok(due)
}

async fn make_these_due(database: &Database, which: Condition) -> Result<u64, StoreError> {
    let outdated: Vec<Uuid> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .join(JoinType::InnerJoin, delivery::Relation::Secret.def())
        .filter(which)
        .filter(delivery::Column::MessageTs.is_not_null())
        .filter(delivery::Column::SettledAt.is_not_null())
        .filter(delivery::Column::NextAttemptAt.is_null())
        .limit(BATCH)
        .into_tuple()
        .all(database.connection())
        .await?;
    if outdated.is_empty() {
        return Ok(0);
    }
    let due = delivery::Entity::update_many()
        .col_expr(delivery::Column::NextAttemptAt, database.now())
        .col_expr(delivery::Column::UpdateTries, Expr::value(0))
        .filter(delivery::Column::Id.is_in(outdated))
        .filter(delivery::Column::NextAttemptAt.is_null())
        .exec(database.connection())
        .await?;
    Ok(due.rows_affected)
}

/// Makes the messages due at once that tell of a secret to which something happens, as the watch
/// would a moment later.
pub(super) async fn show_again(
    database: &Database,
    transaction: &Transaction,
    secret: SecretId,
) -> Result<(), StoreError> {
    let is_receipt_to_come = Condition::all()
        .add(delivery::Column::Kind.eq(DeliveryKind::SenderReceipt.code()))
        .add(delivery::Column::SettledAt.is_null());
    let is_shown = Condition::all()
        .add(delivery::Column::SettledAt.is_not_null())
        .add(delivery::Column::MessageTs.is_not_null());
    delivery::Entity::update_many()
        .set(delivery::ActiveModel {
            update_tries: Set(0),
            ..Default::default()
        })
        .col_expr(delivery::Column::NextAttemptAt, database.now())
        .filter(delivery::Column::SecretId.eq(secret))
        .filter(Condition::any().add(is_receipt_to_come).add(is_shown))
        .exec(transaction)
        .await?;
    Ok(())
}
