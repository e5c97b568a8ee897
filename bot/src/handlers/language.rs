//! In which language somebody is spoken to: the one that they chose in Slack, and for all that
//! follows from a dialog the one in which it was opened.

use std::time::Duration;

use shared::{domain::ids::UserId, text::Locale};
use tokio::time::timeout;

use crate::context::Context;
use crate::{modal::Layout, slack::Person};

/// Longest wait for Slack to say which language somebody chose. A dialog opens within three
/// seconds or never: rather in the default language than late.
const PATIENCE: Duration = Duration::from_millis(500);

/// How somebody reads.
pub(super) struct Reader {
    pub(super) locale: Locale,
    /// Their zone, as far as it is known.
    pub(super) tz: Option<String>,
}

impl Context {
    /// How somebody reads; asks Slack unless it answered lately.
    pub(super) async fn reader(&self, user: Option<&UserId>) -> Reader {
        let asked = async { self.directory.person(user?).await.ok() };
        let asked = timeout(PATIENCE, asked).await.ok().flatten();
        let person = asked.or_else(|| self.directory.last_known(user?));
        self.reader_as(person.as_ref())
    }

    /// How somebody reads, asking Slack only of whom nothing is known: a modal is to open at once.
    pub(super) async fn reader_at_once(&self, user: Option<&UserId>) -> Reader {
        match user.and_then(|user| self.directory.last_known(user)) {
            Some(known) => self.reader_as(Some(&known)),
            None => self.reader(user).await,
        }
    }

    /// How the reader of a dialog reads, without asking Slack: the dialog says it, unless an
    /// earlier version opened it.
    pub(super) fn reader_of(&self, layout: &Layout, user: Option<&UserId>) -> Reader {
        let known = user.and_then(|user| self.directory.last_known(user));
        let known = self.reader_as(known.as_ref());
        Reader {
            locale: layout.language.unwrap_or(known.locale),
            tz: known.tz.or_else(|| layout.tz.clone()),
        }
    }

    /// The same, but for Slack being asked where the dialog does not say it.
    pub(super) async fn reader_asking(&self, layout: &Layout, user: Option<&UserId>) -> Reader {
        match layout.language {
            Some(_) => self.reader_of(layout, user),
            None => self.reader(user).await,
        }
    }

    /// The language of somebody, without asking Slack.
    pub(super) fn language_at_once(&self, user: &UserId) -> Locale {
        self.reader_as(self.directory.last_known(user).as_ref())
            .locale
    }

    fn reader_as(&self, person: Option<&Person>) -> Reader {
        let language = person.and_then(Person::language);
        Reader {
            locale: language.unwrap_or(self.default_language),
            tz: person.and_then(Person::tz).map(str::to_owned),
        }
    }
}
