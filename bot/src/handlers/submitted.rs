//! A dialog as Slack sends it back. It holds a secret: none of these types can be printed.

use serde_json::value::RawValue;
use shared::{
    crypto::ResponseUrl,
    domain::{
        display_name::DisplayName,
        home::Home,
        ids::{SubmissionKey, TeamId, UserId},
        lifetime::Lifetime,
    },
};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::{
    lenient::{Given, Object, Unreadable, secret_text, text},
    modal::{ACTION, Layout, field},
};

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

/// A `response_url` as the dialog brings it back, and the teams in which the command may have been
/// typed.
#[derive(Clone)]
pub(super) struct SealedAnswer {
    pub(super) sealed: String,
    pub(super) teams: Vec<TeamId>,
}

impl SealedAnswer {
    /// The way to answer the command that this person typed, if it opens.
    pub(super) fn open(&self, context: &Context, user: &UserId) -> Option<ResponseUrl> {
        let open = |team| {
            let keys = &context.delivery_keys;
            let opened = keys.open_response_url_of_dialog(team, user, &self.sealed);
            opened.ok()
        };
        self.teams.iter().find_map(open)
    }
}

/// The teams that a payload of a dialog names. Where the app is installed comes first: a partner
/// submits from elsewhere.
pub(super) fn teams(payload: &Object<'_>) -> Vec<TeamId> {
    let view = payload.object("view");
    let teams = [
        view.text("app_installed_team_id"),
        payload.object("team").text("id"),
        view.text("team_id"),
        payload.object("enterprise").text("id"),
    ];
    let teams = teams.iter().flatten();
    teams.filter_map(|team| TeamId::parse(team).ok()).collect()
}

/// Where a submission is at home. Nothing stands in for where the app is installed, if Slack says
/// something of that: another team would decide who is a stranger.
fn home(payload: &Object<'_>, teams: &[TeamId]) -> Result<Home, Unreadable> {
    let team = teams.first().ok_or(Unreadable("team.id"))?;
    match payload.object("view").given("app_installed_team_id") {
        Given::Nothing => {}
        Given::Value(installed) if text(installed).as_deref() == Some(team.as_str()) => {}
        _ => return Err(Unreadable("view.app_installed_team_id")),
    }
    // The organization that the payload names is the submitter's.
    let submitters = payload.object("team");
    let is_from_home = match payload.given("team") {
        Given::Nothing => true,
        _ => submitters.text("id").as_deref() == Some(team.as_str()),
    };
    let organization = submitters.text("enterprise_id");
    let organization = organization.or_else(|| payload.object("enterprise").text("id"));
    let organization = organization.filter(|_| is_from_home);
    let organization = organization.and_then(|id| TeamId::parse(&id).ok());
    Ok(Home::new(team.clone(), organization))
}

impl Submitted {
    /// Reads a `view_submission`. Slack leaves `team` out when the app is installed for a whole
    /// organization.
    ///
    /// What nothing may stand in for is who sent it, in which workspace, from which dialog, and
    /// each of its fields: a part of a secret that can't be read must not be left out, nor a note
    /// or a lifetime be another than was chosen. A name that is missing costs nothing but itself,
    /// and without the dialog's `private_metadata` there is one way less to answer its sender.
    pub(super) fn read(payload: &Object<'_>) -> Result<Self, Unreadable> {
        // It came twice, and differs.
        if matches!(payload.given("type"), Given::Contradictory) {
            return Err(Unreadable("type"));
        }
        let view = match payload.value("view").and_then(Object::of) {
            Some(view) if matches!(view.given("callback_id"), Given::Contradictory) => {
                return Err(Unreadable("view.callback_id"));
            }
            Some(view) => view,
            None => return Err(Unreadable("view")),
        };
        let user = payload.object("user");
        let teams = teams(payload);
        let key = view
            .text("id")
            .and_then(|id| SubmissionKey::parse(&id).ok());
        let sender = user.text("id").and_then(|id| UserId::parse(&id).ok());
        let layout = Layout::parse(&view.text("private_metadata").unwrap_or_default());
        let fields = Fields::of(&view).ok_or(Unreadable("view.state"))?;
        let sealed = layout.answer.clone();
        Ok(Self {
            home: home(payload, &teams)?,
            view: key.ok_or(Unreadable("view.id"))?,
            sender: sender.ok_or(Unreadable("user.id"))?,
            sender_name: [user.text("name"), user.text("username")]
                .iter()
                .flatten()
                .find_map(|name| DisplayName::parse(name)),
            recipient: fields.recipient()?,
            secret: fields.secret(layout.fields.max(secret_fields(&view)))?,
            note: fields.note()?,
            lifetime: fields.lifetime()?,
            answer: sealed.map(|sealed| SealedAnswer { sealed, teams }),
            layout,
        })
    }
}

