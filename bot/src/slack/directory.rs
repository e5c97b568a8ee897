//! Who people are and where they are written to, remembered for a few minutes: Slack answers these
//! questions some fifty times a minute only.

mod person;

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use lru::LruCache;
use shared::domain::ids::{ChannelId, UserId};

pub(crate) use self::person::{Ineligible, Person};
use super::{Slack, SlackError};
use crate::lenient::{Object, Said};

/// How long an answer of Slack's is good for.
const FRESH_FOR: Duration = Duration::from_mins(5);

/// Most people remembered.
const CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_999);

/// `users.info`, as far as it matters. Every field may be missing.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "Slack's own flags")]
pub(crate) struct User {
    id: Option<String>,
    team_id: Option<String>,
    name: Option<String>,
    real_name: Option<String>,
    deleted: bool,
    is_bot: bool,
    is_workflow_bot: bool,
    is_stranger: bool,
    /// A guest, of several channels or of one; `is_ultra_restricted` of one.
    is_restricted: bool,
    is_ultra_restricted: bool,
    locale: Option<String>,
    tz: Option<String>,
    profile: Profile,
    /// Within an organization: which one, the workspaces that the user is a member of, and the
    /// user's id there.
    membership: Option<Membership>,
}

#[derive(Clone, Debug, Default)]
struct Membership {
    id: Option<String>,
    enterprise_id: Option<String>,
    teams: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Profile {
    display_name: Option<String>,
    real_name: Option<String>,
}

impl User {
    /// Reads what Slack says of somebody; `None` when that is nothing at all.
    ///
    /// Nobody is unreachable because of an odd name, language or zone. A flag that can't be read
    /// says no where Slack itself refuses the message of whom it is about (`user_disabled`,
    /// `cannot_dm_bot`). Nobody else keeps a secret inside the organization: what may be a stranger
    /// or a guest is one.
    pub(super) fn read(user: &Object<'_>) -> Option<Self> {
        let text = |name| user.text(name).map(String::from);
        let is = |name| user.flag(name) == Said::Yes;
        let may_be = |name| user.flag(name) != Said::No;
        let profile = user.object("profile");
        let membership = user.object("enterprise_user");
        (!user.is_empty()).then(|| Self {
            id: text("id"),
            team_id: text("team_id"),
            name: text("name"),
            real_name: text("real_name"),
            deleted: is("deleted"),
            is_bot: is("is_bot"),
            is_workflow_bot: is("is_workflow_bot"),
            is_stranger: may_be("is_stranger"),
            is_restricted: may_be("is_restricted"),
            is_ultra_restricted: may_be("is_ultra_restricted"),
            locale: text("locale"),
            tz: text("tz"),
            profile: Profile {
                display_name: profile.text("display_name").map(String::from),
                real_name: profile.text("real_name").map(String::from),
            },
            membership: (!membership.is_empty()).then(|| Membership {
                id: membership.text("id").map(String::from),
                enterprise_id: membership.text("enterprise_id").map(String::from),
                teams: membership.texts("teams").map(String::from).collect(),
            }),
        })
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

    /// A user as Slack told of them last, however long ago: good enough for language and zone.
    pub(crate) fn last_known(&self, id: &UserId) -> Option<Person> {
        let user = self.people.get_however_old(id)?;
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

    fn get_however_old(&self, id: &UserId) -> Option<T> {
        Some(self.lock().get(id)?.1.clone())
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
