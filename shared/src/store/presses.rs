//! Whether a button about a secret is for whoever presses it, and what is written down where it is
//! not.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, PaginatorTrait as _, QueryFilter,
    QuerySelect,
    sea_query::{Expr, ExprTrait as _, SimpleExpr},
};

use super::{
    Database, StoreError,
    audit::{self, Event, NewEntry, Slot},
    database,
    entity::{audit_event, secret},
    line::Transaction,
};
use crate::domain::{
    clock::Timestamp,
    ids::{SecretId, TeamId},
    press::Presser,
};

/// The time in which so many refused presses of somebody's about a secret are told at most.
const PERIOD: Duration = Duration::from_hours(1);
const TOLD_AT_MOST: u64 = 10;

/// What a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The sender ends it.
    TakeBack,
    /// The sender sends another one to the same person.
    SendAgain,
}

impl Action {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::TakeBack, Self::SendAgain];

    /// The word in the trail, and the button's name in Slack.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TakeBack => "take_back",
            Self::SendAgain => "send_again",
        }
    }

    /// The action of this [name](Self::code).
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.code() == code)
    }
}

/// Whose a secret is, for whoever pressed a button about it.
pub(super) enum Whose {
    /// They sent it.
    Senders,
    /// Somebody else did.
    Others(Row),
    /// There is none.
    Nobodys,
}

/// What the trail tells of a secret.
#[derive(FromQueryResult)]
pub(super) struct Row {
    id: SecretId,
    team: String,
    sender: String,
    recipient: String,
    is_senders: i64,
}

/// Whether it is its sender who presses, in a workspace where it is at home.
pub(super) fn is_senders(database: &Database, presser: &Presser) -> Condition {
    let teams = presser.teams.iter().map(TeamId::as_str);
    Condition::all()
        .add(secret::Column::Sender.eq(presser.user.as_str()))
        .add(database.is_one_of("team", teams))
}

/// Looks whose it is.
pub(super) async fn whose(
    database: &Database,
    presser: &Presser,
    secret: SecretId,
) -> Result<Whose, StoreError> {
    let is_senders = Expr::case(is_senders(database, presser), 1).finally(0);
    let is_senders: SimpleExpr = is_senders.into();
    let row = secret::Entity::find_by_id(secret)
        .select_only()
        .columns([
            secret::Column::Id,
            secret::Column::Team,
            secret::Column::Sender,
            secret::Column::Recipient,
        ])
        .expr_as(is_senders, "is_senders")
        .into_model::<Row>()
        .one(database.connection())
        .await?;
    Ok(match row {
        None => Whose::Nobodys,
        Some(row) if row.is_senders == 1 => Whose::Senders,
        Some(row) => Whose::Others(row),
    })
}

/// Writes down that somebody pressed what is not theirs: each press once, ten of somebody's about a
/// secret within an hour at most.
pub(super) async fn deny(
    database: &Database,
    presser: &Presser,
    action: Action,
    row: &Row,
) -> Result<(), StoreError> {
    let transaction = database.begin().await?;
    let work = write_down(database, &transaction, presser, action, row).await;
    let denied = database::finish(transaction, work).await?;
    if denied {
        tracing::warn!(
            secret.id = %row.id,
            actor = %presser.user,
            action = action.code(),
            "somebody pressed a button that is not theirs"
        );
    }
    Ok(())
}

async fn write_down(
    database: &Database,
    transaction: &Transaction,
    presser: &Presser,
    action: Action,
    row: &Row,
) -> Result<bool, StoreError> {
    // Those who count the same presses do so one after the other.
    let now: Option<Timestamp> = secret::Entity::find_by_id(row.id)
        .select_only()
        .expr(database.now())
        .lock_exclusive()
        .into_tuple()
        .one(transaction)
        .await?;
    let now = now.ok_or(StoreError::Stale)?;
    let told = audit_event::Entity::find()
        .filter(audit_event::Column::SecretId.eq(row.id))
        .filter(audit_event::Column::Slot.starts_with(audit::denied_to(&presser.user)))
        .filter(Expr::col(audit_event::Column::OccurredAt).gt(database.now_minus(PERIOD)))
        .count(transaction)
        .await?;
    if told >= TOLD_AT_MOST {
        return Ok(false);
    }
    let entry = NewEntry {
        secret: row.id,
        event: Event::PressDenied {
            action: action.code(),
        },
        slot: Some(Slot::PressDenied {
            user: &presser.user,
            press: presser.press,
        }),
        occurred_at: now,
        actor: Some(presser.user.as_str()),
        team: &row.team,
        sender: &row.sender,
        recipient: &row.recipient,
        visitor: None,
    };
    match audit::append(transaction, entry).await {
        Ok(()) => Ok(true),
        // Slack delivered the same press again.
        Err(StoreError::Duplicate) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_comes_back_from_its_code_and_the_trail_knows_it() {
        for action in Action::ALL {
            assert_eq!(Action::named(action.code()), Some(action));
            let denied = audit::EVENTS.iter().find(|event| event.name == "denied");
            let audit::FieldKind::Word(causes) = denied.unwrap().fields[0].kind else {
                panic!("a cause is a word");
            };
            assert!(causes.contains(&action.code()), "{action:?}");
        }
    }
}
