//! Who people are and where they are written to, remembered for a few minutes: Slack answers these
//! questions some fifty times a minute only.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use lru::LruCache;
use serde::Deserialize;
use shared::{
    ids::{ChannelId, TeamId, UserId},
    text::Locale,
};

use super::{Slack, SlackError};
use crate::settings::Policy;

/// How long an answer of Slack's is good for.
const FRESH_FOR: Duration = Duration::from_mins(5);

/// Most people remembered.
const CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_999);

/// Slack's own user; `users.info` does not call it a bot.
const SLACKBOT: &str = "USLACKBOT";

/// `users.info`, as far as it matters. Every field may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "Slack's own flags")]
pub(crate) struct User {
    team_id: Option<String>,
    name: Option<String>,
    real_name: Option<String>,
    deleted: bool,
    is_bot: bool,
    is_workflow_bot: bool,
    is_stranger: bool,
    locale: Option<String>,
    tz: Option<String>,
    profile: Profile,
    /// Within an organization: the workspaces that the user is a member of.
    #[serde(rename = "enterprise_user")]
    membership: Option<Membership>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Membership {
    teams: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Profile {
    display_name: Option<String>,
    real_name: Option<String>,
}

/// A user of Slack.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    id: UserId,
    user: Arc<User>,
}

/// Why somebody can't get a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ineligible {
    Slackbot,
    Bot,
    Deactivated,
    External,
}

impl Person {
    /// The name that colleagues know.
    pub(crate) fn name(&self) -> Option<&str> {
        let profile = &self.user.profile;
        [
            &profile.real_name,
            &self.user.real_name,
            &profile.display_name,
            &self.user.name,
        ]
        .into_iter()
        .filter_map(|name| name.as_deref())
        .map(str::trim)
        .find(|name| !name.is_empty())
    }

    /// The language set in Slack, e.g. `fr-CA`, when it is short enough to be one.
    pub(crate) fn locale(&self) -> Option<&str> {
        self.user
            .locale
            .as_deref()
            .filter(|locale| (1..=35).contains(&locale.len()))
    }

    /// The language set in Slack, if we speak it.
    pub(crate) fn language(&self) -> Option<Locale> {
        self.locale().and_then(Locale::from_tag)
    }

    /// The time zone set in Slack, e.g. `America/Toronto`, when it is short enough to be one.
    pub(crate) fn tz(&self) -> Option<&str> {
        self.user
            .tz
            .as_deref()
            .filter(|tz| (1..=64).contains(&tz.len()))
    }

    /// Whether the person can get a secret sent from this workspace.
    pub(crate) fn check(&self, team: &TeamId, policy: Policy) -> Result<(), Ineligible> {
        if self.id.as_str() == SLACKBOT {
            return Err(Ineligible::Slackbot);
        }
        if self.user.is_bot || self.user.is_workflow_bot {
            return Err(Ineligible::Bot);
        }
        if self.user.deleted {
            return Err(Ineligible::Deactivated);
        }
        if self.is_external(team) && !policy.allow_external {
            return Err(Ineligible::External);
        }
        Ok(())
    }

    /// Within an organization of several workspaces the submission's team is `E...`: then members
    /// of other workspaces are no strangers.
    fn is_external(&self, team: &TeamId) -> bool {
        let one_workspace = team.as_str().starts_with('T');
        let of_another = self
            .user
            .team_id
            .as_deref()
            .is_some_and(|own| own != team.as_str());
        let is_member = self.user.membership.as_ref().is_some_and(|membership| {
            let mut teams = membership.teams.iter();
            teams.any(|member_of| member_of == team.as_str())
        });
        self.user.is_stranger || (one_workspace && of_another && !is_member)
    }
}

/// `users.info` and `conversations.open`, remembered.
pub(crate) struct Directory {
    slack: Arc<Slack>,
    people: Remembered<Arc<User>>,
    conversations: Remembered<ChannelId>,
}

impl Directory {
    pub(crate) fn new(slack: Arc<Slack>) -> Self {
        Self {
            slack,
            people: Remembered::default(),
            conversations: Remembered::default(),
        }
    }

    /// Looks a user up.
    pub(crate) async fn person(&self, id: &UserId) -> Result<Person, SlackError> {
        let user = match self.people.get(id) {
            Some(user) => user,
            None => self.people.keep(id, Arc::new(self.slack.user(id).await?)),
        };
        Ok(Person {
            id: id.clone(),
            user,
        })
    }

