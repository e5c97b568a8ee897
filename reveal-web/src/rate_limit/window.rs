//! A true sliding window over a bounded number of clients.
//!
//! Each client's accepted requests of the last window are remembered one by one, so that no window,
//! wherever it begins, holds more than the limit. Memory is bounded: when as many clients as fit
//! are active, newcomers share one limit, until there is room again; then they are clients like
//! others. Who gets an entry after sharing may so have twice the limit within one window, and not
//! more: an entry is given up only when a whole window has passed since its last request.
//!
//! An IPv6 site (a /48) has 65,536 networks (/64), each of which is a client. So a site has a limit
//! of its own, a multiple of a client's, and an own share of the entries: beyond that its other
//! networks share one limit among themselves. What fills the entries is at least
//! [`Bounds::clients`] divided by [`Bounds::of_one_site`] sites.

use std::{
    collections::VecDeque,
    net::Ipv6Addr,
    time::{Duration, Instant},
};

use lru::LruCache;
use shared::operate::settings::RateLimit;

use crate::client_address::Counted;

/// Whether a request is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    /// Let through after this much time, unless others take what is free then. No more than a
    /// window.
    Refused {
        retry_after: Duration,
    },
}

/// How much is remembered, and what IPv6 sites may.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Most clients remembered. Of sites there are at most as many, and those that share a limit.
    pub(super) clients: usize,
    /// Most clients remembered of one site.
    pub(super) of_one_site: usize,
    /// How many times a client's limit a site has.
    pub(super) site_times: usize,
}

/// The windows of all clients.
#[cfg_attr(test, derive(Clone))]
pub(super) struct Windows {
    limit: usize,
    window: Duration,
    bounds: Bounds,
    started: Instant,
    /// Ordered by the last accepted request, oldest last.
    clients: LruCache<Counted, Accepted>,
    /// The same, of the sites that clients have had requests accepted from.
    sites: LruCache<Ipv6Addr, Site>,
    /// Of all those for whom there is no entry.
    overflow: Accepted,
}

impl Windows {
    pub(super) fn new(limit: RateLimit, bounds: Bounds, now: Instant) -> Self {
        Self {
            limit: limit.requests.get() as usize,
            window: limit.window,
            bounds,
            started: now,
            clients: LruCache::unbounded(),
            sites: LruCache::unbounded(),
            overflow: Accepted::default(),
        }
    }

    /// Decides about a request. `now` must not go backwards.
    pub(super) fn check(&mut self, client: Counted, now: Instant) -> Verdict {
        let now = now.saturating_duration_since(self.started);
        self.forget_idle(now);
        let entry = self.entry(client);
        let wait = self
            .wait_of_site(client, now)
            .max(self.wait_of(client, entry, now));
        if !wait.is_zero() {
            return Verdict::Refused { retry_after: wait };
        }
        self.note(client, entry, now);
        Verdict::Accepted
    }

    /// Clients whose last accepted request is out of the window are as good as new ones.
    fn forget_idle(&mut self, now: Duration) {
        while let Some((client, oldest)) = self.clients.peek_lru() {
            if !oldest.is_quiet(now, self.window) {
                break;
            }
            let site = client.site.and_then(|site| self.sites.peek_mut(&site));
            if let Some(site) = site {
                site.clients -= 1;
            }
            self.clients.pop_lru();
        }
        // A site's last request is no older than that of any of its clients.
        while let Some((_, oldest)) = self.sites.peek_lru() {
            if !oldest.accepted.is_quiet(now, self.window) {
                break;
            }
            self.sites.pop_lru();
        }
    }

    fn entry(&self, client: Counted) -> Entry {
        if self.clients.contains(&client) {
            return Entry::Own;
        }
        let site = client.site.and_then(|site| self.sites.peek(&site));
        let has_site_room = site.is_none_or(|site| site.clients < self.bounds.of_one_site);
        match (has_site_room, self.clients.len() < self.bounds.clients) {
            (true, true) => Entry::New,
            (false, true) => Entry::OfSite,
            (true, false) => Entry::OfAll,
            (false, false) => Entry::OfBoth,
        }
    }

    /// How long until the client's whole site has a request left.
    fn wait_of_site(&mut self, client: Counted, now: Duration) -> Duration {
        let limit = self.limit * self.bounds.site_times;
        let site = client.site.and_then(|site| self.sites.peek_mut(&site));
        site.map_or(Duration::ZERO, |site| {
            site.accepted.wait(now, self.window, limit)
        })
    }

