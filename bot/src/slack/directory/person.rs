//! Who somebody is, out of what Slack says of them: their name, language and zone, and whether they
//! can get a secret.

use std::sync::Arc;

use shared::{
    domain::{
        display_name::DisplayName,
        home::Home,
        ids::{TeamId, UserId},
    },
    text::Locale,
};

use super::User;
use crate::settings::Policy;

/// Slack's own user; `users.info` does not call it a bot.
const SLACKBOT: &str = "USLACKBOT";

/// A user of Slack.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(super) id: UserId,
    pub(super) user: Arc<User>,
}

/// Why somebody can't get a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ineligible {
    Slackbot,
    Bot,
    Deactivated,
    External,
    Guest,
    Oneself,
}

impl Person {
    /// Somebody of whom Slack said this.
    #[cfg(test)]
    pub(in crate::slack) fn of(id: UserId, user: User) -> Self {
        Self {
            id,
            user: Arc::new(user),
        }
    }

    /// The name that colleagues know: the first of which something is seen.
    pub(crate) fn name(&self) -> Option<DisplayName> {
        let profile = &self.user.profile;
        [
            &profile.real_name,
            &self.user.real_name,
            &profile.display_name,
            &self.user.name,
        ]
        .into_iter()
        .flatten()
        .find_map(|name| DisplayName::parse(name))
    }

    /// The language set in Slack, e.g. `fr-CA`, when it is short enough to be one.
    pub(crate) fn locale(&self) -> Option<&str> {
        self.user
            .locale
            .as_deref()
            .filter(|locale| (1..=35).contains(&locale.len()))
    }

    /// The language set in Slack, if we speak it.
    pub(crate) fn language(&self) -> Option<Locale> {
        self.locale().and_then(Locale::from_tag)
    }

    /// The time zone set in Slack, e.g. `America/Toronto`, when it is short enough to be one.
    pub(crate) fn tz(&self) -> Option<&str> {
        self.user
            .tz
            .as_deref()
            .filter(|tz| (1..=64).contains(&tz.len()))
    }

    /// Whether the person can get a secret that is at home there.
    pub(crate) fn check(&self, home: &Home, policy: Policy) -> Result<(), Ineligible> {
        let user = &self.user;
        if self.id.as_str() == SLACKBOT {
            return Err(Ineligible::Slackbot);
        }
        if user.is_bot || user.is_workflow_bot {
            return Err(Ineligible::Bot);
        }
        if user.deleted {
            return Err(Ineligible::Deactivated);
        }
        if self.is_external(home) && !policy.allow_external {
            return Err(Ineligible::External);
        }
        if self.is_guest() && !policy.allow_guests {
            return Err(Ineligible::Guest);
        }
        Ok(())
    }

    /// Whether the account is deactivated.
    pub(crate) fn is_deactivated(&self) -> bool {
        self.user.deleted
    }

    /// A guest of one channel or of several.
    fn is_guest(&self) -> bool {
        self.user.is_restricted || self.user.is_ultra_restricted
    }

    /// Who is of the organization is at home in each of its workspaces, also as a stranger to the
    /// one for which the app is installed. Of partners Slack says at most that they are of
    /// elsewhere: `is_stranger` is false for those with whom a channel is shared. Source:
    /// <https://docs.slack.dev/reference/objects/user-object>.
    fn is_external(&self, home: &Home) -> bool {
        let organization = home.organization().map(TeamId::as_str);
        if self.places().any(|place| Some(place) == organization) {
            return false;
        }
        if self.user.is_stranger {
            return true;
        }
        let is_anywhere = self.places().next().is_some();
        let is_here = self.places().any(|place| place == home.team().as_str());
        is_anywhere && !is_here
    }

