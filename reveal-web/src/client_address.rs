//! Who a request comes from.
//!
//! Forwarded headers are believed from configured proxies only, and read from the right: each proxy
//! appends the address that it saw, so whatever stands left of the first address that is not one of
//! our proxies was written by the client itself.

use std::net::{IpAddr, Ipv6Addr};

use poem::{Addr, Request, http::HeaderMap};
use shared::operate::settings::Cidrs;

/// Finds client addresses.
pub(crate) struct ClientAddresses {
    trusted: Cidrs,
}

impl ClientAddresses {
    pub(crate) const fn new(trusted: Cidrs) -> Self {
        Self { trusted }
    }

    /// The client's address; `None` on a transport that has none.
    pub(crate) fn of(&self, request: &Request) -> Option<IpAddr> {
        let Addr::SocketAddr(peer) = &request.remote_addr().0 else {
            return None;
        };
        Some(self.behind(peer.ip(), request.headers()))
    }

    /// Whether the address is one of our own proxies'.
    pub(crate) fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.contains(address.to_canonical())
    }

    /// The rightmost address that none of our proxies has. An entry that can't be read ends the
    /// search: what stands left of it is not believed.
    pub(crate) fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusted.contains(client) {
            return client;
        }
        let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
        let hops = lines
            .iter()
            .rev()
            .flat_map(|line| line.to_str().unwrap_or("unreadable").rsplit(','));
        for hop in hops {
            let Some(address) = parse_hop(hop) else {
                break;
            };
            client = address;
            if !self.trusted.contains(client) {
                break;
            }
        }
        client
    }
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let address = if let Some(bracketed) = hop.strip_prefix('[') {
        bracketed.split_once(']')?.0.parse().ok()?
    } else if let Ok(address) = hop.parse() {
        address
    } else {
        hop.rsplit_once(':')?
            .0
            .parse::<std::net::Ipv4Addr>()
            .ok()?
            .into()
    };
    Some(IpAddr::to_canonical(&address))
}

/// What requests and connections are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Counted {
    /// An IPv4 address, or the first 64 bits of an IPv6 one, which is one network of a customer's.
    pub(crate) client: IpAddr,
    /// The first 48 bits of an IPv6 address, which is the most that one site is given.
    /// Source: RFC 6177.
    pub(crate) site: Option<Ipv6Addr>,
}

impl Counted {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self {
                client: first_bits(address, 64).into(),
                site: Some(first_bits(address, 48)),
            },
            client @ IpAddr::V4(_) => Self { client, site: None },
        }
    }

    /// The largest that may be one organization's.
    pub(crate) fn network(self) -> IpAddr {
        self.site.map_or(self.client, IpAddr::V6)
    }
}

fn first_bits(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from(u128::from(address) & (u128::MAX << (128 - bits)))
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn client(peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        let trusted = Cidrs::parse("10.0.0.0/8, 127.0.0.1, fd00::/8").unwrap();
        ClientAddresses::new(trusted)
            .behind(peer.parse().unwrap(), &headers)
            .to_string()
    }

    #[test]
    fn the_rightmost_address_that_is_not_ours_counts() {
        for (peer, lines, expected) in [
            ("203.0.113.9", &[][..], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            (
                "10.0.0.1",
                &["1.1.1.1", " 198.51.100.1 ,10.0.0.2"],
                "198.51.100.1",
            ),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, "], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            assert_eq!(client(peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn one_ipv6_network_counts_as_one_client_and_has_a_site() {
        let counted = |text: &str| {
            let Counted { client, site } = Counted::of(text.parse().unwrap());
            (client.to_string(), site.map(|site| site.to_string()))
        };
        let (network, site) = ("2001:db8:1:2::".to_owned(), "2001:db8:1::".to_owned());
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), (network, Some(site)));
        for address in ["::ffff:192.0.2.1", "192.0.2.1"] {
            assert_eq!(counted(address), ("192.0.2.1".to_owned(), None));
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_stranger_sends_changes_who_they_are(lines in prop::collection::vec("[ -~]{0,60}", 0..5)) {
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            prop_assert_eq!(client("203.0.113.9", &lines), "203.0.113.9");
        }

        #[test]
        fn what_stands_left_of_the_client_does_not_matter(left in "[ -~]{0,60}") {
            let line = format!("{left}, 198.51.100.1, 10.0.0.2");
            prop_assert_eq!(client("10.0.0.1", &[&line]), "198.51.100.1");
        }
    }
}