    /// How long until the client has a request left by its own entry or by what it shares.
    fn wait_of(&mut self, client: Counted, entry: Entry, now: Duration) -> Duration {
        let (limit, window) = (self.limit, self.window);
        let site = client.site.and_then(|site| self.sites.peek_mut(&site));
        let of_site = site.map_or(Duration::ZERO, |site| site.rest.wait(now, window, limit));
        let of_all = self.overflow.wait(now, window, limit);
        let oldest = self.clients.peek_lru();
        let room = oldest.map_or(Duration::ZERO, |(_, oldest)| oldest.quiet_in(now, window));
        match entry {
            Entry::Own => self
                .clients
                .peek_mut(&client)
                .map_or(Duration::ZERO, |own| own.wait(now, window, limit)),
            Entry::New => Duration::ZERO,
            Entry::OfSite => of_site,
            Entry::OfAll => of_all.max(of_site).min(room),
            Entry::OfBoth => of_all.min(room).max(of_site),
        }
    }

    fn note(&mut self, client: Counted, entry: Entry, now: Duration) {
        let site = client
            .site
            .map(|site| self.sites.get_or_insert_mut(site, Site::default));
        if let Entry::Own | Entry::New = entry {
            let own = self.clients.get_or_insert_mut(client, Accepted::default);
            own.0.push_back(now);
        }
        if let Some(site) = site {
            site.accepted.0.push_back(now);
            match entry {
                Entry::Own => {}
                Entry::New => site.clients += 1,
                Entry::OfSite | Entry::OfAll | Entry::OfBoth => site.rest.0.push_back(now),
            }
        }
        if let Entry::OfAll | Entry::OfBoth = entry {
            self.overflow.0.push_back(now);
        }
    }
}

/// What a client is counted by besides its site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    /// Its own entry, which is there.
    Own,
    /// Its own entry, for which there is room.
    New,
    /// What the networks of its site share, as the site has its share of entries.
    OfSite,
    /// What everybody without an entry shares, as there is no room. IPv6 clients count by their
    /// site too, so that nobody has a third limit who comes from there to here.
    OfAll,
    /// Both.
    OfBoth,
}

/// The requests of an IPv6 site.
#[derive(Default)]
#[cfg_attr(test, derive(Clone))]
struct Site {
    /// All of them.
    accepted: Accepted,
    /// Those of clients without an entry.
    rest: Accepted,
    /// How many of its clients have one.
    clients: usize,
}

/// Accepted requests of the last window, as times since the start, oldest first.
#[derive(Default)]
#[cfg_attr(test, derive(Clone))]
struct Accepted(VecDeque<Duration>);

impl Accepted {
    /// How long until there are fewer than `limit` in the window.
    fn wait(&mut self, now: Duration, window: Duration, limit: usize) -> Duration {
        while self.0.front().is_some_and(|oldest| now >= *oldest + window) {
            self.0.pop_front();
        }
        match self.0.front() {
            Some(oldest) if self.0.len() >= limit => (*oldest + window).saturating_sub(now),
            _ => Duration::ZERO,
        }
    }

    /// How long until none is in the window.
    fn quiet_in(&self, now: Duration, window: Duration) -> Duration {
        let newest = self.0.back();
        newest.map_or(Duration::ZERO, |newest| {
            (*newest + window).saturating_sub(now)
        })
    }