    /// The workspaces and the organization to which the person belongs, as far as Slack names them.
    fn places(&self) -> impl Iterator<Item = &str> {
        let membership = self.user.membership.as_ref();
        let organization = membership.and_then(|membership| membership.enterprise_id.as_ref());
        let teams = membership.map(|membership| membership.teams.iter());
        let all = self.user.team_id.iter().chain(organization);
        all.chain(teams.into_iter().flatten()).map(String::as_str)
    }

    /// Whether the person is in an organization, where one person can have two ids.
    pub(crate) fn is_in_organization(&self) -> bool {
        self.user.membership.is_some()
    }

    /// Whether it is the one with this id, of whom Slack says this, if it said something: in an
    /// organization somebody can be `U…` and `W…`.
    pub(crate) fn is(&self, id: &UserId, other: Option<&Self>) -> bool {
        let is_mine = |id: &str| self.ids().any(|own| own == id);
        is_mine(id.as_str()) || other.is_some_and(|other| other.ids().any(is_mine))
    }

    /// The ids by which Slack knows the person.
    fn ids(&self) -> impl Iterator<Item = &str> {
        let membership = self.user.membership.as_ref();
        let in_organization = membership.and_then(|membership| membership.id.as_deref());
        let others = [self.user.id.as_deref(), in_organization];
        std::iter::once(self.id.as_str()).chain(others.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::lenient::Object;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "values are written at the place of use"
    )]
    fn person(id: &str, user: Value) -> Person {
        let said = user.to_string();
        let user = User::read(&Object::parse(&said).unwrap()).unwrap_or_default();
        Person::of(UserId::parse(id).unwrap(), user)
    }

    fn home(team: &str, organization: Option<&str>) -> Home {
        let id = |text| TeamId::parse(text).unwrap();
        Home::new(id(team), organization.map(id))
    }

    fn policy(allows: bool) -> Policy {
        Policy {
            allow_self: allows,
            allow_external: allows,
            allow_guests: allows,
        }
    }

    fn check(id: &str, user: Value, allows: bool) -> Result<(), Ineligible> {
        person(id, user).check(&home("T1", None), policy(allows))
    }

    #[test]
    fn who_can_not_open_a_link_is_ineligible() {
        assert_eq!(check("U1", json!({"team_id": "T1"}), false), Ok(()));
        assert_eq!(check("U1", json!({}), false), Ok(()));
        assert_eq!(
            check("USLACKBOT", json!({"is_bot": false}), true),
            Err(Ineligible::Slackbot)
        );
        assert_eq!(
            check("U1", json!({"is_bot": true}), true),
            Err(Ineligible::Bot)
        );
        assert_eq!(
            check("U1", json!({"deleted": true}), true),
            Err(Ineligible::Deactivated)
        );
        for (user, reason) in [
            (json!({"is_stranger": true}), Ineligible::External),
            (json!({"team_id": "T2"}), Ineligible::External),
            (json!({"is_restricted": true}), Ineligible::Guest),
            (json!({"is_ultra_restricted": true}), Ineligible::Guest),
            (
                json!({"is_restricted": null, "is_ultra_restricted": true}),
                Ineligible::Guest,
            ),
        ] {
            assert_eq!(check("U1", user.clone(), false), Err(reason), "{user}");
            assert_eq!(check("U1", user, true), Ok(()));
        }
    }

