//! The steps, played one after the other. Each stands for itself: what fails is noted, and it goes on.

use std::time::Duration;

use shared::{
    clock::Timestamp,
    ids::{SecretId, UserId},
    store::{
        Database, Ending, StoreError,
        deliveries::{Nudges, Outcome as Delivered},
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
pub(super) struct Play<'a> {
    pub(super) database: &'a Database,
    pub(super) people: People<'a>,
    pub(super) sender: UserId,
    pub(super) recipient: UserId,
    /// For how long is waited for what happens by itself.
    pub(super) wait: Duration,
}

impl Play<'_> {
    /// Plays every step.
    pub(super) async fn all(&mut self) -> anyhow::Result<()> {
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
        self.expiry(left).await
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

    /// The dialog; in it a secret is sent that nobody opens, for the last step.
    async fn dialog(&mut self) -> anyhow::Result<Option<SecretId>> {
        begin(Step::Dialog, "Type /sendsecret in Slack.")?;
        self.asked(
            Step::Dialog,
            "Does the dialog open, in the language of that person's Slack?",
        )
        .await?;
        let since = self.now().await?;
        Terminal::tell(
            "  (If it did not, type the command again.) Choose the recipient, type any made-up word as the \
             secret, choose 15 minutes, and press Send. Nobody opens this one: the last step looks how it expires.",
        )?;
        let typed = self
            .pause("Press Enter when it is sent, or type skip")
            .await?;
        if is_skip(typed.as_deref()) {
            return Ok(None);
        }
        self.sent_since(since).await
    }

    async fn refused(&mut self) -> anyhow::Result<()> {
        begin(
            Step::Refused,
            "Type /sendsecret, choose an app or Slackbot as the recipient, type any made-up word, and press Send.",
        )?;
        let since = self.now().await?;
        let question = "Does the dialog stay, and say beside the field why it can't be sent there?";
        let answer = self.ask(question).await?;
        let taken = rehearsal::latest(self.database, &self.sender, None, since).await?;
        let outcome = match (answer, taken) {
            (_, Some(_)) => Outcome::Failed("it was taken for sending".to_owned()),
            (Answer::Yes, None) => {
                Outcome::Checked("refused in the dialog, nothing was stored".to_owned())
            }
            (answer, None) => self.outcome(answer),
        };
        self.note(Step::Refused, outcome);
        Terminal::tell("  Close the dialog.")?;
        Ok(())
    }

    /// More room, and the message; a second one where the first did not arrive.
    async fn send_in_two_parts(&mut self) -> anyhow::Result<Option<(SecretId, MadeUp)>> {
        let made_up = MadeUp::new();
        begin(
            Step::MoreRoom,
            "Type /sendsecret, choose the recipient, and paste this into the field Secret, without the lines above \
             and below it:",
        )?;
        self.asked_for(&made_up.first)?;
        Terminal::tell("  Then press More room.")?;
        self.asked(
            Step::MoreRoom,
            "Is there a second field, with the first one as it was?",
        )
        .await?;
        let since = self.now().await?;
        Terminal::tell(
            "  Paste this into the second field (where there is none: right behind the other, on the same line), \
             choose 1 hour, and press Send:",
        )?;
        self.asked_for(&made_up.second)?;
        let typed = self
            .pause("Press Enter when it is sent, or type skip")
            .await?;
        if is_skip(typed.as_deref()) {
            self.note(Step::Message, Outcome::Skipped("none was sent".to_owned()));
            return Ok(None);
        }
        begin(
            Step::Message,
            "Look at the recipient's messages from the app.",
        )?;
        let mut secret = self.sent_since(since).await?;
        let mut is_first = true;
        for _ in 0..MOST_MESSAGES {
            let (outcome, arrived) = self.message(secret).await?;
            if std::mem::take(&mut is_first) {
                self.note(Step::Message, outcome);
            }
            if let Some(secret) = arrived {
                return Ok(Some((secret, made_up)));
            }
            let since = self.now().await?;
            Terminal::tell(
                "  Once more, so that the rest can be tried: the same two parts, as before, to the same recipient.",
            )?;
            let typed = self
                .pause("Press Enter when it is sent, or type skip")
                .await?;
            if is_skip(typed.as_deref()) {
                break;
            }
            secret = self.sent_since(since).await?;
        }
        Ok(None)
    }

    /// Whether a message arrived; the secret, if so.
    async fn message(
        &mut self,
        secret: Option<SecretId>,
    ) -> anyhow::Result<(Outcome, Option<SecretId>)> {
        let Some(secret) = secret else {
            let what = "nothing of it is in the database".to_owned();
            return Ok((Outcome::Failed(what), None));
        };
        let sent = self
            .until(secret, |trace| trace.message.outcome.is_some())
            .await?;
        match sent.message.outcome {
            Some(Delivered::Sent) => {}
            Some(Delivered::Failed(reason)) => {
                return Ok((Outcome::Failed(reason.code().to_owned()), None));
            }
            None => {
                let code = sent
                    .message
                    .refusal
                    .unwrap_or_else(|| "no answer".to_owned());
                let what = format!("Slack did not take it in time: {code}");
                return Ok((Outcome::Failed(what), None));
            }
        }
        let question = "Is the message there, with a button that opens the secret?";
        let answer = self.ask(question).await?;
        let is_there = answer != Answer::No;
        let outcome = match answer {
            Answer::Yes => Outcome::Checked("Slack took it, and it is seen".to_owned()),
            answer => self.outcome(answer),
        };
        Ok((outcome, is_there.then_some(secret)))
    }

    async fn receipt(&mut self, secret: SecretId) -> anyhow::Result<()> {
        begin(Step::Receipt, "Look at the sender's messages from the app.")?;
        let told = self.until(secret, |trace| trace.receipt.is_posted).await?;
        let outcome = if told.receipt.is_posted {
            let question = "Is there a receipt that says that the recipient has the link?";
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

    async fn characters(&mut self, secret: SecretId, made_up: &MadeUp) -> anyhow::Result<()> {
        begin(
            Step::Characters,
            "On the recipient's desktop, copy the address of the button in the last message (right click, Copy link) \
             and keep it. Open the secret with the button, press Open, and Copy.",
        )?;
        let pasted = self
            .people
            .terminal
            .paste("Paste what was copied here")
            .await?;
        let opened = self.until(secret, |trace| is_viewed(trace)).await?;
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

    async fn edit(&mut self, secret: SecretId) -> anyhow::Result<()> {
        begin(Step::Edit, "Look at the recipient's message again.")?;
        let opened = self.until(secret, |trace| is_viewed(trace)).await?;
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

    async fn thread_reply(&mut self, secret: SecretId) -> anyhow::Result<()> {
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

    async fn phone_link(&mut self) -> anyhow::Result<()> {
        begin(
            Step::PhoneLink,
            "Send the recipient another made-up word (/sendsecret, Send). Then, on the recipient's phone: open the \
             message in Slack's app, press its button, and press Open on the page.",
        )?;
        let since = self.now().await?;
        let question = "Does the phone show the word?";
        let answer = self.ask(question).await?;
        let sent =
            rehearsal::latest(self.database, &self.sender, Some(&self.recipient), since).await?;
        let outcome = match (answer, sent) {
            (Answer::Yes, Some(secret)) => {
                let opened = self.until(secret, |trace| is_viewed(trace)).await?;
                let agent = opened.user_agent.as_deref().unwrap_or_default();
                if !is_viewed(&opened) {
                    Outcome::Failed("by the database nobody opened it".to_owned())
                } else if OF_PHONES.iter().any(|word| agent.contains(word)) {
                    Outcome::Checked("opened by a phone's browser".to_owned())
                } else {
                    Outcome::Said("yes; its browser does not say that it is a phone's".to_owned())
                }
            }
            (Answer::Yes, None) => Outcome::Failed("nothing of it is in the database".to_owned()),
            (answer, _) => self.outcome(answer),
        };
        self.note(Step::PhoneLink, outcome);
        Ok(())
    }

    async fn guest(&mut self) -> anyhow::Result<()> {
        begin(
            Step::Guest,
            "If the workspace has guests: one who may get a made-up secret.",
        )?;
        let typed = self
            .pause("The guest's member ID, or Enter to skip this")
            .await?;
        let guest = typed.as_deref().and_then(|id| UserId::parse(id).ok());
        let Some(guest) = guest else {
            self.note(
                Step::Guest,
                Outcome::Skipped("no guest was named".to_owned()),
            );
            return Ok(());
        };
        let outcome = match self.people.look_up(&guest).await {
            Err(error) => Outcome::Failed(error.to_string()),
            Ok(known) if known["is_restricted"] != true && known["is_ultra_restricted"] != true => {
                Outcome::Skipped("the person named is no guest".to_owned())
            }
            Ok(_) => self.send_to_guest(&guest).await?,
        };
        self.note(Step::Guest, outcome);
        Ok(())
    }

    async fn send_to_guest(&mut self, guest: &UserId) -> anyhow::Result<Outcome> {
        let since = self.now().await?;
        Terminal::tell("  Send this guest a made-up word (/sendsecret, Send).")?;
        self.pause("Press Enter when it is sent, or refused in the dialog")
            .await?;
        let sent = rehearsal::latest(self.database, &self.sender, Some(guest), since).await?;
        let Some(secret) = sent else {
            let question = "Nothing was stored. Did the dialog refuse it, as you have set it?";
            let answer = self.ask(question).await?;
            return Ok(match answer {
                Answer::Yes => Outcome::Checked("refused in the dialog, as it is set".to_owned()),
                answer => self.outcome(answer),
            });
        };
        let sent = self
            .until(secret, |trace| trace.message.outcome.is_some())
            .await?;
        Ok(match sent.message.outcome {
            Some(Delivered::Sent) => Outcome::Checked("Slack took the message".to_owned()),
            Some(Delivered::Failed(reason)) => Outcome::Failed(reason.code().to_owned()),
            None => Outcome::Failed("Slack did not take it in time".to_owned()),
        })
    }

    async fn expiry(&mut self, left: Option<SecretId>) -> anyhow::Result<()> {
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

    async fn expired(&mut self, secret: SecretId) -> anyhow::Result<Outcome> {
        loop {
            let trace = rehearsal::trace(self.database, secret).await?;
            match trace.facts.ending {
                Some(Ending::Expired) => break,
                Some(_) => return Ok(Outcome::Failed("it ended otherwise".to_owned())),
                None => {}
            }
            let left = trace.facts.now.millis_until(trace.facts.expires_at);
            let minutes = left.div_ceil(60_000);
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

    async fn asked(&mut self, step: Step, question: &str) -> anyhow::Result<()> {
        if matches!(step, Step::Desktop | Step::Phone) {
            begin(step, "")?;
        }
        let answer = self.ask(question).await?;
        let outcome = self.outcome(answer);
        self.note(step, outcome);
        Ok(())
    }

    fn asked_for(&self, text: &str) -> anyhow::Result<()> {
        Terminal::tell(&format!("----8<----\n{text}\n---->8----"))?;
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
        rehearsal::now(self.database).await
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
