//! The people of the workspace, one of each kind that matters.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::{Value, json};

/// The workspace.
pub(crate) const TEAM: &str = "T0SCHOOL";
/// The app's own bot user.
pub(crate) const APP_USER: &str = "U0SECRET";
/// The app.
pub(crate) const APP: &str = "A0SECRET";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Member,
    Guest,
    Deactivated,
    External,
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

pub(crate) const PEOPLE: [Person; 10] = [
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
    person("U0GONE", "gone", "Gaston Gone", Kind::Deactivated, "fr-CA"),
    person(
        "U0STRANGER",
        "stranger",
        "Stella Stranger",
        Kind::External,
        "en-US",
    ),
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
    let name = find(id).map_or("unknown", |person| person.name);
    json!({ "id": id, "username": name, "name": name, "team_id": TEAM })
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

    /// As `users.info` gives it.
    pub(crate) fn as_slack(&self, include_locale: bool) -> Value {
        let external = self.kind == Kind::External;
        let mut user = json!({
            "id": self.id,
            "team_id": if external { "T0ELSEWHERE" } else { TEAM },
            "name": self.name,
            "deleted": self.kind == Kind::Deactivated,
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": "Eastern Standard Time",
            "tz_offset": -18_000,
            "profile": {
                "real_name": self.real_name,
                "display_name": self.name,
                "team": TEAM,
            },
            "is_admin": false,
            // Slack's own: Slackbot does not count as a bot.
            "is_bot": self.kind == Kind::Bot,
            "is_app_user": false,
            "is_restricted": self.kind == Kind::Guest,
            "is_ultra_restricted": false,
            "updated": 1_700_000_000,
        });
        if external {
            user["is_stranger"] = true.into();
        }
        if include_locale {
            user["locale"] = self.locale.into();
        }
        user
    }
}
