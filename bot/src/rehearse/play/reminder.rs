//! The step that waits for a reminder.

use std::time::Duration;

use shared::{
    domain::ids::SecretId,
    store::{
        rehearsal::{self, Trace},
        remind,
    },
};

use super::{Play, begin, is_skip};
use crate::rehearse::{
    report::Outcome,
    steps::Step,
    terminal::{Answer, Terminal},
};

impl Play<'_> {
    pub(super) async fn reminder(&mut self) -> anyhow::Result<()> {
        let outcome = match self.remind_before {
            None => Outcome::Skipped("REMIND_BEFORE is not set".to_owned()),
            Some(before) => self.reminded(before).await?,
        };
        self.note(Step::Reminder, outcome);
        Ok(())
    }

    async fn reminded(&mut self, before: Duration) -> anyhow::Result<Outcome> {
        begin(
            Step::Reminder,
            "Send the recipient another made-up word, for 1 hour (/sendsecret, Send), and leave it unopened. Before \
             7:00 and from 20:00 on, where the recipient is, no reminder comes: then type skip.",
        )?;
        let since = self.now().await?;
        let typed = self
            .pause("Press Enter when it is sent, or type skip")
            .await?;
        let skipped = || Outcome::Skipped("it was not waited for".to_owned());
        if is_skip(typed.as_deref()) {
            return Ok(skipped());
        }
        let Some(secret) = self.sent_since(since).await? else {
            return Ok(Outcome::Failed(
                "nothing of it is in the database".to_owned(),
            ));
        };
        while !self.is_reminded(secret).await? {
            let trace = rehearsal::trace(self.database, secret).await?;
            if trace.facts.ending.is_some() {
                return Ok(Outcome::Failed("it ended before".to_owned()));
            }
            let minutes = left_until(&trace, before).as_secs().div_ceil(60);
            Terminal::tell(&format!("  The reminder comes in {minutes} minutes."))?;
            let typed = self
                .pause("Press Enter to look again, or type skip")
                .await?;
            if is_skip(typed.as_deref()) {
                return Ok(skipped());
            }
        }
        let question =
            "Is a reminder there, in the thread of the message, and did it ring or show as unread?";
        Ok(match self.ask(question).await? {
            Answer::Yes => Outcome::Said("Slack took the reminder, and it rang".to_owned()),
            answer => self.outcome(answer),
        })
    }

    async fn is_reminded(&self, secret: SecretId) -> anyhow::Result<bool> {
        Ok(remind::is_taken(self.database, secret).await?)
    }
}

/// The time until the reminder.
fn left_until(trace: &Trace, before: Duration) -> Duration {
    let left = trace.facts.now.until(trace.facts.expires_at);
    left.saturating_sub(before)
}
