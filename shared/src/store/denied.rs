//! Openings of a link that is there, refused before anything was tried: the trail tells of them, at
//! most one of a cause and hour.

use sea_orm::{EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use super::{
    Database, StoreError,
    audit::{self, Event, NewEntry, Slot, Visitor},
    door::{Argument, Door},
    entity::secret,
    links,
};
use crate::{
    crypto::TokenHash,
    domain::{clock::Timestamp, ids::SecretId, program::Program},
};

/// The length of the time in which one refusal of a cause is told, in milliseconds.
const HOUR: i64 = 3_600_000;

/// Tells of a refused opening, once a cause and hour since the Unix epoch.
pub(super) const DENIED: Door = Door {
    name: "denied_1",
    call: "CALL denied_1(?, ?, ?, ?)",
    parameters: "given_hash BINARY(32), given_cause VARCHAR(16) {text}, \
                 given_ip VARCHAR(45) {text}, given_user_agent TEXT {text}",
    body: "\
  BEGIN
    DECLARE found_id BINARY(16);
    DECLARE time_now BIGINT DEFAULT {now};
    DECLARE CONTINUE HANDLER FOR 1062 BEGIN END;
    SELECT {found} INTO found_id;
    IF found_id IS NOT NULL AND given_cause IN ('gate', 'confirmation') THEN
      CALL audit_1(found_id, 'denied', CONCAT('denied:', given_cause, ':', time_now DIV 3600000),
        'denied', time_now, given_ip, given_user_agent,
        CONCAT('{\"cause\":\"', given_cause, '\"}'));
    END IF;
  END",
    caller: Some(Program::Web),
};

/// Why an opening was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The request did not come from our own page.
    Gate,
    /// Its page was never shown.
    Confirmation,
}

impl Cause {
    /// The word in the trail.
    const fn code(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Confirmation => "confirmation",
        }
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: SecretId,
    team: String,
    sender: String,
    recipient: String,
    now: Timestamp,
}

/// Tells of a refused opening, if there is a secret of this link and the trail has no such entry of
/// this hour.
pub async fn note(
    database: &Database,
    hash: &TokenHash,
    cause: Cause,
    visitor: &Visitor,
) -> Result<(), StoreError> {
    if database.is_mysql() {
        let [ip, user_agent] = visitor.arguments();
        let arguments = [
            Argument::hash(hash),
            Argument::text(cause.code()),
            ip,
            user_agent,
        ];
        database.enter(&DENIED, arguments).await?;
        return Ok(());
    }
    let row = secret::Entity::find()
        .select_only()
        .columns([
            secret::Column::Id,
            secret::Column::Team,
            secret::Column::Sender,
            secret::Column::Recipient,
        ])
        .column_as(database.now(), "now")
        .filter(links::leads_here(hash))
        .into_model::<Row>()
        .one(database.connection())
        .await?;
    let Some(row) = row else {
        return Ok(());
    };
    let entry = NewEntry {
        secret: row.id,
        event: Event::Denied {
            cause: cause.code(),
        },
        slot: Some(Slot::Denied {
            cause: cause.code(),
            hour: row.now.as_millis().div_euclid(HOUR),
        }),
        occurred_at: row.now,
        actor: None,
        team: &row.team,
        sender: &row.sender,
        recipient: &row.recipient,
        visitor: Some(visitor),
    };
    match audit::append(database.connection(), entry).await {
        Err(StoreError::Duplicate) | Ok(()) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_have_the_same_hour_and_causes() {
        assert!(DENIED.body.contains(&format!("time_now DIV {HOUR})")));
        let causes = [Cause::Gate, Cause::Confirmation].map(|cause| format!("'{}'", cause.code()));
        assert!(DENIED.body.contains(&format!("IN ({})", causes.join(", "))));
    }
}
