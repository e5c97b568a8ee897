//! Who may connect, and how many at a time.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::client_address::{ClientAddresses, Counted};

/// Connections of one client address at a time. Our own proxies have no such limit: everybody comes
/// through them.
const OF_ONE_ADDRESS: usize = 128;

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
pub(crate) struct Admission {
    addresses: Arc<ClientAddresses>,
    connected: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Admission {
    pub(crate) fn new(addresses: Arc<ClientAddresses>) -> Self {
        Self {
            addresses,
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
        let address = Counted::of(peer).client;
        let mut connected = lock(&self.connected);
        let count = connected.entry(address).or_default();
        if *count >= OF_ONE_ADDRESS && !is_proxy {
            return Err(Refusal::TooMany);
        }
        *count += 1;
        drop(connected);
        Ok(Admitted {
            address,
            connected: Arc::clone(&self.connected),
        })
    }
}

/// A place that one connection takes.
pub(super) struct Admitted {
    address: IpAddr,
    connected: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut connected = lock(&self.connected);
        if let Some(count) = connected.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                connected.remove(&self.address);
            }
        }
    }
}

fn lock(connected: &Mutex<HashMap<IpAddr, usize>>) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    connected.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use shared::settings::Cidrs;

    use super::*;

    fn admission() -> Admission {
        let trusted = Cidrs::parse("10.0.0.0/8").unwrap();
        Admission::new(Arc::new(ClientAddresses::new(trusted)))
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
        let stranger = || admission.admit(ip("2001:db8::1"), Peers::Anybody);
        let mut places: Vec<_> = (0..OF_ONE_ADDRESS).map(|_| stranger().ok()).collect();
        assert!(places.iter().all(Option::is_some));
        assert_eq!(stranger().err(), Some(Refusal::TooMany));
        assert!(admission.admit(ip("2001:db8:9::1"), Peers::Anybody).is_ok());
        places.pop();
        assert!(stranger().is_ok());
        drop(places);
        assert!(lock(&admission.connected).is_empty());
        let proxied: Vec<_> = (0..=OF_ONE_ADDRESS)
            .map(|_| admission.admit(ip("10.0.0.1"), Peers::Anybody).ok())
            .collect();
        assert!(proxied.iter().all(Option::is_some), "proxies have no limit");
    }
}
