//! Checks of the hosts of a cluster, where `DATABASE_URL` names several.

use super::Finding;
use crate::store::{
    cluster::{self, Host},
    database_url::DatabaseUrl,
};

const CHECK: &str = "database hosts";

/// The consistency under which a new primary answers before it has what the one before decided.
const EVENTUAL: &str = "EVENTUAL";

/// Looks at each of several hosts.
pub async fn check(url: &DatabaseUrl) -> Option<Finding> {
    let hosts = cluster::hosts(url).await;
    (!hosts.is_empty()).then(|| judge(&hosts))
}

fn judge(hosts: &[Host]) -> Finding {
    let seen: Vec<_> = hosts.iter().map(told).collect();
    let seen = seen.join("; ");
    let standings = || hosts.iter().filter_map(|host| host.standing.as_ref().ok());
    if !standings().any(|standing| standing.takes_changes) {
        return Finding::bad(
            CHECK,
            seen,
            "let one of them take changes: has the group a majority, and a primary?",
        );
    }
    if hosts.iter().any(|host| host.standing.is_err()) {
        return Finding::warning(
            CHECK,
            seen,
            "mend those that do not answer: they can't take another one's place",
        );
    }
    let groups = || standings().map(|standing| standing.group.as_ref());
    let first = groups().next().flatten().map(|(name, _)| name);
    if first.is_none() || groups().any(|group| group.map(|(name, _)| name) != first) {
        return Finding::warning(
            CHECK,
            format!("{seen}; they are no group of MySQL's Group Replication"),
            "one that lags behind and takes over would show secrets a second time: \
             `secure-secret-migrate end-all --reason failover` before the programs use it",
        );
    }
    if groups()
        .flatten()
        .any(|(_, consistency)| consistency == EVENTUAL)
    {
        return Finding::warning(
            CHECK,
            format!("{seen}; group_replication_consistency is EVENTUAL"),
            "set it to BEFORE_ON_PRIMARY_FAILOVER on each, so that a new primary answers once it \
             has what the one before decided",
        );
    }
    Finding::good(CHECK, seen)
}

fn told(host: &Host) -> String {
    let how = match &host.standing {
        Ok(standing) if standing.takes_changes => "takes changes".to_owned(),
        Ok(_) => "follows".to_owned(),
        Err(error) => error.to_string(),
    };
    format!("{}: {how}", host.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        operate::doctor::Verdict,
        store::{StoreError, cluster::Standing},
    };

    #[test]
    fn a_group_is_whole_takes_changes_and_waits_for_its_own() {
        let host = |takes_changes, group: Option<(&str, &str)>| Host {
            name: "db:3306".to_owned(),
            standing: Ok(Standing {
                takes_changes,
                group: group.map(|(name, how)| (name.to_owned(), how.to_owned())),
            }),
        };
        let dead = Host {
            standing: Err(StoreError::Unreachable),
            ..host(true, None)
        };
        let (well, late) = (
            Some(("a", "BEFORE_ON_PRIMARY_FAILOVER")),
            Some(("a", EVENTUAL)),
        );
        for (hosts, verdict, seen) in [
            (
                vec![host(true, well), host(false, well)],
                Verdict::Good,
                "follows",
            ),
            (
                vec![host(true, well), host(true, well)],
                Verdict::Good,
                "takes",
            ),
            (
                vec![host(false, well), host(false, well)],
                Verdict::Bad,
                "follows",
            ),
            (
                vec![host(true, well), dead.clone()],
                Verdict::Warning,
                "reached",
            ),
            (vec![dead], Verdict::Bad, "reached"),
            (
                vec![host(true, late), host(false, late)],
                Verdict::Warning,
                EVENTUAL,
            ),
            (
                vec![host(true, None), host(false, None)],
                Verdict::Warning,
                "no group",
            ),
            (
                vec![host(true, well), host(false, None)],
                Verdict::Warning,
                "no group",
            ),
        ] {
            let finding = judge(&hosts);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.seen.contains(seen), "{finding:?}");
        }
    }
}
