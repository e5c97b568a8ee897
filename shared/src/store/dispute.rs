//! "That wasn't me": a recipient says that somebody else opened what was for them, and may take
//! that back. Each is said once.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait as _},
};

use super::{
    DISPUTABLE_FOR, Database, StoreError,
    audit::{self, Event, NewEntry, Slot},
    changes, database,
    deliveries::{self, DeliveryKind, Facts},
    entity::{delivery, secret},
    line::Transaction,
    presses::{self, Action, Asked, NotTheirs, Row},
};
use crate::domain::{clock::Timestamp, ids::SecretId, press::Presser};

/// What a recipient says of an opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It wasn't them.
    NotMe,
    /// It was them after all.
    Me,
}

impl Said {
    /// What the row counts before and after.
    const fn counts(self) -> [i32; 2] {
        match self {
            Self::NotMe => [0, 1],
            Self::Me => [1, 2],
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::NotMe => Action::Dispute,
            Self::Me => Action::WithdrawDispute,
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Disputed {
    /// How it stands now.
    Stands(Box<Facts>),
    /// It was opened too long ago, or not at all: nothing was written down.
    NotAnyMore(Box<Facts>),
}

impl Database {
    /// Writes down what a recipient says of the opening of what was for them. Saying it again finds
    /// it said.
    pub async fn dispute(
        &self,
        presser: &Presser,
        secret: SecretId,
        said: Said,
    ) -> Result<Asked<Disputed>, StoreError> {
        let Some(row) = presses::row(self, presser, secret).await? else {
            return Ok(Asked::Gone);
        };
        if !row.is_recipients() {
            return Ok(Asked::NotTheirs(NotTheirs::of(row, said.action())));
        }
        let transaction = self.begin().await?;
        let work = write_down(self, &transaction, presser, &row, said).await;
        let written = database::finish(transaction, work).await?;
        let facts = deliveries::facts(self, secret).await?;
        let is_said = written || facts.disputes >= said.counts()[1];
        let facts = Box::new(facts);
        Ok(Asked::Done(if is_said {
            Disputed::Stands(facts)
        } else {
            Disputed::NotAnyMore(facts)
        }))
    }
}

async fn write_down(
    database: &Database,
    transaction: &Transaction,
    presser: &Presser,
    row: &Row,
    said: Said,
) -> Result<bool, StoreError> {
    let [before, after] = said.counts();
    let changed = secret::Entity::update_many()
        .set(secret::ActiveModel {
            dispute_count: Set(after),
            ..Default::default()
        })
        .col_expr(secret::Column::DisputedAt, database.now())
        .filter(secret::Column::Id.eq(row.id))
        .filter(presses::is_recipients(database, presser))
        .filter(secret::Column::DisputeCount.eq(before))
        .filter(Expr::col(secret::Column::ViewedAt).gt(database.now_minus(DISPUTABLE_FOR)))
        .exec(transaction)
        .await?;
    if changed.rows_affected == 0 {
        return Ok(false);
    }
    let now: Timestamp = database.clock_in(transaction).await?;
    let (event, slot) = match said {
        Said::NotMe => (Event::Disputed, Slot::Disputed),
        Said::Me => (Event::DisputeWithdrawn, Slot::DisputeWithdrawn),
    };
    let entry = NewEntry {
        secret: row.id,
        event,
        slot: Some(slot),
        occurred_at: now,
        actor: Some(presser.user.as_str()),
        team: &row.team,
        sender: &row.sender,
        recipient: &row.recipient,
        visitor: None,
    };
    audit::append(transaction, entry).await?;
    changes::show_again(database, transaction, row.id).await?;
    leave_for_next_command(database, transaction, row.id).await?;
    Ok(true)
}

/// Whose receipt no message could carry is told first thing at their next command.
async fn leave_for_next_command(
    database: &Database,
    transaction: &Transaction,
    secret: SecretId,
) -> Result<(), StoreError> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::UntoldSince, database.now())
        .filter(delivery::Column::SecretId.eq(secret))
        .filter(delivery::Column::Kind.eq(DeliveryKind::SenderReceipt.code()))
        .filter(delivery::Column::SettledAt.is_not_null())
        .filter(delivery::Column::MessageTs.is_null())
        .exec(transaction)
        .await?;
    Ok(())
}
