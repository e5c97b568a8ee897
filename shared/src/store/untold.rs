//! What no way could carry to a sender: told first thing at the sender's next command.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

use super::{
    Database, StoreError,
    bad_rows::BadRow,
    deliveries::{self, Facts, Outcome, Refusal, Told},
    entity::delivery,
};
use crate::domain::ids::{DeliveryId, SecretId, UserId};

/// Most told at a command; the others follow at the next.
const MOST: u64 = 5;

/// A receipt that did not arrive.
#[derive(Clone, Debug)]
pub struct Untold {
    /// Its row.
    pub receipt: DeliveryId,
    /// What is known of its secret.
    pub facts: Facts,
    /// How the recipient's message went; `None` while it waits.
    pub outcome: Option<Outcome>,
    /// How Slack refused it.
    pub refusal: Option<Refusal>,
}

/// What somebody was not told yet, the oldest first.
pub async fn of(database: &Database, sender: &UserId) -> Result<Vec<Untold>, StoreError> {
    let receipts: Vec<(DeliveryId, SecretId, i32)> = delivery::Entity::find()
        .select_only()
        .columns([
            delivery::Column::Id,
            delivery::Column::SecretId,
            delivery::Column::Typographic,
        ])
        .filter(delivery::Column::Addressee.eq(sender.as_str()))
        .filter(delivery::Column::UntoldSince.is_not_null())
        .order_by_asc(delivery::Column::UntoldSince)
        .limit(MOST)
        .into_tuple()
        .all(database.connection())
        .await?;
    let mut untold = Vec::with_capacity(receipts.len());
    for (receipt, secret, typographic) in receipts {
        match one(database, receipt, secret).await {
            Ok(mut one) => {
                one.facts.is_typographic = typographic != 0;
                untold.push(one);
            }
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => {
                let row = BadRow::new("deliveries", receipt.as_uuid(), error);
                tracing::error!(%row, "what a sender is to be told can't be read, the rest is told");
            }
        }
    }
    Ok(untold)
}

async fn one(
    database: &Database,
    receipt: DeliveryId,
    secret: SecretId,
) -> Result<Untold, StoreError> {
    let (outcome, refusal) = deliveries::message_state(database, secret).await?;
    Ok(Untold {
        receipt,
        facts: deliveries::facts(database, secret).await?,
        outcome,
        refusal,
    })
}

/// They have been told now.
pub async fn mark_told(database: &Database, told: &[Untold]) -> Result<(), StoreError> {
    for untold in told {
        let what = match untold.outcome {
            None => Told::Waiting,
            Some(_) => Told::Outcome,
        };
        delivery::Entity::update_many()
            .col_expr(delivery::Column::UntoldSince, Expr::value(None::<i64>))
            .col_expr(delivery::Column::Told, Expr::value(what.code()))
            .filter(delivery::Column::Id.eq(untold.receipt))
            .exec(database.connection())
            .await?;
    }
    Ok(())
}