    fn is_quiet(&self, now: Duration, window: Duration) -> bool {
        self.quiet_in(now, window).is_zero()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;
    use crate::rate_limit::layer::BOUNDS;

    const WINDOW: Duration = Duration::from_mins(1);

    fn windows(clients: usize, start: Instant) -> Windows {
        let bounds = Bounds { clients, ..BOUNDS };
        Windows::new(RateLimit::parse("60/60s").unwrap(), bounds, start)
    }

    fn v4(number: u32) -> Counted {
        Counted::of(IpAddr::V4(Ipv4Addr::from(number)))
    }

    /// A network of a site, of which there are 65,536 each.
    fn v6(site: u32, network: u32) -> Counted {
        let site = (0x2001_0db8 << 96) | (u128::from(site) << 80);
        let network = u128::from(network % 65_536) << 64;
        Counted::of(IpAddr::V6(Ipv6Addr::from(site | network)))
    }

    #[test]
    fn the_sixty_first_request_waits_until_the_first_is_a_window_old() {
        let start = Instant::now();
        let mut windows = windows(10, start);
        for _ in 0..60 {
            assert_eq!(windows.check(v4(1), start), Verdict::Accepted);
        }
        let later = start + Duration::from_millis(59_999);
        let retry_after = Duration::from_millis(1);
        let refused = Verdict::Refused { retry_after };
        assert_eq!(windows.check(v4(1), later), refused);
        assert_eq!(windows.check(v4(2), later), Verdict::Accepted);
        assert_eq!(windows.check(v4(1), later + retry_after), Verdict::Accepted);
    }

    #[test]
    fn a_flood_of_clients_is_bounded_and_gets_one_share_together() {
        let start = Instant::now();
        let mut windows = windows(1_000, start);
        let accepted = (0..1_000_000)
            .filter(|client| windows.check(v4(*client), start) == Verdict::Accepted)
            .count();
        assert_eq!(accepted, 1_000 + 60);
        assert_eq!(windows.clients.len(), 1_000);
        assert_eq!(
            windows.check(v4(7), start),
            Verdict::Accepted,
            "known clients keep their own"
        );
        windows.check(v4(2_000_000), start + WINDOW);
        assert_eq!(
            windows.clients.len(),
            1,
            "the flood is forgotten after a window"
        );
    }

    #[test]
    fn newcomers_get_an_entry_as_soon_as_there_is_room_whoever_still_shares() {
        let start = Instant::now();
        let mut windows = windows(1, start);
        windows.check(v4(1), start);
        let later = start + WINDOW / 2;
        for _ in 0..60 {
            assert_eq!(windows.check(v4(2), later), Verdict::Accepted);
        }
        let retry_after = WINDOW / 2;
        let refused = Verdict::Refused { retry_after };
        assert_eq!(windows.check(v4(3), later), refused);
        // The overflow is full for as long again, and there is an entry now.
        assert_eq!(windows.check(v4(3), start + WINDOW), Verdict::Accepted);
        assert!(windows.clients.contains(&v4(3)));
    }

    #[test]
    fn one_site_has_a_multiple_of_the_limit_and_a_share_of_the_entries() {
        let start = Instant::now();
        let limit = RateLimit::parse("1000/60s").unwrap();
        let mut windows = Windows::new(limit, BOUNDS, start);
        let accepted = (0..65_536)
            .filter(|network| windows.check(v6(1, *network), start) == Verdict::Accepted)
            .count();
        assert_eq!(accepted, BOUNDS.of_one_site + 1_000, "the rest share one");
        assert_eq!(windows.clients.len(), BOUNDS.of_one_site);
        let mut windows = self::windows(BOUNDS.clients, start);
        let accepted = (0..65_536)
            .filter(|network| windows.check(v6(1, *network), start) == Verdict::Accepted)
            .count();
        assert_eq!(accepted, 60 * 16);
        let retry_after = WINDOW;
        let refused = Verdict::Refused { retry_after };
        assert_eq!(windows.check(v6(1, 7), start), refused);
        assert_eq!(windows.check(v6(2, 7), start), Verdict::Accepted);
        assert_eq!(windows.check(v6(1, 7), start + WINDOW), Verdict::Accepted);
        assert_eq!((windows.clients.len(), windows.sites.len()), (1, 1));
    }

    /// People who come one after the other while somebody attacks, and try again when they were
    /// told to and a little later; how long each was kept out.
    fn kept_out(sites: u32, first_comes: u64) -> Vec<Duration> {
        let start = Instant::now();
        let mut windows = windows(BOUNDS.clients, start);
        let step = Duration::from_micros(200);
        let drip = Duration::from_millis(800);
        let arrivals = (0..30_u32).map(|n| {
            let odd = Duration::from_millis(u64::from(n) * 7_919 % 10_000);
            Duration::from_secs(first_comes) + n * Duration::from_secs(10) + odd
        });
        let mut people: Vec<_> = arrivals.map(|at| (at, at)).zip(1_000..).collect();
        let mut waited = Vec::new();
        let mut now = Duration::ZERO;
        let mut sprayed = 0;
        while now < Duration::from_mins(15) {
            let at = start + now;
            if sprayed < 65_536 {
                windows.check(v6(sprayed % sites, sprayed), at);
                sprayed += 1;
            } else if now.as_micros().is_multiple_of(drip.as_micros()) {
                windows.check(v4(1), at);
            }
            people.retain_mut(|((came, tries), person)| {
                if *tries > now {
                    return true;
                }
                match windows.check(v4(*person), at) {
                    Verdict::Accepted => waited.push(now.saturating_sub(*came)),
                    Verdict::Refused { retry_after } => {
                        let odd = now.as_millis() * 911 % 5_000;
                        let odd = Duration::from_millis(u64::try_from(odd).unwrap());
                        *tries = now + retry_after + odd;
                        return true;
                    }
                }
                false
            });
            now += step;
        }
        waited.extend(
            people
                .into_iter()
                .map(|((came, _), _)| now.saturating_sub(came)),
        );
        waited
    }

    /// Fourteen seconds of one site or of many, and then 1.25 requests a second of one address.
    /// When newcomers had to share until the shared limit was quiet, 26 of 30 who came while the
    /// entries were full were refused at first and kept out for up to 4.5 minutes, and those who
    /// came later were all kept out for as long as it went on.
    #[test]
    fn neither_one_site_nor_many_keep_newcomers_out() {
        for (sites, first_comes) in [(1, 20), (1, 80), (128, 20), (128, 80)] {
            let waited = kept_out(sites, first_comes);
            assert_eq!(waited, [Duration::ZERO; 30], "{sites} {first_comes}");
        }
    }

    /// Clients of which some share a site.
    fn client(number: u32) -> Counted {
        match number {
            0..3 => v4(number),
            _ => v6(number % 2, number),
        }
    }

    fn bounds() -> impl Strategy<Value = Bounds> {
        let numbers = (1..6_usize, 1..4_usize, 1..4_usize);
        numbers.prop_map(|(clients, of_one_site, site_times)| Bounds {
            clients,
            of_one_site,
            site_times,
        })
    }

    /// The most that any window of ten seconds holds.
    fn most(times: &[u64]) -> usize {
        let within = |from: u64| {
            let window = from..from + 10_000;
            times.iter().filter(|at| window.contains(at)).count()
        };
        times.iter().map(|from| within(*from)).max().unwrap_or(0)
    }

    proptest! {
        /// Whatever the times and however full it is: no client has more than twice the limit in
        /// any window, nor more than once it if it always had its own entry, no site more than its
        /// multiple; who is refused is told when to come back, and memory is bounded.
        #[test]
        fn no_window_holds_more_than_the_limit(
            requests in prop::collection::vec((0..9_u32, 0..1_500_u64), 1..600),
            bounds in bounds(),
        ) {
            let start = Instant::now();
            let limit = RateLimit::parse("5/10s").unwrap();
            let mut windows = Windows::new(limit, bounds, start);
            let mut at = 0;
            let mut accepted: Vec<Vec<u64>> = vec![Vec::new(); 9];
            let mut has_shared = [false; 9];
            for (number, pause) in requests {
                at += pause;
                let now = start + Duration::from_millis(at);
                match windows.check(client(number), now) {
                    Verdict::Accepted => accepted[number as usize].push(at),
                    Verdict::Refused { retry_after } => {
                        prop_assert!(retry_after > Duration::ZERO && retry_after <= limit.window);
                        let again = windows.clone().check(client(number), now + retry_after);
                        prop_assert_eq!(again, Verdict::Accepted);
                    }
                }
                has_shared[number as usize] |= !windows.clients.contains(&client(number));
                prop_assert!(windows.clients.len() <= bounds.clients);
                prop_assert!(windows.sites.len() <= bounds.clients + 5);
                let of_sites: usize = windows.sites.iter().map(|(_, site)| site.clients).sum();
                let with_site = windows.clients.iter().filter(|(client, _)| client.site.is_some());
                prop_assert_eq!(of_sites, with_site.count());
            }
            for (times, has_shared) in accepted.iter().zip(has_shared) {
                let times_over = if has_shared { 2 } else { 1 };
                prop_assert!(most(times) <= 5 * times_over, "{times:?}");
            }
            for site in [0, 1] {
                let of_site = accepted.iter().zip(0..).filter(|(_, number)| *number >= 3 && number % 2 == site);
                let mut times: Vec<_> = of_site.flat_map(|(times, _)| times.clone()).collect();
                times.sort_unstable();
                prop_assert!(most(&times) <= 5 * bounds.site_times, "{times:?}");
            }
        }
    }
}
