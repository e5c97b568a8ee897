//! Who may connect, and how many at a time.
//!
//! What one address may have shrinks with the square of what is free: as long as nearly all places
//! are free it is [`Most::of_one_address`], when half are taken a quarter of that, and in the end a
//! single place. So the first few can't take all that there is, and whoever has no connection (nor
//! their IPv6 site) gets one for as long as any is free. Nobody is cut off: it is new connections
//! that are refused.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shared::operate::settings::RateLimit;

use super::LIFE;
use crate::client_address::{ClientAddresses, Counted};

/// Connections of one client address at a time, if nearly all places are free and `RATE_LIMIT` does
/// not ask for more. Our own proxies have no such limit: everybody comes through them.
const OF_ONE_ADDRESS: usize = 128;

/// How many times that an IPv6 site (a /48) may have.
const OF_ONE_SITE: usize = 4;

/// What there is, and the most of it that one may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Most {
    places: usize,
    of_one_address: usize,
    of_one_site: usize,
}

impl Most {
    /// A browser may keep its connection for two minutes, in which a person opens a secret by two
    /// requests. So that one address, which many people may have, can do what its rate limit
    /// allows, it has as many connections as there are requests in these two minutes.
    pub(super) fn new(places: usize, limit: RateLimit) -> Self {
        let requests = LIFE.as_secs_f64() * f64::from(limit.requests.get());
        let requests = Duration::try_from_secs_f64(requests / limit.window.as_secs_f64());
        let connections = requests.map_or(u64::MAX, |requests| requests.as_secs());
        let of_one_address = usize::try_from(connections)
            .unwrap_or(usize::MAX)
            .max(OF_ONE_ADDRESS)
            .min(places);
        Self {
            places,
            of_one_address,
            of_one_site: (OF_ONE_SITE * of_one_address).min(places),
        }
    }
}

/// Who may connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peers {
    /// Anybody.
    Anybody,
    /// Programs on this machine and our own proxies: what goes over the network is not encrypted.
    OursOnly,
}

/// Why somebody is sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Unencrypted, and neither from this machine nor from one of our proxies.
    Stranger,
    /// As many as may be are connected from there.
    TooMany,
}

impl Refusal {
    /// A word for the metrics.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Stranger => "unencrypted_stranger",
            Self::TooMany => "too_many_of_one_address",
        }
    }
}

/// Counts connections by address.
pub(super) struct Admission {
    addresses: Arc<ClientAddresses>,
    most: Most,
    connected: Arc<Mutex<Connected>>,
}

/// How many are connected.
#[derive(Default)]
struct Connected {
    all: usize,
    clients: HashMap<IpAddr, usize>,
    sites: HashMap<Ipv6Addr, usize>,
}

impl Admission {
    pub(super) fn new(addresses: Arc<ClientAddresses>, most: Most) -> Self {
        Self {
            addresses,
            most,
            connected: Arc::default(),
        }
    }

    /// Lets a peer in, for as long as what is returned lives.
    pub(super) fn admit(&self, peer: IpAddr, peers: Peers) -> Result<Admitted, Refusal> {
        let peer = peer.to_canonical();
        let is_proxy = self.addresses.is_trusted(peer);
        if peers == Peers::OursOnly && !is_proxy && !peer.is_loopback() {
            return Err(Refusal::Stranger);
        }
        let counted = Counted::of(peer);
        let mut connected = lock(&self.connected);
        if !is_proxy && !connected.has_room_for(counted, self.most) {
            return Err(Refusal::TooMany);
        }
        connected.add(counted);
        drop(connected);
        Ok(Admitted {
            counted,
            connected: Arc::clone(&self.connected),
        })
    }
}

impl Connected {
    fn has_room_for(&self, counted: Counted, most: Most) -> bool {
        let free = most.places.saturating_sub(self.all);
        let has_room = |count: Option<&usize>, of_one| {
            count.is_none_or(|count| *count < share(of_one, free, most.places))
        };
        has_room(self.clients.get(&counted.client), most.of_one_address)
            && counted
                .site
                .is_none_or(|site| has_room(self.sites.get(&site), most.of_one_site))
    }

    fn add(&mut self, counted: Counted) {
        self.all += 1;
        *self.clients.entry(counted.client).or_default() += 1;
        if let Some(site) = counted.site {
            *self.sites.entry(site).or_default() += 1;
        }
    }

    fn remove(&mut self, counted: Counted) {
        self.all -= 1;
        take_one(&mut self.clients, &counted.client);
        if let Some(site) = counted.site {
            take_one(&mut self.sites, &site);
        }
    }
}

/// What of `most` one may have while so many places are free; whoever has none gets one all the
/// same.
const fn share(most: usize, free: usize, places: usize) -> usize {
    most * free * free / (places * places)
}

fn take_one<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// A place that one connection takes.
pub(super) struct Admitted {
    counted: Counted,
    connected: Arc<Mutex<Connected>>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        lock(&self.connected).remove(self.counted);
    }
}

