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
    database, deliveries,
    entity::{audit_event, delivery, secret},
    line::Transaction,
};
use crate::domain::{
    clock::Timestamp,
    ids::{SecretId, TeamId, UserId},
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
    /// The recipient asks for the link.
    IssueLink,
    /// The recipient says that somebody else opened it.
    Dispute,
    /// The recipient says that it was them after all.
    WithdrawDispute,
}

impl Action {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::TakeBack,
        Self::SendAgain,
        Self::IssueLink,
        Self::Dispute,
        Self::WithdrawDispute,
    ];

    /// The word in the trail, and the button's name in Slack.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TakeBack => "take_back",
            Self::SendAgain => "send_again",
            Self::IssueLink => "issue_link",
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

/// What came of a press.
#[derive(Debug)]
pub enum Asked<T> {
    /// This, for whose button it is.
    Done(T),
    /// By what the row says it is not the presser's.
    NotTheirs(NotTheirs),
    /// There is no such secret, or none any more.
    Gone,
}

/// A press of a button that is somebody else's, as far as ids and workspaces tell.
#[derive(Debug)]
pub struct NotTheirs {
    row: Row,
    action: Action,
}

impl NotTheirs {
    pub(super) const fn of(row: Row, action: Action) -> Self {
        Self { row, action }
    }

    /// What they pressed.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// Whose button it is, by the id that the row knows.
    pub fn owner(&self) -> Result<UserId, StoreError> {
        match self.action {
            Action::TakeBack | Action::SendAgain => {
                deliveries::user(&self.row.sender, "secrets.sender")
            }
            Action::IssueLink | Action::Dispute | Action::WithdrawDispute => {
                deliveries::user(&self.row.recipient, "secrets.recipient")
            }
        }
    }

    /// Where the secret is at home, if the message with the button is the one that was posted about
    /// it there: who comes from elsewhere, such as a partner, names the home of theirs.
    pub async fn home_of_message(
        &self,
        database: &Database,
        presser: &Presser,
    ) -> Result<Option<TeamId>, StoreError> {
        let Some((channel, ts)) = &presser.place else {
            return Ok(None);
        };
        let posted = delivery::Entity::find()
            .filter(delivery::Column::SecretId.eq(self.row.id))
            .filter(delivery::Column::Channel.eq(channel.as_str()))
            .filter(delivery::Column::MessageTs.eq(ts.as_str()))
            .count(database.connection())
            .await?;
        let home = TeamId::parse(&self.row.team).map_err(|_| StoreError::Unreadable {
            column: "secrets.team",
        })?;
        Ok((posted > 0).then_some(home))
    }

    /// Writes it down: each press once, ten of somebody's about a secret within an hour at most.
    pub async fn deny(&self, database: &Database, presser: &Presser) -> Result<(), StoreError> {
        let transaction = database.begin().await?;
        let work = write_down(database, &transaction, presser, self).await;
        let denied = database::finish(transaction, work).await?;
        if denied {
            tracing::warn!(
                secret.id = %self.row.id,
                actor = %presser.user,
                action = self.action.code(),
                "somebody pressed a button that is not theirs"
            );
        }
        Ok(())
    }
}

/// What the trail tells of a secret, and whose it is for whoever pressed a button about it.
#[derive(Debug, FromQueryResult)]
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
    is_theirs(database, presser, "sender")
}

/// Whether it is its recipient who presses, in a workspace where it is at home.
pub(super) fn is_recipients(database: &Database, presser: &Presser) -> Condition {
    is_theirs(database, presser, "recipient")
}

/// A workspace is at home in its organization, also where the press names another workspace of it.
fn is_theirs(database: &Database, presser: &Presser, role: &'static str) -> Condition {
    let is_at_home = |place: &'static str| {
        let teams = presser.teams.iter().map(TeamId::as_str);
        database.is_one_of(place, teams)
    };
    Condition::all()
        .add(database.is_one_of(role, presser.ids()))
        .add(is_at_home("team").or(is_at_home("organization")))
}

/// Looks whether a secret's recipient presses, where nothing else is to be done.
pub async fn is_for(
    database: &Database,
    presser: &Presser,
    secret: SecretId,
    action: Action,
) -> Result<Asked<()>, StoreError> {
    Ok(match row(database, presser, secret).await? {
        None => Asked::Gone,
        Some(row) if row.is_recipients() => Asked::Done(()),
        Some(row) => Asked::NotTheirs(NotTheirs::of(row, action)),
    })
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

async fn write_down(
    database: &Database,
    transaction: &Transaction,
    presser: &Presser,
    NotTheirs { row, action }: &NotTheirs,
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