/// How many fields for the secret a dialog has, as far as its blocks can be read.
pub(super) fn secret_fields(view: &Object<'_>) -> usize {
    let of_secret = |block: &Object<'_>| {
        let id = block.text("block_id");
        id.is_some_and(|id| field::SECRET.contains(&&*id))
    };
    view.objects("blocks").filter(of_secret).count()
}

/// What stands in the dialog's fields. Holds a secret.
pub(super) struct Fields<'a>(Object<'a>);

/// The paths of the secret's fields, in order.
const SECRET_PATHS: [&str; 4] = [
    "view.state.values.secret",
    "view.state.values.secret_2",
    "view.state.values.secret_3",
    "view.state.values.secret_4",
];

const UNREADABLE_RECIPIENT: Unreadable = Unreadable("view.state.values.recipient");
const UNREADABLE_NOTE: Unreadable = Unreadable("view.state.values.note");
const UNREADABLE_LIFETIME: Unreadable = Unreadable("view.state.values.lifetime");

/// A field of the dialog.
enum Field<'a> {
    /// Slack says nothing of it.
    Missing,
    /// What Slack says of it.
    Input(Object<'a>),
    Unreadable,
}

impl<'a> Fields<'a> {
    /// The fields of a dialog that came back; `None` when Slack says nothing of what was typed.
    pub(super) fn of(view: &Object<'a>) -> Option<Self> {
        let values = view.object("state").value("values");
        values.and_then(Object::of).map(Self)
    }

    /// Slack leaves out nobody who was chosen, and gives `null` where nobody was.
    pub(super) fn recipient(&self) -> Result<Option<UserId>, Unreadable> {
        let Field::Input(input) = self.field(field::RECIPIENT) else {
            return Err(UNREADABLE_RECIPIENT);
        };
        match input.given("selected_user") {
            Given::Nothing => Ok(None),
            Given::Value(id) => {
                let id = text(id).and_then(|id| UserId::parse(&id).ok());
                id.map(Some).ok_or(UNREADABLE_RECIPIENT)
            }
            Given::Contradictory => Err(UNREADABLE_RECIPIENT),
        }
    }

    /// `None` where none was chosen, or one that there is not.
    pub(super) fn lifetime(&self) -> Result<Option<Lifetime>, Unreadable> {
        let Field::Input(input) = self.field(field::LIFETIME) else {
            return Err(UNREADABLE_LIFETIME);
        };
        match input.given("selected_option") {
            Given::Nothing => Ok(None),
            Given::Value(option) => {
                let code = Object::of(option).and_then(|option| option.text("value"));
                let code = code.ok_or(UNREADABLE_LIFETIME)?;
                Ok(Lifetime::parse(&code))
            }
            Given::Contradictory => Err(UNREADABLE_LIFETIME),
        }
    }

    /// The parts of the secret. Every field that the dialog has is there, and an empty one is
    /// `null`: one that is missing held what nobody knows.
    fn secret(&self, fields: usize) -> Result<Vec<Zeroizing<String>>, Unreadable> {
        let mut parts = Vec::new();
        let blocks = field::SECRET.into_iter().zip(SECRET_PATHS);
        for (number, (block, path)) in blocks.enumerate() {
            match self.field(block) {
                Field::Missing if number >= fields.max(1) => {}
                Field::Input(input) if input.has("value") => {
                    // Where it stands, though a field before it may be missing.
                    parts.resize(number, Zeroizing::default());
                    parts.push(typed(&input).ok_or(Unreadable(path))?);
                }
                _ => return Err(Unreadable(path)),
            }
        }
        while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
        Ok(parts)
    }

    /// Slack may say nothing of a note that was not typed.
    fn note(&self) -> Result<Zeroizing<String>, Unreadable> {
        match self.field(field::NOTE) {
            Field::Missing => Ok(Zeroizing::default()),
            Field::Input(input) if !input.is_empty() => typed(&input).ok_or(UNREADABLE_NOTE),
            _ => Err(UNREADABLE_NOTE),
        }
    }