    /// A user whom Slack told of lately.
    pub(crate) fn remembered(&self, id: &UserId) -> Option<Person> {
        let user = self.people.get(id)?;
        let id = id.clone();
        Some(Person { id, user })
    }

    /// The direct message conversation with a user.
    pub(crate) async fn conversation(&self, id: &UserId) -> Result<ChannelId, SlackError> {
        match self.conversations.get(id) {
            Some(channel) => Ok(channel),
            None => Ok(self
                .conversations
                .keep(id, self.slack.open_conversation(id).await?)),
        }
    }

    /// Whether the conversation with a user is remembered.
    pub(crate) fn remembers_conversation(&self, id: &UserId) -> bool {
        self.conversations.get(id).is_some()
    }

    /// Forgets what is known of a user, after Slack said otherwise.
    pub(crate) fn forget(&self, id: &UserId) {
        self.people.forget(id);
        self.conversations.forget(id);
    }
}

/// Answers about users, each good for [`FRESH_FOR`].
struct Remembered<T>(Mutex<LruCache<UserId, (Instant, T)>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAPACITY)))
    }
}

impl<T: Clone> Remembered<T> {
    fn get(&self, id: &UserId) -> Option<T> {
        let (asked_at, answer) = self.lock().get(id).cloned()?;
        (asked_at.elapsed() < FRESH_FOR).then_some(answer)
    }

    fn keep(&self, id: &UserId, answer: T) -> T {
        self.lock()
            .put(id.clone(), (Instant::now(), answer.clone()));
        answer
    }

    fn forget(&self, id: &UserId) {
        self.lock().pop(id);
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<UserId, (Instant, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn person(id: &str, user: Value) -> Person {
        Person {
            id: UserId::parse(id).unwrap(),
            user: Arc::new(serde_json::from_value(user).unwrap()),
        }
    }

    fn check(id: &str, user: Value, allow_external: bool) -> Result<(), Ineligible> {
        let policy = Policy {
            allow_self: false,
            allow_external,
        };
        person(id, user).check(&TeamId::parse("T1").unwrap(), policy)
    }

    #[test]
    fn who_can_not_open_a_link_is_ineligible() {
        assert_eq!(check("U1", json!({"team_id": "T1"}), false), Ok(()));
        assert_eq!(check("U1", json!({}), false), Ok(()));
        assert_eq!(
            check("USLACKBOT", json!({"is_bot": false}), true),
            Err(Ineligible::Slackbot)
        );
        assert_eq!(
            check("U1", json!({"is_bot": true}), true),
            Err(Ineligible::Bot)
        );
        assert_eq!(
            check("U1", json!({"deleted": true}), true),
            Err(Ineligible::Deactivated)
        );
        for stranger in [json!({"is_stranger": true}), json!({"team_id": "T2"})] {
            assert_eq!(
                check("U1", stranger.clone(), false),
                Err(Ineligible::External)
            );
            assert_eq!(check("U1", stranger, true), Ok(()));
        }
    }

    #[test]
    fn another_workspace_of_the_same_organization_is_not_external() {
        let policy = Policy {
            allow_self: false,
            allow_external: false,
        };
        let colleague = person("U1", json!({"team_id": "T2"}));
        assert_eq!(
            colleague.check(&TeamId::parse("E1").unwrap(), policy),
            Ok(())
        );
    }

    #[test]
    fn a_member_of_this_workspace_may_be_at_home_in_another_of_the_organization() {
        let member = json!({"team_id": "T2", "enterprise_user": {"teams": ["T2", "T1"]}});
        assert_eq!(check("U1", member, false), Ok(()));
        let elsewhere = json!({"team_id": "T2", "enterprise_user": {"teams": ["T2"]}});
        assert_eq!(check("U1", elsewhere, false), Err(Ineligible::External));
    }

    #[test]
    fn the_fullest_name_is_taken() {
        let name = |user| person("U1", user).name().map(str::to_owned);
        let profile = json!({"real_name": " ", "display_name": "bo"});
        assert_eq!(
            name(json!({"profile": profile, "name": "bob"})).as_deref(),
            Some("bo")
        );
        assert_eq!(
            name(json!({"real_name": "Bob B."})).as_deref(),
            Some("Bob B.")
        );
        assert_eq!(name(json!({})), None);
    }
}
