//! The language and zone of the two people of a secret, where Slack told them after the submission.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{Database, StoreError, entity::secret};
use crate::domain::ids::SecretId;

/// Which of the two people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who sent it.
    Sender,
    /// Whom it is for.
    Recipient,
}

/// What became known of somebody; what didn't is `None` and stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// The language in Slack, e.g. `fr-CA`, at most 35 characters.
    pub locale: Option<String>,
    /// The time zone in Slack, e.g. `America/Toronto`, at most 64 characters.
    pub tz: Option<String>,
}

impl Habits {
    /// Whether nothing became known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.locale.is_none() && self.tz.is_none()
    }
}

/// Writes it into the secret's row, whether that lives or not: its messages are changed after its
/// end.
pub async fn write(
    database: &Database,
    secret: SecretId,
    side: Side,
    habits: &Habits,
) -> Result<(), StoreError> {
    let locale = habits.locale.clone().map(|locale| Set(Some(locale)));
    let tz = habits.tz.clone().map(|tz| Set(Some(tz)));
    let (locale, tz) = (locale.unwrap_or_default(), tz.unwrap_or_default());
    let row = match side {
        Side::Sender => secret::ActiveModel {
            sender_locale: locale,
            sender_tz: tz,
            ..Default::default()
        },
        Side::Recipient => secret::ActiveModel {
            recipient_locale: locale,
            recipient_tz: tz,
            ..Default::default()
        },
    };
    secret::Entity::update_many()
        .set(row)
        .filter(secret::Column::Id.eq(secret))
        .exec(database.connection())
        .await?;
    Ok(())
}
