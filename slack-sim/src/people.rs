//! The people of the workspace, one of each kind that matters.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::{Value, json};

/// The workspace.
pub(crate) const TEAM: &str = "T0SCHOOL";
/// The organization to which the workspace can belong.
pub(crate) const ORGANIZATION: &str = "E0DISTRICT";
/// The app's own bot user.
pub(crate) const APP_USER: &str = "U0SECRET";
/// The app.
pub(crate) const APP: &str = "A0SECRET";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Member,
    /// Of several channels.
    Guest,
    /// Of one channel.
    Visitor,
    /// A member of another workspace of the organization, where the workspace belongs to one.
    Sibling,
    Deactivated,
    /// Of another organization, and in no channel with anybody here.
    External,
    /// Of another organization, and in a shared channel (Slack Connect).
    Partner,
    Bot,
    Slackbot,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Person {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) real_name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) locale: &'static str,
    pub(crate) tz: &'static str,
}

const fn person(
    id: &'static str,
    name: &'static str,
    real_name: &'static str,
    kind: Kind,
    locale: &'static str,
) -> Person {
    Person {
        id,
        name,
        real_name,
        kind,
        locale,
        tz: "America/Toronto",
    }
}

pub(crate) const PEOPLE: [Person; 14] = [
    person("U0ALICE", "alice", "Alice Tremblay", Kind::Member, "en-CA"),
    person("U0BOB", "bob", "Bob Okafor", Kind::Member, "en-CA"),
    person("U0CHLOE", "chloe", "Chloé Gagnon", Kind::Member, "fr-CA"),
    person(
        "U0DMITRI",
        "dmitri",
        "Dmitri <!channel> & Co",
        Kind::Member,
        "en-GB",
    ),
    person("U0GUEST", "guest", "Gil Guest", Kind::Guest, "en-US"),
    person(
        "U0VISITOR",
        "visitor",
        "Vic Visitor",
        Kind::Visitor,
        "en-US",
    ),
    person("U0GONE", "gone", "Gaston Gone", Kind::Deactivated, "fr-CA"),
    person(
        "U0STRANGER",
        "stranger",
        "Stella Stranger",
        Kind::External,
        "en-US",
    ),
    person(
        "U0PARTNER",
        "partner",
        "Pat Partner",
        Kind::Partner,
        "en-US",
    ),
    person(
        "U0SIBLING",
        "sibling",
        "Sam Sibling",
        Kind::Sibling,
        "en-CA",
    ),
    // Alice again, by the id that she has in the organization.
    person("W0ALICE", "alice", "Alice Tremblay", Kind::Member, "en-CA"),
    person("U0ROBOT", "robot", "Robot", Kind::Bot, "en-US"),
    person("USLACKBOT", "slackbot", "Slackbot", Kind::Slackbot, "en-US"),
    person(
        APP_USER,
        "secure_secret",
        "Secure Secret",
        Kind::Bot,
        "en-US",
    ),
];

/// How many members there are besides, for load: `U0CROWD000`, `U0CROWD001`, ...
const CROWD: usize = 500;

/// They write and are written to, but are not listed.
static CROWD_MEMBERS: LazyLock<Vec<Person>> = LazyLock::new(|| {
    let member = |number: usize| {
        let id = format!("U0CROWD{number:03}").leak();
        let name = format!("crowd{number:03}").leak();
        person(id, name, name, Kind::Member, "en-CA")
    };
    (0..CROWD).map(member).collect()
});

/// The person with this id.
pub(crate) fn find(id: &str) -> Option<&'static Person> {
    let crowd = || CROWD_MEMBERS.iter().find(|person| person.id == id);
    PEOPLE.iter().find(|person| person.id == id).or_else(crowd)
}

/// Somebody as the payloads of interactions have them.
pub(crate) fn in_payload(id: &str) -> Value {
    let person = find(id);
    let name = person.map_or("unknown", |person| person.name);
    let team = person.map_or(TEAM, Person::team);
    json!({ "id": id, "username": name, "name": name, "team_id": team })
}

/// The person with whom the app has this direct message conversation.
pub(crate) fn with_channel(channel: &str) -> Option<&'static Person> {
    find(&format!("U{}", channel.strip_prefix('D')?))
}

impl Person {
    /// The direct message conversation of the app with this person.
    pub(crate) fn channel(&self) -> String {
        format!("D{}", &self.id[1..])
    }

    /// The workspace to which the person belongs.
    pub(crate) fn team(&self) -> &'static str {
        match self.kind {
            Kind::External | Kind::Partner => "T0ELSEWHERE",
            Kind::Sibling => "T0ANNEX",
            _ => TEAM,
        }
    }

    /// The organization to which that workspace belongs.
    pub(crate) fn organization(&self) -> &'static str {
        match self.kind {
            Kind::External | Kind::Partner => "E0ELSEWHERE",
            _ => ORGANIZATION,
        }
    }

    /// The id that the person has in the organization; Alice has another one there.
    pub(crate) fn id_in_organization(&self) -> &'static str {
        if self.id == "U0ALICE" {
            "W0ALICE"
        } else {
            self.id
        }
    }

    /// As `users.info` gives it.
    pub(crate) fn as_slack(&self, include_locale: bool) -> Value {
        let is_guest = matches!(self.kind, Kind::Guest | Kind::Visitor);
        let mut user = json!({
            "id": self.id,
            "team_id": self.team(),
            "name": self.name,
            "deleted": self.kind == Kind::Deactivated,
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": "Eastern Standard Time",
            "tz_offset": -18_000,
            "profile": {
                "real_name": self.real_name,
                "display_name": self.name,
                "team": self.team(),
            },
            "is_admin": false,
            // Slack's own: Slackbot does not count as a bot.
            "is_bot": self.kind == Kind::Bot,
            "is_app_user": false,
            "is_restricted": is_guest,
            "is_ultra_restricted": self.kind == Kind::Visitor,
            "updated": 1_700_000_000,
        });
        if self.team() != TEAM {
            user["is_stranger"] = (self.kind == Kind::External).into();
        }
        if include_locale {
            user["locale"] = self.locale.into();
        }
        user
    }
}
