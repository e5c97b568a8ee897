//! In which language somebody is spoken to: the one that they chose in Slack.

use std::time::Duration;

use shared::{ids::UserId, text::Locale};
use tokio::time::timeout;

use super::Desk;
use crate::slack::Person;

/// Longest wait for Slack to say which language somebody chose. A dialog opens within three
/// seconds or never: rather in the default language than late.
const PATIENCE: Duration = Duration::from_millis(500);

impl Desk {
    /// The language of somebody; asks Slack unless it answered lately.
    pub(super) async fn language_of(&self, user: Option<&UserId>) -> Locale {
        let asked = async { self.directory.person(user?).await.ok() };
        let person = timeout(PATIENCE, asked).await.ok().flatten();
        self.language(person.as_ref())
    }

    /// The language of somebody, without asking Slack.
    pub(super) fn language_at_once(&self, user: &UserId) -> Locale {
        self.language(self.directory.remembered(user).as_ref())
    }

    fn language(&self, person: Option<&Person>) -> Locale {
        person
            .and_then(Person::language)
            .unwrap_or(self.default_language)
    }
}
