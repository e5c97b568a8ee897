//! Where a secret is at home: who belongs there is a colleague of its sender, and who doesn't is of
//! another organization.

use crate::domain::ids::TeamId;

/// The workspace or the organization for which the app is installed, and the organization to which
/// it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    team: TeamId,
    organization: Option<TeamId>,
}

impl Home {
    /// The home of a secret. A workspace may belong to an organization (Slack's Enterprise Grid),
    /// and the app may be installed for all of one: `team` then is `E…` itself.
    #[must_use]
    pub fn new(team: TeamId, organization: Option<TeamId>) -> Self {
        let organization = if team.is_organization() {
            Some(team.clone())
        } else {
            organization.filter(TeamId::is_organization)
        };
        Self { team, organization }
    }

    /// The workspace (`T…`), or the organization (`E…`) where the app is installed for all of it.
    #[must_use]
    pub const fn team(&self) -> &TeamId {
        &self.team
    }

    /// The organization (`E…`), where there is one and Slack named it.
    #[must_use]
    pub const fn organization(&self) -> Option<&TeamId> {
        self.organization.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_is_its_own() {
        let id = |text| TeamId::parse(text).unwrap();
        for (team, organization, expected) in [
            ("T1", None, None),
            ("T1", Some("E1"), Some("E1")),
            // Not what it should be.
            ("T1", Some("T2"), None),
            ("E1", None, Some("E1")),
            ("E1", Some("E2"), Some("E1")),
        ] {
            let home = Home::new(id(team), organization.map(id));
            assert_eq!(home.team().as_str(), team);
            let named = home.organization().map(TeamId::as_str);
            assert_eq!(named, expected, "{team} {organization:?}");
        }
    }
}
