//! Whether those who were refused lately have one address: then it is hardly an attack, but a whole
//! organization that comes from there, or a proxy that is not known as one.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    time::{Duration, Instant},
};

/// What is told is no older than [`PERIODS`] of these: an hour.
const PERIOD: Duration = Duration::from_mins(10);
const PERIODS: u32 = 6;

/// Most networks remembered of one period.
const NETWORKS: usize = 256;

/// How many were refused within the last hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refused {
    /// All of them.
    pub(crate) all: u64,
    /// Those of the network that was refused most. With more than [`NETWORKS`] of them it may be a
    /// few too low; one that had most of all stays known.
    pub(crate) of_one: u64,
}

/// Counts refusals by network. Addresses go no further than here.
pub(crate) struct Refusals {
    started: Instant,
    /// The newest last.
    periods: VecDeque<Period>,
}

#[derive(Default)]
struct Period {
    /// Counted from the start.
    number: u32,
    all: u64,
    /// As Misra and Gries count ("Finding repeated elements", 1982): whoever finds no room takes
    /// one off each of those that are there.
    networks: HashMap<IpAddr, u64>,
}

impl Refusals {
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            started: now,
            periods: VecDeque::new(),
        }
    }

    pub(crate) fn note(&mut self, network: IpAddr, now: Instant) {
        let number = self.forget_old(now);
        if self.periods.back().is_none_or(|last| last.number < number) {
            self.periods.push_back(Period {
                number,
                ..Period::default()
            });
        }
        if let Some(period) = self.periods.back_mut() {
            period.note(network);
        }
    }

    pub(crate) fn lately(&mut self, now: Instant) -> Refused {
        self.forget_old(now);
        let mut networks: HashMap<IpAddr, u64> = HashMap::new();
        for (network, count) in self.periods.iter().flat_map(|period| &period.networks) {
            *networks.entry(*network).or_default() += count;
        }
        Refused {
            all: self.periods.iter().map(|period| period.all).sum(),
            of_one: networks.into_values().max().unwrap_or(0),
        }
    }

    /// The number of the period that it is now.
    fn forget_old(&mut self, now: Instant) -> u32 {
        let passed = now.saturating_duration_since(self.started).as_secs() / PERIOD.as_secs();
        let number = u32::try_from(passed).unwrap_or(u32::MAX);
        let is_old = |period: &mut Period| period.number + PERIODS <= number;
        while self.periods.pop_front_if(is_old).is_some() {}
        number
    }
}

impl Period {
    fn note(&mut self, network: IpAddr) {
        self.all += 1;
        if let Some(count) = self.networks.get_mut(&network) {
            *count += 1;
        } else if self.networks.len() < NETWORKS {
            self.networks.insert(network, 1);
        } else {
            self.networks.retain(|_, count| {
                *count -= 1;
                *count > 0
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn network(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    #[test]
    fn one_address_among_a_flood_of_others_is_still_seen_and_memory_is_bounded() {
        let start = Instant::now();
        let mut refusals = Refusals::new(start);
        for number in 0..30_000 {
            refusals.note(network(2 + number), start);
            refusals.note(network(1), start);
            refusals.note(network(1), start);
        }
        let Refused { all, of_one } = refusals.lately(start);
        assert_eq!(all, 90_000);
        assert!(of_one <= 60_000 && of_one * 2 > all, "{of_one}");
        assert!(refusals.periods[0].networks.len() <= NETWORKS);
    }

    #[test]
    fn an_hour_is_remembered_and_no_more() {
        let start = Instant::now();
        let mut refusals = Refusals::new(start);
        for minute in 0..120 {
            let now = start + Duration::from_mins(minute);
            refusals.note(network(u32::try_from(minute % 2).unwrap()), now);
            let Refused { all, of_one } = refusals.lately(now);
            assert!((minute + 1).min(51) <= all && all <= 60, "{minute} {all}");
            assert_eq!(of_one, all.div_ceil(2));
            assert!(refusals.periods.len() <= 6);
        }
        let later = start + Duration::from_hours(3);
        assert_eq!(refusals.lately(later), Refused::default());
    }
}
