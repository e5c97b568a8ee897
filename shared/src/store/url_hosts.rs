//! The hosts of a database's URL: one, or several with commas between them.

use crate::domain::invalid::Invalid;

/// A URL taken apart around its hosts.
#[derive(Clone, Copy)]
pub struct AroundHosts<'a> {
    /// Scheme, user name and password.
    pub before: &'a str,
    /// Hosts with their ports.
    pub hosts: &'a str,
    /// The database, and what is behind it.
    pub behind: &'a str,
}

impl<'a> AroundHosts<'a> {
    /// Takes a URL apart.
    #[must_use]
    pub fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let user = rest[..end].rfind('@').map_or(0, |at| at + 1);
        let start = scheme.len() + "://".len();
        Some(Self {
            before: &url[..start + user],
            hosts: &url[start + user..start + end],
            behind: &url[start + end..],
        })
    }

    /// Whether there is more than one host.
    #[must_use]
    pub fn are_several(&self) -> bool {
        self.hosts.contains(',')
    }

    /// The same URL for the first host alone, if all of them are hosts.
    #[must_use]
    pub fn alone(&self) -> Option<String> {
        self.each().ok()?.into_iter().next()
    }

    /// The same URL for each host alone. A host is told by its place, as a password that was not
    /// encoded may stand there too.
    pub(super) fn each(&self) -> Result<Vec<String>, Invalid> {
        let hosts: Vec<_> = self.hosts.split(',').collect();
        for (at, host) in hosts.iter().enumerate() {
            let (at, all, others) = (at + 1, hosts.len(), &hosts[..at]);
            let wrong = if host.is_empty() || host.rfind(':') == Some(0) {
                format!("has nothing where host {at} of {all} should be: write host:port,host:port")
            } else if others.iter().any(|other| other.eq_ignore_ascii_case(host)) {
                format!("names host {at} of {all} twice")
            } else if !is_host(host) {
                format!(
                    "has something else where host {at} of {all} should be: a name or an address \
                     (IPv6 in brackets), and a port behind a colon"
                )
            } else {
                continue;
            };
            return Err(Invalid::because(wrong));
        }
        let alone = hosts.iter();
        let alone = alone.map(|host| format!("{}{host}{}", self.before, self.behind));
        Ok(alone.collect())
    }
}

/// The host and port of a URL with one host.
pub(super) fn name_of(url: &str) -> &str {
    AroundHosts::of(url).map_or("", |parts| parts.hosts)
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, "3306"),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let inside = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let is_known = match inside {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.chars().all(is_name),
    };
    is_known && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_around_its_hosts() {
        for (url, before, hosts, behind) in [
            (
                "mysql://u:p@a:1,b/x?c=d,e",
                "mysql://u:p@",
                "a:1,b",
                "/x?c=d,e",
            ),
            ("mysql://u:p,q@a/x", "mysql://u:p,q@", "a", "/x"),
            ("mysql://u:p@q@a,b/x", "mysql://u:p@q@", "a,b", "/x"),
            ("mysql://[::1]:2,[::2]", "mysql://", "[::1]:2,[::2]", ""),
        ] {
            let parts = AroundHosts::of(url).unwrap();
            assert_eq!(
                (parts.before, parts.hosts, parts.behind),
                (before, hosts, behind)
            );
        }
        assert!(AroundHosts::of("x.db").is_none());
    }

    #[test]
    fn each_host_has_a_url_of_its_own() {
        let each = |url: &str| AroundHosts::of(url).unwrap().each().unwrap();
        assert_eq!(
            each("mysql://u:p,q@db1:3307,DB2,[2001:db8::3]:3306/x?y=z"),
            [
                "mysql://u:p,q@db1:3307/x?y=z",
                "mysql://u:p,q@DB2/x?y=z",
                "mysql://u:p,q@[2001:db8::3]:3306/x?y=z"
            ]
        );
    }

    #[test]
    fn a_wrong_host_is_told_by_its_place() {
        for (hosts, place) in [
            ("a,", "where host 2 of 2 should be: write"),
            (",a", "where host 1 of 2 should be: write"),
            ("a,:3306", "where host 2 of 2 should be: write"),
            ("a,b,A", "names host 3 of 3 twice"),
            ("a,b:x", "where host 2 of 2 should be: a name"),
            ("a,b:0", "where host 2 of 2 should be: a name"),
            ("a,b:65536", "where host 2 of 2 should be: a name"),
            ("a b,c", "where host 1 of 2 should be: a name"),
            ("[::1,c", "where host 1 of 2 should be: a name"),
            ("::1,c", "where host 1 of 2 should be: a name"),
        ] {
            let url = format!("mysql://u:canary@{hosts}/x");
            let error = AroundHosts::of(&url).unwrap().each().unwrap_err();
            let told = error.to_string();
            assert!(told.contains(place) && !told.contains("canary"), "{told}");
        }
    }
}
