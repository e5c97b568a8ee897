//! Where the app is installed, and what Slack says of people besides: switches that stay as they
//! were set.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::people::{self, Kind, ORGANIZATION, Person, TEAM};

/// Whether the workspace belongs to an organization (Enterprise Grid).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Grid {
    /// To none.
    #[default]
    None,
    /// The app is installed in one workspace of an organization.
    Workspace,
    /// The app is installed for the whole organization.
    Organization,
}

/// How the workspace is.
#[derive(Default)]
pub(crate) struct Workspace {
    pub(crate) grid: Grid,
    /// What is different in `users.info`, by user: members replace those that are there, null
    /// removes them (JSON Merge Patch, RFC 7396).
    different: HashMap<String, Value>,
}

impl Workspace {
    /// From now on `users.info` has these differences for somebody.
    pub(crate) fn differ(&mut self, user: &str, info: Value) {
        self.different.insert(user.to_owned(), info);
    }

    /// Somebody as `users.info` gives them.
    pub(crate) fn user(&self, person: &Person, include_locale: bool) -> Value {
        let mut user = person.as_slack(include_locale);
        if self.grid != Grid::None {
            user["enterprise_user"] = membership(person);
        }
        if let Some(different) = self.different.get(person.id) {
            merge(&mut user, different);
        }
        user
    }

    /// A payload as it comes from somebody: it names their team, and where the app is installed.
    pub(crate) fn dress(&self, payload: &mut Value) {
        let id = payload["user"]["id"]
            .as_str()
            .or(payload["user_id"].as_str());
        let person = id.and_then(people::find);
        let team = person.map_or(TEAM, |person| person.team());
        let organization = person.map_or(ORGANIZATION, |person| person.organization());
        let is_command = payload.get("command").is_some();
        if team != TEAM {
            if is_command {
                payload["team_id"] = team.into();
            } else {
                payload["team"] = json!({ "id": team, "domain": "elsewhere" });
            }
        }
        if self.grid == Grid::None {
            return;
        }
        let is_for_all = self.grid == Grid::Organization;
        if is_command {
            payload["enterprise_id"] = organization.into();
            payload["enterprise_name"] = "District".into();
            // A text, in commands.
            payload["is_enterprise_install"] = is_for_all.to_string().into();
            return;
        }
        payload["enterprise"] = json!({ "id": organization, "name": "District" });
        payload["is_enterprise_install"] = is_for_all.into();
        if is_for_all {
            payload["team"] = Value::Null;
            if payload["view"].is_object() {
                payload["view"]["app_installed_team_id"] = ORGANIZATION.into();
            }
        } else {
            payload["team"]["enterprise_id"] = organization.into();
            payload["team"]["enterprise_name"] = "District".into();
        }
    }
}

/// `enterprise_user`; who is of a workspace without an organization has none.
fn membership(person: &Person) -> Value {
    if person.kind == Kind::Partner {
        return Value::Null;
    }
    json!({
        "id": person.id_in_organization(),
        "enterprise_id": person.organization(),
        "enterprise_name": "District",
        "is_admin": false,
        "is_owner": false,
        "teams": [person.team()],
    })
}

fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (name, value) in members {
        if value.is_null() {
            into.as_object_mut().map(|object| object.remove(name));
        } else {
            merge(&mut into[name], value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_different_takes_the_place_of_what_is_usual() {
        let mut workspace = Workspace::default();
        let bob = people::find("U0BOB").unwrap();
        let usual = workspace.user(bob, true);
        workspace.differ(
            "U0BOB",
            json!({"is_restricted": true, "tz": null, "profile": {"real_name": "B"}}),
        );
        let user = workspace.user(bob, true);
        assert_eq!(user["is_restricted"], true);
        assert!(user.get("tz").is_none());
        assert_eq!(user["profile"]["real_name"], "B");
        assert_eq!(user["profile"]["team"], usual["profile"]["team"]);
        assert_eq!(user["name"], usual["name"]);
    }

    #[test]
    fn an_organization_shows_in_payloads_and_people() {
        let payload = |user: &str| {
            json!({"team": {"id": TEAM}, "user": {"id": user}, "enterprise": null,
                "view": {"app_installed_team_id": TEAM}})
        };
        for (grid, user, team, enterprise, installed) in [
            (
                Grid::None,
                "U0ALICE",
                json!({"id": TEAM}),
                Value::Null,
                TEAM,
            ),
            (
                Grid::Workspace,
                "U0ALICE",
                json!({"id": TEAM, "enterprise_id": ORGANIZATION, "enterprise_name": "District"}),
                json!({"id": ORGANIZATION, "name": "District"}),
                TEAM,
            ),
            (
                Grid::Organization,
                "U0ALICE",
                Value::Null,
                json!({"id": ORGANIZATION, "name": "District"}),
                ORGANIZATION,
            ),
            (
                Grid::None,
                "U0PARTNER",
                json!({"id": "T0ELSEWHERE", "domain": "elsewhere"}),
                Value::Null,
                TEAM,
            ),
        ] {
            let workspace = Workspace {
                grid,
                ..Workspace::default()
            };
            let mut payload = payload(user);
            workspace.dress(&mut payload);
            assert_eq!(payload["team"], team, "{grid:?}");
            assert_eq!(payload["enterprise"], enterprise, "{grid:?}");
            assert_eq!(
                payload["view"]["app_installed_team_id"], installed,
                "{grid:?}"
            );
        }
        let organization = Workspace {
            grid: Grid::Organization,
            ..Workspace::default()
        };
        let of = |user| organization.user(people::find(user).unwrap(), false);
        assert_eq!(
            of("U0ALICE")["enterprise_user"]["id"],
            of("W0ALICE")["enterprise_user"]["id"]
        );
        assert_eq!(
            of("U0SIBLING")["enterprise_user"]["enterprise_id"],
            ORGANIZATION
        );
        assert_ne!(of("U0SIBLING")["team_id"], TEAM);
        assert!(of("U0PARTNER")["enterprise_user"].is_null());
    }
}
