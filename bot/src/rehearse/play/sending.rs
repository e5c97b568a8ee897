//! The steps in which something is sent.

use shared::{
    domain::ids::{SecretId, UserId},
    store::{deliveries::Outcome as Delivered, rehearsal},
};

use super::{MOST_MESSAGES, OF_PHONES, Play, begin, is_skip, is_viewed};
use crate::rehearse::{
    made_up::MadeUp,
    report::Outcome,
    steps::Step,
    terminal::{Answer, Terminal},
};

impl Play<'_> {
    /// The dialog; in it a secret is sent that nobody opens, for the last step.
    pub(super) async fn dialog(&mut self) -> anyhow::Result<Option<SecretId>> {
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

    pub(super) async fn refused(&mut self) -> anyhow::Result<()> {
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
    pub(super) async fn send_in_two_parts(&mut self) -> anyhow::Result<Option<(SecretId, MadeUp)>> {
        let made_up = MadeUp::new();
        begin(
            Step::MoreRoom,
            "Type /sendsecret, choose the recipient, and paste this into the field Secret, without the lines above \
             and below it:",
        )?;
        to_paste(&made_up.first)?;
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
        to_paste(&made_up.second)?;
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
    pub(super) async fn message(
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
            Some(Delivered::Withdrawn) => return Ok((taken_back(), None)),
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

    pub(super) async fn phone_link(&mut self) -> anyhow::Result<()> {
        begin(
            Step::PhoneLink,
            "Send the recipient another made-up word (/sendsecret, Send). Then, on the recipient's phone: open the \
             message in Slack's app, press its button (and the one in the window, if one opens), and press Open on the \
             page.",
        )?;
        let since = self.now().await?;
        let question = "Does the phone show the word?";
        let answer = self.ask(question).await?;
        let sent =
            rehearsal::latest(self.database, &self.sender, Some(&self.recipient), since).await?;
        let outcome = match (answer, sent) {
            (Answer::Yes, Some(secret)) => {
                let opened = self.until(secret, is_viewed).await?;
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

    pub(super) async fn guest(&mut self) -> anyhow::Result<()> {
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

    pub(super) async fn send_to_guest(&mut self, guest: &UserId) -> anyhow::Result<Outcome> {
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
            Some(Delivered::Withdrawn) => taken_back(),
            None => Outcome::Failed("Slack did not take it in time".to_owned()),
        })
    }
}

/// Whoever played it pressed the receipt's button.
fn taken_back() -> Outcome {
    Outcome::Failed("it was taken back before its message was out".to_owned())
}

/// Shows what is to be pasted.
fn to_paste(text: &str) -> anyhow::Result<()> {
    Terminal::tell(&format!("----8<----\n{text}\n---->8----"))?;
    Ok(())
}
