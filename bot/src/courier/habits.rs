//! In which language and zone people read: as Slack tells it now, else as the row has it. What
//! Slack tells later than the submission is written into the row, so that message, page and receipt
//! keep to it.

use std::{borrow::Cow, time::Duration};

use shared::{
    store::{
        deliveries::{Facts, Job},
        habits::{self, Habits, Side},
    },
    text::Locale,
};
use tokio::time::timeout;

use super::{Courier, FIRST_PAUSE};
use crate::slack::Person;

/// Longest wait until it is written down: a message is not late for it.
const PATIENCE: Duration = Duration::from_secs(2);

impl Courier {
    /// What is known of the secret, with its recipient's habits. Whoever is written to for the
    /// first time was just looked up; for what is changed later Slack is asked only where the row
    /// knows nothing.
    pub(super) async fn facts_for_recipient<'a>(&self, job: &'a Job) -> Cow<'a, Facts> {
        let facts = &job.facts;
        let is_known = facts.recipient_locale.is_some() && facts.recipient_tz.is_some();
        let person = if is_known || !job.settled {
            self.context.directory.remembered(&facts.recipient)
        } else {
            self.ask(job, Side::Recipient).await
        };
        self.with_habits(job, Side::Recipient, person.as_ref())
            .await
    }

    /// What is known of the secret, with its sender's habits.
    pub(super) async fn facts_for_sender<'a>(&self, job: &'a Job) -> Cow<'a, Facts> {
        let person = self.ask(job, Side::Sender).await;
        self.with_habits(job, Side::Sender, person.as_ref()).await
    }

    /// In which language somebody reads of whom the row has this.
    pub(super) fn language_of(&self, locale: Option<&str>) -> Locale {
        let language = locale.and_then(Locale::from_tag);
        language.unwrap_or(self.context.default_language)
    }

    /// Zone and language only make a message nicer to read: it doesn't wait for them.
    async fn ask(&self, job: &Job, side: Side) -> Option<Person> {
        let facts = &job.facts;
        let (user, locale) = match side {
            Side::Sender => (&facts.sender, &facts.sender_locale),
            Side::Recipient => (&facts.recipient, &facts.recipient_locale),
        };
        let asked = timeout(FIRST_PAUSE, self.context.directory.person(user)).await;
        let asked = asked.ok().and_then(Result::ok);
        // What the row has may be newer than that.
        let old = || self.context.directory.last_known(user);
        asked.or_else(|| locale.is_none().then(old).flatten())
    }

    async fn with_habits<'a>(
        &self,
        job: &'a Job,
        side: Side,
        person: Option<&Person>,
    ) -> Cow<'a, Facts> {
        let facts = &job.facts;
        let (locale, tz) = match side {
            Side::Sender => (&facts.sender_locale, &facts.sender_tz),
            Side::Recipient => (&facts.recipient_locale, &facts.recipient_tz),
        };
        let learned = Habits {
            locale: news(locale.as_deref(), person.and_then(Person::locale)),
            tz: news(tz.as_deref(), person.and_then(Person::tz)),
        };
        if learned.is_empty() {
            return Cow::Borrowed(facts);
        }
        self.write_down(job, side, &learned).await;
        let mut facts = facts.clone();
        let (locale, tz) = match side {
            Side::Sender => (&mut facts.sender_locale, &mut facts.sender_tz),
            Side::Recipient => (&mut facts.recipient_locale, &mut facts.recipient_tz),
        };
        if learned.locale.is_some() {
            *locale = learned.locale;
        }
        if learned.tz.is_some() {
            *tz = learned.tz;
        }
        Cow::Owned(facts)
    }

    /// The message goes out whether it is written down or not.
    async fn write_down(&self, job: &Job, side: Side, learned: &Habits) {
        let written = habits::write(&self.context.database, job.secret, side, learned);
        match timeout(PATIENCE, written).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(delivery.id = %job.id, %error, "somebody's language could not be written down");
            }
            Err(_) => {
                tracing::warn!(delivery.id = %job.id, "somebody's language could not be written down");
            }
        }
    }
}

/// What Slack tells and the row does not have.
fn news(known: Option<&str>, told: Option<&str>) -> Option<String> {
    told.filter(|told| known != Some(*told)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_written_down() {
        for (known, told, expected) in [
            (None, None, None),
            (Some("fr-CA"), None, None),
            (Some("fr-CA"), Some("fr-CA"), None),
            (None, Some("fr-CA"), Some("fr-CA")),
            (Some("en-CA"), Some("fr-CA"), Some("fr-CA")),
        ] {
            assert_eq!(news(known, told).as_deref(), expected);
        }
    }
}
