//! What Slack says of a press of a button in one of our messages.
//!
//! The payload echoes the message with its note, and all that stands in fields beside the button:
//! there is room for none of that here.
//! Source: <https://docs.slack.dev/reference/interaction-payloads/block_actions-payload>.

use secrecy::SecretString;
use shared::{
    crypto::{DeliveryKeys, ResponseUrl},
    domain::{
        ids::{ChannelId, MessageTs, SecretId, TeamId, UserId},
        press::{PressKey, Presser},
    },
    store::presses::Action,
};

use crate::{
    lenient::{Object, Unreadable},
    share_button::read_value,
};

/// A press of a button about a secret.
pub(in crate::handlers) struct Press {
    pub(in crate::handlers) action: Action,
    /// Whom Slack says it was, whatever the button carries.
    pub(super) presser: Presser,
    /// The row that the button names.
    pub(super) secret: SecretId,
    /// What else the button holds, sealed.
    pub(super) sealed: Option<SecretString>,
    /// Shows something to whoever pressed, once and within three seconds.
    pub(super) trigger_id: Option<String>,
    /// Answers where the button is.
    pub(super) response_url: Option<SecretString>,
}

impl Press {
    /// Nothing stands in for who pressed, and for what. Which press it was is known by when and
    /// where it was, as far as Slack says so.
    pub(in crate::handlers) fn read(
        payload: &Object<'_>,
        action: Action,
    ) -> Result<Self, Unreadable> {
        let user = payload.object("user").text("id");
        let user = user.and_then(|id| UserId::parse(&id).ok());
        let user = user.ok_or(Unreadable("user.id"))?;
        let is_ours = |pressed: &Object<'_>| {
            let name = pressed.text("action_id");
            name.as_deref() == Some(action.code())
        };
        let pressed = payload.objects("actions").find(is_ours);
        let pressed = pressed.ok_or(Unreadable("actions"))?;
        let value = pressed.text("value").and_then(|value| read_value(&value));
        let (secret, sealed) = value.ok_or(Unreadable("actions.value"))?;
        let container = payload.object("container");
        let at = |of: &Object<'_>, name: &str| of.text(name).unwrap_or_default().into_owned();
        let when = at(&pressed, "action_ts");
        let trigger_id = at(payload, "trigger_id");
        let press = PressKey::of(&[
            user.as_str(),
            action.code(),
            &at(&container, "channel_id"),
            &at(&container, "message_ts"),
            &at(&container, "view_id"),
            if when.is_empty() { &trigger_id } else { &when },
        ]);
        let response_url = payload.text("response_url");
        Ok(Self {
            action,
            secret,
            sealed,
            presser: Presser {
                user,
                other_id: None,
                teams: teams(payload),
                place: place(&container),
                press,
            },
            trigger_id: Some(trigger_id).filter(|id| !id.is_empty()),
            response_url: response_url.map(|url| SecretString::from(url.into_owned())),
        })
    }

    /// The trigger, by which a press is known that comes again.
    pub(in crate::handlers) fn trigger_id(&self) -> Option<&str> {
        self.trigger_id.as_deref()
    }

    /// The way to answer, as a dialog takes it along; it is missing where it can't be sealed.
    pub(super) fn sealed_answer(&self, keys: &DeliveryKeys) -> Option<String> {
        let answer = ResponseUrl::new(self.response_url.clone()?)?;
        let team = self.presser.teams.first()?;
        keys.seal_response_url_for_dialog(team, &self.presser.user, &answer)
            .ok()
    }
}

#[cfg(test)]
impl Press {
    /// Whose press it is, and about which row.
    pub(in crate::handlers) fn who_and_what(&self) -> (String, String) {
        (self.presser.user.to_string(), self.secret.to_string())
    }
}

/// The message with the button.
fn place(container: &Object<'_>) -> Option<(ChannelId, MessageTs)> {
    let channel = container.text("channel_id")?;
    let ts = container.text("message_ts")?;
    Some((
        ChannelId::parse(&channel).ok()?,
        MessageTs::parse(&ts).ok()?,
    ))
}

/// The workspaces and organizations that a press names: where it was made, and whose whoever
/// pressed is.
fn teams(payload: &Object<'_>) -> Vec<TeamId> {
    let team = payload.object("team");
    let teams = [
        team.text("id"),
        team.text("enterprise_id"),
        payload.object("enterprise").text("id"),
        payload.object("view").text("app_installed_team_id"),
    ];
    let mut known: Vec<TeamId> = Vec::new();
    for team in teams.iter().flatten() {
        if let Ok(team) = TeamId::parse(team)
            && !known.contains(&team)
        {
            known.push(team);
        }
    }
    known
}
