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
    /// The recipient says that somebody else opened it.
    Dispute,
    /// The recipient says that it was them after all.
    WithdrawDispute,
}

impl Action {
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::TakeBack,
        Self::SendAgain,
        Self::Dispute,
        Self::WithdrawDispute,
    ];

    /// The word in the trail, and the button's name in Slack.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TakeBack => "take_back",
            Self::SendAgain => "send_again",
            Self::Dispute => "dispute",
            Self::WithdrawDispute => "withdraw_dispute",
        }
    }

    /// The action of this [name](Self::code).
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.code() == code)
    }
}

/// What the trail tells of a secret, and whose it is for whoever pressed a button about it.
#[derive(FromQueryResult)]
pub(super) struct Row {
    pub(super) id: SecretId,
    pub(super) team: String,
    pub(super) sender: String,
    pub(super) recipient: String,
    is_senders: i64,
    is_recipients: i64,
}

impl Row {
    /// Whether they sent it.
    pub(super) const fn is_senders(&self) -> bool {
        self.is_senders == 1
    }

    /// Whether it is for them.
    pub(super) const fn is_recipients(&self) -> bool {
        self.is_recipients == 1
    }
}

/// Whether it is its sender who presses, in a workspace where it is at home.
pub(super) fn is_senders(database: &Database, presser: &Presser) -> Condition {
    is_theirs(database, presser, secret::Column::Sender)
}

/// Whether it is its recipient who presses, in a workspace where it is at home.
pub(super) fn is_recipients(database: &Database, presser: &Presser) -> Condition {
    is_theirs(database, presser, secret::Column::Recipient)
}

fn is_theirs(database: &Database, presser: &Presser, role: secret::Column) -> Condition {
    let teams = presser.teams.iter().map(TeamId::as_str);
    Condition::all()
        .add(role.eq(presser.user.as_str()))
        .add(database.is_one_of("team", teams))
}

/// Looks whose it is; `None` where there is none.
pub(super) async fn row(
    database: &Database,
    presser: &Presser,
    secret: SecretId,
) -> Result<Option<Row>, StoreError> {
    let one_if =
        |is_theirs: Condition| -> SimpleExpr { Expr::case(is_theirs, 1).finally(0).into() };
    let row = secret::Entity::find_by_id(secret)
        .select_only()
        .columns([
            secret::Column::Id,
            secret::Column::Team,
            secret::Column::Sender,
            secret::Column::Recipient,
        ])
        .expr_as(one_if(is_senders(database, presser)), "is_senders")
        .expr_as(one_if(is_recipients(database, presser)), "is_recipients")
        .into_model::<Row>()
        .one(database.connection())
        .await?;
    Ok(row)
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
