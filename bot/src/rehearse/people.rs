//! Who plays, and who gets the secrets.

use anyhow::{bail, ensure};
use secrecy::SecretString;
use serde_json::Value;
use shared::domain::ids::UserId;

use super::{report::Report, terminal::Terminal};
use crate::slack::{Method, Probe, SlackError};

const WHERE: &str =
    "In Slack: the person's picture, Profile, the three dots, Copy member ID (U... or W...).";

/// Asks Slack who people are, and the operator who plays.
pub(super) struct People<'a> {
    pub(super) probe: &'a Probe,
    pub(super) token: &'a SecretString,
    pub(super) terminal: &'a mut Terminal,
    pub(super) report: &'a mut Report,
}

impl People<'_> {
    /// Who plays. Names are not looked up: several people can have the same.
    pub(super) async fn sender(&mut self, given: &str) -> anyhow::Result<UserId> {
        if given != "@me" {
            return self.person(given).await;
        }
        let typed = self
            .terminal
            .pause(&format!("Your own member ID, please. {WHERE}"))
            .await?;
        match typed {
            Some(id) => self.person(&id).await,
            None => bail!("nobody said who plays: give a member ID"),
        }
    }

    /// Who gets the secrets.
    pub(super) async fn recipient(
        &mut self,
        sender: &UserId,
        given: Option<&str>,
        allow_self: bool,
    ) -> anyhow::Result<UserId> {
        if let Some(id) = given {
            return self.other(id, sender, allow_self).await;
        }
        if allow_self {
            return Ok(sender.clone());
        }
        let typed = self
            .terminal
            .pause(&format!(
                "Who gets the secrets? ALLOW_SELF=no, so it must be a colleague who plays along: their member \
                 ID, please. {WHERE} To play alone, end this, and set ALLOW_SELF=yes for the bot and for this \
                 command meanwhile."
            ))
            .await?;
        match typed {
            Some(id) => self.other(&id, sender, allow_self).await,
            None => bail!("nobody said who gets the secrets: give a member ID by --with"),
        }
    }

    async fn other(
        &mut self,
        id: &str,
        sender: &UserId,
        allow_self: bool,
    ) -> anyhow::Result<UserId> {
        let recipient = self.person(id).await?;
        ensure!(
            allow_self || recipient != *sender,
            "ALLOW_SELF=no: the secrets must go to somebody else than who plays"
        );
        Ok(recipient)
    }

    async fn person(&mut self, id: &str) -> anyhow::Result<UserId> {
        let Ok(user) = UserId::parse(id) else {
            bail!("that is no member ID. {WHERE}");
        };
        let known = self.look_up(&user).await?;
        let is_person = known["is_bot"] != true && known["deleted"] != true;
        ensure!(
            is_person,
            "that is an app, or an account that is deactivated"
        );
        Ok(user)
    }

    /// What Slack knows of somebody; their names stay out of the report.
    pub(super) async fn look_up(&mut self, user: &UserId) -> Result<Value, SlackError> {
        let query = format!("?user={user}");
        let answer = self.probe.call(Method::UsersInfo, &query, self.token);
        let known = answer.await?.body["user"].take();
        self.report.keep_out(user.as_str());
        for name in [
            &known["name"],
            &known["real_name"],
            &known["profile"]["display_name"],
            &known["profile"]["real_name"],
        ] {
            self.report.keep_out(name.as_str().unwrap_or_default());
        }
        Ok(known)
    }
}
