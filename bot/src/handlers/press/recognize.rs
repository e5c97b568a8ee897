//! Who pressed, where neither their id nor their workspace is the one that the row knows.

use shared::{
    domain::{ids::UserId, press::Presser},
    store::{StoreError, presses::NotTheirs},
};

use crate::{context::Context, slack::SlackError};

/// Slack did not say whether it is the same person.
pub(super) struct NotKnown;

/// The presser as the row knows them; `None` where they are somebody else.
pub(super) async fn recognize(
    context: &Context,
    not_theirs: &NotTheirs,
    presser: &Presser,
) -> Result<Result<Option<Presser>, NotKnown>, StoreError> {
    let owner = not_theirs.owner()?;
    let mut known = presser.clone();
    if owner != presser.user {
        // Everybody else has one id.
        if !presser.is_in_organization() {
            return Ok(Ok(None));
        }
        match are_one(context, &presser.user, &owner).await {
            Ok(true) => known.other_id = Some(owner),
            Ok(false) => return Ok(Ok(None)),
            Err(error) => {
                tracing::warn!(%error, "who pressed a button is not known");
                return Ok(Err(NotKnown));
            }
        }
    }
    let home = not_theirs
        .home_of_message(&context.database, presser)
        .await?;
    known.teams.extend(home);
    Ok(Ok(Some(known)))
}

/// Whether both ids are one person's.
async fn are_one(context: &Context, one: &UserId, other: &UserId) -> Result<bool, SlackError> {
    let directory = &context.directory;
    let (person, known) = tokio::try_join!(directory.person(one), directory.person(other))?;
    Ok(person.is(other, Some(&known)))
}
