//! The steps that look at what became of what was sent.

use shared::{
    crypto::Way,
    domain::ids::SecretId,
    store::{
        Ending,
        deliveries::Nudges,
        rehearsal::{self, Trace},
    },
};

use super::{Play, begin, is_skip, is_viewed};
use crate::rehearse::{
    made_up::MadeUp,
    report::Outcome,
    steps::Step,
    terminal::{Answer, Terminal},
};

impl Play<'_> {
    pub(super) async fn receipt(&mut self, secret: SecretId) -> anyhow::Result<()> {
        begin(Step::Receipt, "Look at the sender's messages from the app.")?;
        let told = self.until(secret, |trace| trace.receipt.is_posted).await?;
        let outcome = if told.receipt.is_posted {
            let question = "Is there a receipt that says that the recipient has the link, or the button for it?";
            let answer = self.ask(question).await?;
            match answer {
                Answer::Yes => Outcome::Checked("Slack took it, and it is seen".to_owned()),
                answer => self.outcome(answer),
            }
        } else {
            Outcome::Failed("Slack did not take it in time".to_owned())
        };
        self.note(Step::Receipt, outcome);
        Ok(())
    }

    pub(super) async fn characters(
        &mut self,
        secret: SecretId,
        made_up: &MadeUp,
    ) -> anyhow::Result<()> {
        let what = match self.way {
            Way::Link => {
                "On the recipient's desktop, copy the address of the button in the last message (right click, Copy \
                 link) and keep it. Open the secret with the button, press Open, and Copy."
            }
            Way::Share => {
                "On the recipient's desktop, press the button in the last message: a window opens. Copy the address \
                 of its button (right click, Copy link) and keep it. Open the secret with it, press Open, and Copy."
            }
        };
        begin(Step::Characters, what)?;
        let pasted = self
            .people
            .terminal
            .paste("Paste what was copied here")
            .await?;
        let opened = self.until(secret, is_viewed).await?;
        let outcome = match pasted {
            None if is_viewed(&opened) => {
                Outcome::Skipped("skipped; the secret was opened".to_owned())
            }
            None => Outcome::Skipped("skipped".to_owned()),
            Some(_) if !is_viewed(&opened) => {
                Outcome::Failed("by the database nobody opened it".to_owned())
            }
            Some(pasted) => match made_up.difference(&pasted) {
                None => Outcome::Checked("byte for byte".to_owned()),
                Some(difference) => Outcome::Failed(difference),
            },
        };
        self.note(Step::Characters, outcome);
        Ok(())
    }

    pub(super) async fn edit(&mut self, secret: SecretId) -> anyhow::Result<()> {
        begin(Step::Edit, "Look at the recipient's message again.")?;
        let opened = self.until(secret, is_viewed).await?;
        if !is_viewed(&opened) {
            let why = "the secret was not opened".to_owned();
            self.note(Step::Edit, Outcome::Skipped(why));
            return Ok(());
        }
        let shows = |trace: &Trace| trace.message.shown.as_deref() == Some("viewed");
        let outcome = if shows(&self.until(secret, shows).await?) {
            let question = "Does the message say that it was opened, and is its button gone?";
            match self.ask(question).await? {
                Answer::Yes => Outcome::Checked("Slack took the change, and it is seen".to_owned()),
                answer => self.outcome(answer),
            }
        } else {
            Outcome::Failed("Slack did not take the change in time".to_owned())
        };
        self.note(Step::Edit, outcome);
        Ok(())
    }

    pub(super) async fn thread_reply(&mut self, secret: SecretId) -> anyhow::Result<()> {
        begin(
            Step::ThreadReply,
            "Paste the address that was kept into a new tab of the browser: the page says that it was opened before. \
             The sender gets a reply below the receipt.",
        )?;
        let typed = self
            .pause("Press Enter when the page is there, or type skip")
            .await?;
        if is_skip(typed.as_deref()) {
            self.note(Step::ThreadReply, Outcome::Skipped("skipped".to_owned()));
            return Ok(());
        }
        let replied = |trace: &Trace| trace.receipt.nudges.has(Nudges::REUSED);
        let outcome = if replied(&self.until(secret, replied).await?) {
            let question = "Is the reply there, and did it ring or show as unread for the sender?";
            match self.ask(question).await? {
                Answer::Yes => Outcome::Said("Slack took the reply, and it rang".to_owned()),
                answer => self.outcome(answer),
            }
        } else {
            Outcome::Failed("no reply was posted in time".to_owned())
        };
        self.note(Step::ThreadReply, outcome);
        Ok(())
    }

    pub(super) async fn expiry(&mut self, left: Option<SecretId>) -> anyhow::Result<()> {
        begin(
            Step::Expiry,
            "The secret of the first step, which nobody opened.",
        )?;
        let outcome = match left {
            None => Outcome::Skipped("none was sent for it".to_owned()),
            Some(secret) => self.expired(secret).await?,
        };
        self.note(Step::Expiry, outcome);
        Ok(())
    }

    pub(super) async fn expired(&mut self, secret: SecretId) -> anyhow::Result<Outcome> {
        loop {
            let trace = rehearsal::trace(self.database, secret).await?;
            match trace.facts.ending {
                Some(Ending::Expired) => break,
                Some(_) => return Ok(Outcome::Failed("it ended otherwise".to_owned())),
                None => {}
            }
            let left = trace.facts.now.until(trace.facts.expires_at);
            let minutes = left.as_secs().div_ceil(60);
            Terminal::tell(&format!(
                "  {minutes} minutes are left; then it is destroyed within CLEANUP_INTERVAL (10 minutes, unless set \
                 otherwise)."
            ))?;
            let typed = self
                .pause("Press Enter to look again, or type skip")
                .await?;
            if is_skip(typed.as_deref()) {
                return Ok(Outcome::Skipped("it was not waited for".to_owned()));
            }
        }
        let shows = |trace: &Trace| trace.message.shown.as_deref() == Some("expired");
        Ok(if shows(&self.until(secret, shows).await?) {
            Outcome::Checked("destroyed unseen, and the message says so".to_owned())
        } else {
            Outcome::Failed(
                "destroyed, but Slack did not take the change of the message in time".to_owned(),
            )
        })
    }
}
