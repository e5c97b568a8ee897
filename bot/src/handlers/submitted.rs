//! A dialog as Slack sends it back. It holds a secret: none of these types can be printed.

use std::collections::HashMap;

use serde::Deserialize;
use shared::{
    crypto::ResponseUrl,
    display_name::DisplayName,
    home::Home,
    ids::{InvalidId, SubmissionKey, TeamId, UserId},
    lifetime::Lifetime,
};
use zeroize::Zeroizing;

use super::Desk;
use crate::modal::{Layout, field};

/// What was submitted, not yet checked but for its form.
pub(super) struct Submitted {
    pub(super) home: Home,
    pub(super) view: SubmissionKey,
    pub(super) sender: UserId,
    /// The sender's name as far as the payload tells it, and something of it is seen.
    pub(super) sender_name: Option<DisplayName>,
    pub(super) recipient: Option<UserId>,
    /// The secret's fields in order, as far as the dialog has them.
    pub(super) secret: Vec<Zeroizing<String>>,
    pub(super) note: Zeroizing<String>,
    pub(super) lifetime: Option<Lifetime>,
    /// How the dialog looked, and in which language it was.
    pub(super) layout: Layout,
    /// The sealed way to answer the command that opened the dialog.
    pub(super) answer: Option<SealedAnswer>,
}

/// A `response_url` as the dialog brings it back, and the teams in which the command may have been typed.
#[derive(Clone)]
pub(super) struct SealedAnswer {
    pub(super) sealed: String,
    pub(super) teams: Vec<TeamId>,
}

impl SealedAnswer {
    /// The way to answer the command that this person typed, if it opens.
    pub(super) fn open(&self, desk: &Desk, user: &UserId) -> Option<ResponseUrl> {
        let open = |team| {
            let keys = &desk.delivery_keys;
            let opened = keys.open_response_url_of_dialog(team, user, &self.sealed);
            opened.ok()
        };
        self.teams.iter().find_map(open)
    }
}

/// The payload is not what Slack sends.
#[derive(Debug, thiserror::Error)]
#[error("not a submission of the dialog")]
pub(super) struct NotASubmission;

impl Submitted {
    /// Reads a `view_submission`. Slack leaves `team` out when the app is installed for a whole
    /// organization.
    pub(super) fn parse(payload: &str) -> Result<Self, NotASubmission> {
        let payload: Payload = serde_json::from_str(payload).map_err(|_| NotASubmission)?;
        let submitters = payload.team.unwrap_or_default();
        let enterprise = payload.enterprise.unwrap_or_default();
        // Where the app is installed comes first: a partner submits from elsewhere.
        let teams = [
            payload.view.app_installed_team_id,
            submitters.id.clone(),
            payload.view.team_id,
            enterprise.id.clone(),
        ];
        let teams: Result<Vec<_>, _> = teams
            .into_iter()
            .flatten()
            .map(|team| TeamId::parse(&team))
            .collect();
        let teams = teams?;
        let team = teams.first().cloned().ok_or(NotASubmission)?;
        // The organization that the payload names is the submitter's.
        let is_from_home = submitters.id.is_none_or(|id| id == team.as_str());
        let organization = submitters.enterprise_id.or(enterprise.id);
        let organization = organization.filter(|_| is_from_home);
        let organization = organization.and_then(|id| TeamId::parse(&id).ok());
        let layout = Layout::parse(&payload.view.private_metadata.unwrap_or_default());
        let sealed = layout.answer.clone();
        let mut fields = payload.view.state;
        Ok(Self {
            home: Home::new(team, organization),
            layout,
            answer: sealed.map(|sealed| SealedAnswer { sealed, teams }),
            view: SubmissionKey::parse(&payload.view.id)?,
            sender: UserId::parse(&payload.user.id)?,
            sender_name: [payload.user.name, payload.user.username]
                .iter()
                .flatten()
                .find_map(|name| DisplayName::parse(name)),
            recipient: fields.recipient()?,
            secret: fields.secret(),
            note: fields.note(),
            lifetime: fields.lifetime(),
        })
    }
}

impl From<InvalidId> for NotASubmission {
    fn from(_: InvalidId) -> Self {
        Self
    }
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    team: Option<Group>,
    #[serde(default)]
    enterprise: Option<Group>,
    user: User,
    view: View,
}

/// A workspace, with the organization to which it belongs, or an organization.
#[derive(Default, Deserialize)]
pub(super) struct Group {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    enterprise_id: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    username: Option<String>,
}

#[derive(Deserialize)]
struct View {
    id: String,
    #[serde(default)]
    team_id: Option<String>,
    #[serde(default)]
    app_installed_team_id: Option<String>,
    #[serde(default)]
    private_metadata: Option<String>,
    #[serde(default)]
    state: Fields,
}

/// What stands in the dialog's fields. Holds a secret.
#[derive(Default, Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    values: HashMap<String, HashMap<String, Input>>,
}

impl Fields {
    pub(super) fn recipient(&mut self) -> Result<Option<UserId>, InvalidId> {
        let recipient = self.take(field::RECIPIENT).selected_user;
        recipient.map(|id| UserId::parse(&id)).transpose()
    }

    pub(super) fn lifetime(&mut self) -> Option<Lifetime> {
        let chosen = self.take(field::LIFETIME).selected_option?;
        Lifetime::parse(&chosen.value)
    }

    fn secret(&mut self) -> Vec<Zeroizing<String>> {
        let mut parts: Vec<_> = field::SECRET
            .into_iter()
            .map(|block| self.take(block).value.unwrap_or_default())
            .collect();
        while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
        parts
    }