    fn field(&self, block: &str) -> Field<'a> {
        let actions = match self.0.given(block) {
            Given::Nothing if self.0.has(block) && block != field::NOTE => {
                return Field::Unreadable;
            }
            Given::Nothing => return Field::Missing,
            Given::Value(actions) => Object::of(actions),
            Given::Contradictory => None,
        };
        let input: Option<&RawValue> = actions.and_then(|actions| actions.value(ACTION));
        input
            .and_then(Object::of)
            .map_or(Field::Unreadable, Field::Input)
    }
}

/// What was typed into a text field: nothing where Slack gives `null`.
fn typed(input: &Object<'_>) -> Option<Zeroizing<String>> {
    match input.given("value") {
        Given::Nothing => Some(Zeroizing::default()),
        Given::Value(value) => secret_text(value),
        Given::Contradictory => None,
    }
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

    fn parse(payload: &Value) -> Result<Submitted, Unreadable> {
        Submitted::read(&Object::parse(&payload.to_string()).unwrap())
    }

    fn unreadable(payload: &Value) -> &'static str {
        parse(payload).err().map_or("nothing", |what| what.0)
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
        assert_eq!(unreadable(&payload), "team.id");
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
    fn what_is_empty_is_told_from_what_can_not_be_read() {
        let values = |change: &dyn Fn(&mut Value)| {
            let mut payload = payload();
            change(&mut payload["view"]["state"]["values"]);
            payload
        };
        let empty = parse(&values(&|values| {
            values["recipient"]["value"]["selected_user"] = Value::Null;
            values["secret"]["value"]["value"] = Value::Null;
            values["lifetime"]["value"]["selected_option"] = Value::Null;
            values["note"] = Value::Null;
        }));
        let empty = empty.unwrap();
        assert!(empty.recipient.is_none() && empty.lifetime.is_none());
        assert!(empty.secret[0].is_empty() && empty.note.is_empty());
        for block in ["recipient", "secret", "lifetime", "note", "secret_3"] {
            for odd in [
                json!(7),
                json!([]),
                json!({}),
                json!({"value": []}),
                json!({"value": {}}),
            ] {
                let payload = values(&|values| values[block] = odd.clone());
                let path = unreadable(&payload);
                // An empty choice is one that was not made.
                let is_choice = block == "recipient" || block == "lifetime";
                if is_choice && odd == json!({"value": {}}) {
                    assert_eq!(path, "nothing", "{block} {odd}");
                } else {
                    assert_eq!(path, format!("view.state.values.{block}"), "{odd}");
                }
            }
        }
        for text in ["\"\\ud800\"", "7", "[]", "true"] {
            let payload = payload().to_string().replace("\" é\\u0000🔑\\r\\n\"", text);
            let read = Submitted::read(&Object::parse(&payload).unwrap());
            assert_eq!(read.err(), Some(Unreadable(SECRET_PATHS[0])), "{text}");
        }
        for (path, odd) in [
            ("id", json!(7)),
            ("state", json!([])),
            ("state", json!({"values": []})),
        ] {
            let mut payload = payload();
            payload["view"][path] = odd;
            assert_eq!(unreadable(&payload), format!("view.{path}"));
        }
        let mut payload = payload();
        payload["user"]["id"] = "<@U1>".into();
        assert_eq!(unreadable(&payload), "user.id");
    }

    /// As many fields as the dialog has, by what it holds or by what it shows.
    #[test]
    fn a_part_of_the_secret_that_is_missing_is_not_left_out() {
        let blocks =
            json!([{"block_id": "secret"}, {"block_id": "secret_2"}, {"block_id": "note"}]);
        for (name, value) in [
            ("blocks", blocks),
            ("private_metadata", json!("{\"fields\":2}")),
        ] {
            let mut payload = payload();
            payload["view"][name] = value;
            assert_eq!(unreadable(&payload), SECRET_PATHS[1], "{name}");
            let second = json!({"value": {"type": "plain_text_input", "value": null}});
            payload["view"]["state"]["values"]["secret_2"] = second;
            assert_eq!(unreadable(&payload), "nothing", "{name}");
        }
    }
}
