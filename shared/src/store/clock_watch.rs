//! Whether the database's clock can be trusted with destroying what is over: one that was set ahead
//! for a moment must end nothing for good.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::time::{ClockId, clock_gettime};
use tokio_util::sync::CancellationToken;

use super::Database;
use crate::domain::clock::Timestamp;

/// A larger difference between the database's clock and this host's is somebody's mistake, whose
/// ever.
pub const SKEW_MILLIS: i64 = 120_000;

/// The database's clock goes as the host's steady one does, but for corrections up to this.
const JUMP_MILLIS: i64 = 30_000;

/// After a jump a clock is believed again once it has gone on so long from there, and agrees with
/// the host's.
const STEADY_MILLIS: i64 = 600_000;

/// How often to look, so that a jump is seen as one.
const EVERY: Duration = Duration::from_secs(10);

/// What is thought of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can be trusted.
    Sound,
    /// It is not where it was a moment ago, by so many milliseconds.
    Jumped(i64),
    /// It differs from this host's by so many milliseconds.
    Off(i64),
}

/// The clocks at one moment, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Clocks {
    /// The host's steady clock, from its start; it counts while the host sleeps.
    steady: i64,
    /// The host's time of day.
    host: i64,
    /// The database's time of day.
    database: i64,
}

impl Clocks {
    #[expect(
        clippy::disallowed_methods,
        reason = "it is compared with the database's"
    )]
    fn now(database: Timestamp) -> Self {
        let steady = clock_gettime(ClockId::Boottime);
        let host = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            steady: steady.tv_sec * 1000 + steady.tv_nsec / 1_000_000,
            host: i64::try_from(host.unwrap_or_default().as_millis()).unwrap_or(i64::MAX),
            database: database.as_millis(),
        }
    }

    /// How far the database's clock went more than the steady one since then.
    const fn drift_since(self, then: Self) -> i64 {
        (self.database - then.database) - (self.steady - then.steady)
    }
}

/// Remembers how the clocks stood.
#[derive(Debug, Default)]
pub(super) struct ClockWatch(Mutex<Memory>);

#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    sound: Option<Clocks>,
    /// Where the database's clock jumped to.
    jumped: Option<Clocks>,
}

impl ClockWatch {
    /// Looks at what the database's clock says now.
    pub(super) fn see(&self, database: Timestamp) -> Verdict {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.verdict(Clocks::now(database))
    }
}

impl Memory {
    fn verdict(&mut self, now: Clocks) -> Verdict {
        let skew = now.database - now.host;
        if skew.abs() > SKEW_MILLIS {
            return Verdict::Off(skew);
        }
        let drift = self.sound.map_or(0, |then| now.drift_since(then));
        if drift.abs() <= JUMP_MILLIS {
            *self = Self {
                sound: Some(now),
                jumped: None,
            };
            return Verdict::Sound;
        }
        let goes_on = |then: &Clocks| now.drift_since(*then).abs() <= JUMP_MILLIS;
        match self.jumped.filter(goes_on) {
            Some(then) if now.steady - then.steady >= STEADY_MILLIS => {
                *self = Self {
                    sound: Some(now),
                    jumped: None,
                };
                Verdict::Sound
            }
            Some(_) => Verdict::Jumped(drift),
            None => {
                self.jumped = Some(now);
                Verdict::Jumped(drift)
            }
        }
    }
}

/// Looks every so often, and tells when what is thought of the clock changes.
pub async fn keep(database: Database, tell: impl Fn(Verdict), stop: CancellationToken) {
    let mut known = Verdict::Sound;
    loop {
        // Whether the database answers is others' to tell.
        if let Ok(now) = database.clock().await {
            let verdict = database.clock_verdict(now);
            let was_sound = known == Verdict::Sound;
            match verdict {
                Verdict::Sound if !was_sound => {
                    tracing::info!("the database's clock can be trusted again");
                }
                Verdict::Jumped(millis) | Verdict::Off(millis) if was_sound => tracing::error!(
                    seconds = millis / 1000,
                    against = if matches!(verdict, Verdict::Off(_)) {
                        "this host's clock"
                    } else {
                        "itself a moment ago"
                    },
                    "the database's clock can't be trusted: nothing is destroyed for its age meanwhile"
                ),
                _ => {}
            }
            tell(verdict);
            known = verdict;
        }
        if stop
            .run_until_cancelled(tokio::time::sleep(EVERY))
            .await
            .is_none()
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const START: i64 = 1_795_000_000_000;

    /// The clocks so many minutes after the start, with the database's and the host's so many
    /// minutes off.
    fn at(minutes: i64, database: i64, host: i64) -> Clocks {
        let now = START + minutes * MINUTE;
        Clocks {
            steady: minutes * MINUTE,
            host: now + host * MINUTE,
            database: now + database * MINUTE,
        }
    }

    fn verdict(course: &[(i64, i64, i64)]) -> Vec<bool> {
        let mut memory = Memory::default();
        let verdicts = course
            .iter()
            .map(|&(minutes, database, host)| memory.verdict(at(minutes, database, host)));
        verdicts.map(|verdict| verdict == Verdict::Sound).collect()
    }

    #[test]
    fn a_clock_that_moved_is_not_believed_before_it_is_steady() {
        for (what, course, sound) in [
            (
                "goes on",
                vec![(0, 0, 0), (1, 0, 0), (600, 0, 0)],
                vec![true, true, true],
            ),
            (
                "ahead for a moment",
                vec![(0, 0, 0), (1, 61, 0), (2, 0, 0)],
                vec![true, false, true],
            ),
            (
                "ahead for a moment with its host",
                vec![(0, 0, 0), (1, 61, 61), (2, 0, 0)],
                vec![true, false, true],
            ),
            (
                "back",
                vec![(0, 0, 0), (1, -60, -60), (2, -60, -60)],
                vec![true, false, false],
            ),
            (
                "set right, and steady since",
                vec![(0, -1, 0), (1, 0, 0), (5, 0, 0), (11, 0, 0), (12, 0, 0)],
                vec![true, false, false, true, true],
            ),
            (
                "to and fro",
                vec![(0, 0, 0), (1, 1, 0), (6, -1, 0), (12, 1, 0), (18, 0, 0)],
                vec![true, false, false, false, true],
            ),
            (
                "off from the start",
                vec![(0, 3, 0), (100, 3, 0)],
                vec![false, false],
            ),
            (
                "a host that is off alone",
                vec![(0, 0, 0), (1, 0, 5), (2, 0, 0)],
                vec![true, false, true],
            ),
        ] {
            assert_eq!(verdict(&course), sound, "{what}");
        }
    }

    #[test]
    fn small_corrections_are_none() {
        let mut memory = Memory::default();
        for minute in 0..100 {
            let mut clocks = at(minute, 0, 0);
            clocks.database += minute * 900;
            clocks.host += minute * 900;
            assert_eq!(memory.verdict(clocks), Verdict::Sound);
        }
    }
}