    fn note(&mut self) -> Zeroizing<String> {
        self.take(field::NOTE).value.unwrap_or_default()
    }

    fn take(&mut self, block: &str) -> Input {
        let actions = self.values.remove(block).unwrap_or_default();
        actions.into_values().next().unwrap_or_default()
    }
}

#[derive(Default, Deserialize)]
struct Input {
    #[serde(default)]
    value: Option<Zeroizing<String>>,
    #[serde(default)]
    selected_user: Option<String>,
    #[serde(default)]
    selected_option: Option<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    value: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn payload() -> Value {
        json!({
            "type": "view_submission",
            "team": {"id": "T1", "domain": "x"},
            "user": {"id": "U1", "username": "alice", "name": "alice", "team_id": "T1"},
            "view": {
                "id": "V1",
                "callback_id": "send_secret",
                "state": {"values": {
                    "recipient": {"value": {"type": "users_select", "selected_user": "U2"}},
                    "secret": {"value": {"type": "plain_text_input", "value": " é\u{0}🔑\r\n"}},
                    "note": {"value": {"type": "plain_text_input", "value": null}},
                    "lifetime": {"value": {"type": "static_select", "selected_option":
                        {"text": {"type": "plain_text", "text": "4 hours"}, "value": "4h"}}},
                    "added_later": {"x": {"type": "datepicker", "selected_date": "2026-01-01"}},
                }},
            },
            "is_enterprise_install": false,
            "enterprise": null,
        })
    }

    fn parse(payload: &Value) -> Result<Submitted, NotASubmission> {
        Submitted::parse(&payload.to_string())
    }

    #[test]
    fn every_field_is_read_as_typed() {
        let submitted = parse(&payload()).unwrap();
        assert_eq!(submitted.view.as_str(), "V1");
        assert_eq!(submitted.recipient.unwrap().as_str(), "U2");
        assert_eq!(
            *submitted.secret,
            [Zeroizing::new(" é\u{0}🔑\r\n".to_owned())]
        );
        assert_eq!(submitted.note.as_str(), "");
        assert_eq!(submitted.lifetime, Some(Lifetime::Hours4));
    }

    #[test]
    fn the_secrets_fields_come_in_order_and_empty_ones_at_the_end_are_left_out() {
        let mut payload = payload();
        let values = &mut payload["view"]["state"]["values"];
        for (block, text) in [
            ("secret_4", json!(null)),
            ("secret_3", json!("c")),
            ("secret_2", json!(null)),
        ] {
            values[block] = json!({"value": {"type": "plain_text_input", "value": text}});
        }
        let submitted = parse(&payload).unwrap();
        let parts: Vec<_> = submitted.secret.iter().map(|part| part.as_str()).collect();
        assert_eq!(parts, [" é\u{0}🔑\r\n", "", "c"]);
    }

    #[test]
    fn an_installation_for_an_organization_has_no_team() {
        let mut payload = payload();
        payload["team"] = Value::Null;
        payload["view"]["app_installed_team_id"] = "E1".into();
        assert_eq!(parse(&payload).unwrap().home.team().as_str(), "E1");
        payload["view"]["app_installed_team_id"] = Value::Null;
        payload["enterprise"] = json!({"id": "E2"});
        assert_eq!(parse(&payload).unwrap().home.team().as_str(), "E2");
        payload["enterprise"] = Value::Null;
        assert!(parse(&payload).is_err());
    }

    #[test]
    fn home_is_where_the_app_is_installed_and_its_organization() {
        let null = Value::Null;
        let (one, all) = (json!("T1"), json!("E1"));
        let member = json!({"id": "T1", "enterprise_id": "E1"});
        let enterprise = json!({"id": "E1"});
        for (team, installed, enterprise, expected) in [
            (&json!({"id": "T1"}), &null, &null, ("T1", None)),
            (&json!({"id": "T1"}), &one, &null, ("T1", None)),
            (&json!({"id": "T1"}), &one, &enterprise, ("T1", Some("E1"))),
            (&member, &one, &null, ("T1", Some("E1"))),
            (&null, &one, &enterprise, ("T1", Some("E1"))),
            // Installed for the whole organization.
            (&null, &all, &enterprise, ("E1", Some("E1"))),
            (&null, &all, &null, ("E1", Some("E1"))),
            (&member, &all, &enterprise, ("E1", Some("E1"))),
            (&null, &null, &enterprise, ("E1", Some("E1"))),
            // A partner: the team and the organization are theirs.
            (
                &json!({"id": "T8", "enterprise_id": "E8"}),
                &one,
                &null,
                ("T1", None),
            ),
            (
                &json!({"id": "T8"}),
                &one,
                &json!({"id": "E8"}),
                ("T1", None),
            ),
            (
                &json!({"id": "T8"}),
                &all,
                &json!({"id": "E8"}),
                ("E1", Some("E1")),
            ),
        ] {
            let mut payload = payload();
            payload["team"] = team.clone();
            payload["view"]["app_installed_team_id"] = installed.clone();
            payload["enterprise"] = enterprise.clone();
            let home = parse(&payload).unwrap().home;
            let organization = home.organization().map(TeamId::as_str);
            assert_eq!((home.team().as_str(), organization), expected, "{payload}");
        }
    }

    #[test]
    fn missing_fields_are_empty_and_nonsense_is_refused() {
        let mut payload = payload();
        payload["view"]["state"] = json!({});
        let submitted = parse(&payload).unwrap();
        assert!(submitted.recipient.is_none() && submitted.secret[0].is_empty());
        payload["user"]["id"] = "<@U1>".into();
        assert!(parse(&payload).is_err());
        assert!(Submitted::parse("{}").is_err());
    }
}
