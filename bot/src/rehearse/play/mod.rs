//! The steps, played one after the other. Each stands for itself: what fails is noted, and it goes
//! on.

mod afterwards;
mod reminder;
mod sending;
mod window;

use std::time::Duration;

use shared::{
    crypto::Way,
    domain::{
        clock::Timestamp,
        ids::{SecretId, UserId},
    },
    store::{
        Database, Ending, StoreError,
        rehearsal::{self, Trace},
    },
};
use tokio::time::{Instant, sleep};

use super::{
    made_up::MadeUp,
    people::People,
    report::Outcome,
    steps::Step,
    terminal::{Answer, Terminal},
};

/// How often the database is looked at.
const POLL: Duration = Duration::from_millis(500);

/// How often a message is sent anew, so that the other steps can be played.
const MOST_MESSAGES: u32 = 2;

/// What browsers on phones say.
const OF_PHONES: [&str; 4] = ["Mobile", "Android", "iPhone", "iPad"];

/// A rehearsal.
pub(in crate::rehearse) struct Play<'a> {
    pub(in crate::rehearse) database: &'a Database,
    pub(in crate::rehearse) people: People<'a>,
    pub(in crate::rehearse) sender: UserId,
    pub(in crate::rehearse) recipient: UserId,
    /// For how long is waited for what happens by itself.
    pub(in crate::rehearse) wait: Duration,
    /// `REMIND_BEFORE`.
    pub(in crate::rehearse) remind_before: Option<Duration>,
    /// `LINK_DELIVERY`.
    pub(in crate::rehearse) way: Way,
}

impl Play<'_> {
    /// Plays every step.
    pub(in crate::rehearse) async fn all(&mut self) -> anyhow::Result<()> {
        Terminal::tell(&format!(
            "A rehearsal in {} steps. Use the Slack of who plays on a desktop, and a phone with Slack beside it; \
             where the secrets go to a colleague, the colleague has both too. Everything sent is made up. Please \
             send no other secret meanwhile. Without an answer (Ctrl-D) the report comes at once.",
            Step::ALL.len()
        ))?;
        let left = self.dialog().await?;
        self.refused().await?;
        match self.send_in_two_parts().await? {
            Some((secret, made_up)) => self.of_one_secret(secret, &made_up).await?,
            None => self.without_message(),
        }
        self.phone_link().await?;
        self.guest().await?;
        self.expiry(left).await?;
        self.reminder().await?;
        self.window().await
    }

    /// The steps that one secret goes through.
    async fn of_one_secret(&mut self, secret: SecretId, made_up: &MadeUp) -> anyhow::Result<()> {
        self.asked(
            Step::Desktop,
            "Did a notification of the message come up on the recipient's desktop?",
        )
        .await?;
        self.asked(
            Step::Phone,
            "Did one come up on the recipient's phone? (It can take a minute or two.)",
        )
        .await?;
        self.receipt(secret).await?;
        self.characters(secret, made_up).await?;
        self.edit(secret).await?;
        self.thread_reply(secret).await
    }

    fn without_message(&mut self) {
        for step in [
            Step::Desktop,
            Step::Phone,
            Step::Receipt,
            Step::Characters,
            Step::Edit,
            Step::ThreadReply,
        ] {
            let why = "no message arrived to try it with".to_owned();
            self.note(step, Outcome::Skipped(why));
        }
    }

    async fn asked(&mut self, step: Step, question: &str) -> anyhow::Result<()> {
        if matches!(step, Step::Desktop | Step::Phone) {
            begin(step, "")?;
        }
        let answer = self.ask(question).await?;
        let outcome = self.outcome(answer);
        self.note(step, outcome);
        Ok(())
    }

    async fn ask(&mut self, question: &str) -> anyhow::Result<Answer> {
        Ok(self.people.terminal.ask(question).await?)
    }

    async fn pause(&mut self, prompt: &str) -> anyhow::Result<Option<String>> {
        Ok(self.people.terminal.pause(prompt).await?)
    }

    fn outcome(&self, answer: Answer) -> Outcome {
        answer.outcome(|words| self.people.report.harmless(words))
    }

    fn note(&mut self, step: Step, outcome: Outcome) {
        self.people.report.note(step, outcome);
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.database.clock().await
    }

    /// What was sent to the recipient, once it is there.
    async fn sent_since(&self, since: Timestamp) -> anyhow::Result<Option<SecretId>> {
        let deadline = Instant::now() + self.wait;
        loop {
            let sent = rehearsal::latest(self.database, &self.sender, Some(&self.recipient), since)
                .await?;
            if sent.is_some() || Instant::now() >= deadline {
                return Ok(sent);
            }
            sleep(POLL).await;
        }
    }

    /// How it stands with a secret once something is so, or it was waited for long enough.
    async fn until(
        &self,
        secret: SecretId,
        is_so: impl Fn(&Trace) -> bool,
    ) -> Result<Trace, StoreError> {
        let deadline = Instant::now() + self.wait;
        loop {
            let trace = rehearsal::trace(self.database, secret).await?;
            if is_so(&trace) || Instant::now() >= deadline {
                return Ok(trace);
            }
            sleep(POLL).await;
        }
    }
}

fn begin(step: Step, what: &str) -> anyhow::Result<()> {
    let (number, count) = (step.number(), Step::ALL.len());
    Terminal::tell(&format!("\n[{number}/{count}] {}", step.title()))?;
    if !what.is_empty() {
        Terminal::tell(&format!("  {what}"))?;
    }
    Ok(())
}

const fn is_viewed(trace: &Trace) -> bool {
    matches!(trace.facts.ending, Some(Ending::Viewed { .. }))
}

fn is_skip(typed: Option<&str>) -> bool {
    typed.is_none_or(|typed| typed.eq_ignore_ascii_case("skip"))
}