fn lock(connected: &Mutex<Connected>) -> MutexGuard<'_, Connected> {
    connected.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use shared::operate::settings::Cidrs;

    use super::*;

    const PLACES: usize = 2048;

    fn most_at(limit: &str) -> Most {
        Most::new(PLACES, RateLimit::parse(limit).unwrap())
    }

    #[test]
    fn one_address_may_connect_as_often_as_its_rate_limit_needs() {
        for (limit, address, site) in [
            ("1/1h", 128, 512),
            ("60/60s", 128, 512),
            ("600/60s", 1200, 2048),
            ("5/1s", 600, 2048),
            ("1000000/1s", 2048, 2048),
        ] {
            let most = most_at(limit);
            assert_eq!(
                (most.of_one_address, most.of_one_site),
                (address, site),
                "{limit}"
            );
        }
    }

    fn admission() -> Admission {
        let trusted = Cidrs::parse("10.0.0.0/8").unwrap();
        let most = most_at("60/60s");
        Admission::new(Arc::new(ClientAddresses::new(trusted)), most)
    }

    /// Takes what it gets.
    fn greedy(admission: &Admission, peer: IpAddr) -> Vec<Admitted> {
        let left = PLACES - lock(&admission.connected).all;
        std::iter::from_fn(|| admission.admit(peer, Peers::Anybody).ok())
            .take(left)
            .collect()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn unencrypted_pages_are_for_this_machine_and_our_proxies() {
        let admission = admission();
        for (peer, peers, allowed) in [
            ("127.0.0.1", Peers::OursOnly, true),
            ("::1", Peers::OursOnly, true),
            ("::ffff:10.1.2.3", Peers::OursOnly, true),
            ("192.0.2.1", Peers::OursOnly, false),
            ("192.0.2.1", Peers::Anybody, true),
        ] {
            assert_eq!(admission.admit(ip(peer), peers).is_ok(), allowed, "{peer}");
        }
    }

    #[test]
    fn one_address_has_so_many_places_and_gets_them_back() {
        let admission = admission();
        let one = ip("2001:db8::1");
        let mut places = greedy(&admission, one);
        assert!((110..=128).contains(&places.len()), "{}", places.len());
        let again = admission.admit(one, Peers::Anybody);
        assert_eq!(again.err(), Some(Refusal::TooMany));
        assert!(admission.admit(ip("2001:db8:9::1"), Peers::Anybody).is_ok());
        places.pop();
        assert!(admission.admit(one, Peers::Anybody).is_ok());
        drop(places);
        let connected = lock(&admission.connected);
        assert_eq!(connected.all, 0);
        assert!(connected.clients.is_empty() && connected.sites.is_empty());
        drop(connected);
        let proxied = greedy(&admission, ip("10.0.0.1"));
        assert_eq!(proxied.len(), PLACES, "proxies have no limit");
    }

    /// What is left when so many, one after the other, have taken what they get.
    fn left_by(attackers: impl IntoIterator<Item = IpAddr>) -> usize {
        let admission = admission();
        let attackers = attackers.into_iter();
        let places: Vec<_> = attackers.map(|peer| greedy(&admission, peer)).collect();
        PLACES - places.iter().map(Vec::len).sum::<usize>()
    }

    #[test]
    fn the_first_few_do_not_take_all_that_there_is() {
        let v4 = |count: u32| (0..count).map(|n| Ipv4Addr::from(0xC633_6400 + n).into());
        let of_sites = |count: u128| {
            let networks =
                move |site| (0..64_u128).map(move |network| (site << 80) | (network << 64));
            let all = (1..=count).flat_map(networks);
            all.map(|bits| Ipv6Addr::from((0x2001_0db8_u128 << 96) | bits).into())
        };
        for (name, left, expected) in [
            ("1 address", left_by(v4(1)), 1900..1950),
            ("16 addresses", left_by(v4(16)), 1000..1100),
            ("100 addresses", left_by(v4(100)), 250..350),
            ("300 addresses", left_by(v4(300)), 1..100),
            ("1 site", left_by(of_sites(1)), 1650..1750),
            ("16 sites", left_by(of_sites(16)), 400..500),
        ] {
            assert!(expected.contains(&left), "{name}: {left} are left");
        }
        assert_eq!(left_by(v4(500)), 0, "that many take all");
    }

    #[test]
    fn who_has_none_gets_one_while_any_is_free() {
        let admission = admission();
        let mut proxied = greedy(&admission, ip("10.0.0.1"));
        proxied.truncate(PLACES - 2);
        let newcomer = admission.admit(ip("192.0.2.1"), Peers::Anybody);
        assert!(newcomer.is_ok());
        let another = admission.admit(ip("192.0.2.1"), Peers::Anybody);
        assert_eq!(another.err(), Some(Refusal::TooMany));
    }
}