    /// Where somebody is, and whether that is elsewhere than at home; strangers to the app's
    /// workspace or not.
    #[test]
    fn an_organization_is_one_home() {
        let one = || home("T1", Some("E1"));
        let alone = || home("T1", None);
        let all = || home("E1", None);
        let of = |team: &str, organization: &str, teams: &[&str]| {
            json!({"team_id": team, "enterprise_user":
                {"id": "W9", "enterprise_id": organization, "teams": teams}})
        };
        for (home, user, is_external) in [
            // A colleague at home in this workspace, in a sibling, in both, nowhere in particular.
            (one(), of("T1", "E1", &["T1"]), false),
            (one(), of("T2", "E1", &["T2"]), false),
            (one(), of("T2", "E1", &["T1", "T2"]), false),
            (one(), of("E1", "E1", &[]), false),
            (one(), json!({"team_id": "E1"}), false),
            (all(), of("T2", "E1", &["T2"]), false),
            (
                all(),
                json!({"team_id": "E1", "enterprise_user": null}),
                false,
            ),
            // The organization was not named: what is a member here is no stranger.
            (alone(), of("T2", "E1", &["T2", "T1"]), false),
            (alone(), of("T2", "E1", &["T2"]), true),
            // Partners, of another organization or of a workspace without one.
            (one(), of("T8", "E8", &["T8"]), true),
            (all(), of("T8", "E8", &["T8"]), true),
            (one(), json!({"team_id": "T8"}), true),
            (all(), json!({"team_id": "T8"}), true),
            (
                all(),
                json!({"team_id": "T8", "enterprise_user": null}),
                true,
            ),
            (
                all(),
                json!({"enterprise_user": {"enterprise_id": "E8"}}),
                true,
            ),
            (alone(), json!({"team_id": "T8"}), true),
            // Slack names no place.
            (one(), json!({}), false),
            (all(), json!({"enterprise_user": {}}), false),
        ] {
            for stranger in [json!(false), json!(true)] {
                let mut user = user.clone();
                user["is_stranger"] = stranger.clone();
                let said = user.to_string();
                let checked = person("U9", user).check(&home, policy(false));
                // Whom Slack calls a stranger is one, unless the organization is known to be the
                // same.
                let is_sibling = home.organization().is_some() && said.contains("\"E1\"");
                let is_external = is_external || (stranger == true && !is_sibling);
                let expected = if is_external {
                    Err(Ineligible::External)
                } else {
                    Ok(())
                };
                assert_eq!(checked, expected, "{home:?} {said}");
            }
        }
    }

    #[test]
    fn one_person_can_have_two_ids() {
        let twin = |id: &str, organization: Option<&str>| {
            person(
                id,
                json!({"id": id, "enterprise_user": {"id": organization}}),
            )
        };
        let id = |text| UserId::parse(text).unwrap();
        let (w, u) = (twin("W1", Some("W1")), twin("U1", Some("W1")));
        let other = twin("U2", Some("W2"));
        let plain = person("U3", json!({}));
        for (one, known, is_same) in [
            (&w, &u, true),
            (&u, &w, true),
            (&u, &u, true),
            (&u, &other, false),
            (&w, &other, false),
            (&plain, &u, false),
            (&plain, &plain, true),
            (&twin("W1", None), &u, true),
            (&twin("W1", None), &twin("U1", None), false),
        ] {
            assert_eq!(one.is(&known.id, Some(known)), is_same, "{one:?} {known:?}");
        }
        // Of the other one Slack said nothing.
        assert!(u.is(&id("W1"), None) && u.is(&id("U1"), None) && !w.is(&id("U1"), None));
        // Slack answers with another id than it was asked for.
        assert!(person("U1", json!({"id": "W1"})).is(&id("W1"), None));
    }

    #[test]
    fn the_fullest_name_is_taken_of_which_something_is_seen() {
        let name = |user| person("U1", user).name().map(|name| name.to_string());
        let profile = json!({"real_name": " ", "display_name": "bo"});
        for (user, expected) in [
            (json!({"profile": profile, "name": "bob"}), Some("bo")),
            (json!({"real_name": "Bob B."}), Some("Bob B.")),
            (
                json!({"profile": {"real_name": "\u{202e}\u{2066}", "display_name": "\u{3164}"},
                    "real_name": "\u{200b}", "name": "\u{2067}bob\u{ad}"}),
                Some("bob"),
            ),
            (json!({"name": "\u{ffa0}"}), None),
            (json!({}), None),
        ] {
            assert_eq!(name(user.clone()).as_deref(), expected, "{user}");
        }
    }
}
