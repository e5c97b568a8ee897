//! Which round trips are one operation's, and which of them goes wrong.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::watch, time::timeout};

use super::{
    command::Command,
    fault::{Fault, Hold},
};

/// A program that asks nothing for so long has got on with something else.
const AT_REST_AFTER: Duration = Duration::from_millis(200);

/// What a round trip does, as the protocol tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trip {
    /// A statement outside any transaction.
    Alone,
    /// A stored procedure: a transaction from its begin to its COMMIT.
    Whole,
    /// It begins a transaction.
    Begin,
    /// A statement in a transaction.
    Inside,
    /// It ends the transaction.
    Commit,
    /// It undoes the transaction.
    Rollback,
}

/// Which round trip goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// The one with this number, from 0.
    Nth(usize),
    /// The first one that is not the transaction's, after a COMMIT or a whole transaction.
    AfterCommit,
    /// Each that does this.
    Every(Trip),
}

/// Whose transactions are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Of a program that does nothing else: all.
    All,
    /// Those in which something watched for is named, from there on: their BEGIN does not count.
    Naming,
}

/// One operation, watched from a mark on, until this is dropped: statements outside transactions
/// when they carry something that is watched for, and transactions.
pub struct Watch(Arc<Watched>);

/// What connections know of a watch.
pub(super) struct Watched {
    whose: Whose,
    /// Any of these, as it stands in a statement's parameters.
    names: Vec<Vec<u8>>,
    aims: Vec<(Aim, Fault)>,
    seen: Mutex<Seen>,
    hits: watch::Sender<usize>,
    released: watch::Sender<bool>,
    /// A connection that is held up may still know of it.
    is_over: AtomicBool,
}

#[derive(Default)]
struct Seen {
    trips: Vec<Trip>,
    is_committed: bool,
    /// Aims that were hit and go wrong once only.
    done: Vec<Aim>,
}

impl Watch {
    pub(super) fn new(whose: Whose, names: &[&[u8]], aims: &[(Aim, Fault)]) -> Self {
        Self(Arc::new(Watched {
            whose,
            names: names.iter().map(|name| name.to_vec()).collect(),
            aims: aims.to_vec(),
            seen: Mutex::default(),
            hits: watch::Sender::new(0),
            released: watch::Sender::new(false),
            is_over: AtomicBool::new(false),
        }))
    }

    pub(super) fn seen_by(&self) -> Weak<Watched> {
        Arc::downgrade(&self.0)
    }

    /// The round trips so far.
    #[must_use]
    pub fn trips(&self) -> Vec<Trip> {
        self.0.seen().trips.clone()
    }

    /// How often something went wrong so far. A fault counts when the server did what it still does
    /// before the fault shows.
    #[must_use]
    pub fn hits(&self) -> usize {
        *self.0.hits.borrow()
    }

    /// Waits until something goes wrong.
    pub async fn hit(&self) {
        let mut hits = self.0.hits.subscribe();
        hits.wait_for(|hits| *hits > 0).await.unwrap();
    }

    /// Waits until the operation has had nothing to do for a while: no round trip is under way, no
    /// transaction open.
    pub async fn is_at_rest(&self) {
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < AT_REST_AFTER {
            // A connection that is busy with it knows it.
            if Arc::strong_count(&self.0) > 1 {
                quiet_since = Instant::now();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Lets everything go on that is held until now, or would be.
    pub fn release(&self) {
        self.0.released.send_replace(true);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
        self.release();
    }
}

impl Watched {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn is_named_in(&self, payload: &[u8]) -> bool {
        self.names.iter().any(|name| {
            payload
                .windows(name.len())
                .any(|window| window == name.as_slice())
        })
    }

    /// Notes a round trip that is this operation's; what goes wrong with it.
    fn note(&self, trip: Trip) -> Option<Fault> {
        let mut seen = self.seen();
        let number = seen.trips.len();
        let begins = matches!(trip, Trip::Alone | Trip::Begin | Trip::Whole);
        let is_after_commit = seen.is_committed && begins;
        seen.trips.push(trip);
        seen.is_committed |= matches!(trip, Trip::Commit | Trip::Whole);
        let hit = self.aims.iter().find(|(aim, _)| match aim {
            Aim::Nth(nth) => *nth == number,
            Aim::AfterCommit => is_after_commit && !seen.done.contains(aim),
            Aim::Every(which) => *which == trip,
        });
        hit.map(|(aim, fault)| {
            seen.done.push(*aim);
            *fault
        })
    }

    pub(super) fn is_hit(&self) {
        self.hits.send_modify(|hits| *hits += 1);
    }

    /// Whether what begins now is watched.
    pub(super) fn is_on(&self) -> bool {
        !self.is_over.load(Ordering::SeqCst)
    }

    pub(super) async fn wait(&self, hold: Hold) {
        let mut released = self.released.subscribe();
        let released = released.wait_for(|released| *released);
        match hold {
            Hold::For(time) => drop(timeout(time, released).await),
            Hold::UntilReleased => drop(released.await),
        }
    }
}

/// Where a connection stands, as its client sees it.
#[derive(Default)]
pub(super) struct Standing {
    in_transaction: bool,
    /// Whose transaction it is.
    of: Option<Arc<Watched>>,
}

impl Standing {
    /// Whose round trip a command is, and what goes wrong with it.
    pub(super) fn trip(
        &mut self,
        command: Command,
        payload: &[u8],
        watches: &[Arc<Watched>],
    ) -> Option<(Arc<Watched>, Option<Fault>)> {
        let (trip, whose) = match command {
            Command::Begin => {
                self.of = watches
                    .iter()
                    .find(|watch| watch.whose == Whose::All)
                    .cloned();
                // Where every BEGIN goes wrong it does not matter whose it is.
                let any = || {
                    let every = |watch: &&Arc<Watched>| {
                        let mut aims = watch.aims.iter();
                        aims.any(|(aim, _)| *aim == Aim::Every(Trip::Begin))
                    };
                    watches.iter().find(every).cloned()
                };
                (Trip::Begin, self.of.clone().or_else(any)?)
            }
            Command::Statement if self.in_transaction => {
                let named = || {
                    let mut watches = watches.iter();
                    watches.find(|watch| watch.is_named_in(payload)).cloned()
                };
                self.of = self.of.take().or_else(named);
                (Trip::Inside, self.of.clone()?)
            }
            Command::Statement => {
                let mut watches = watches.iter();
                let named = watches.find(|watch| watch.is_named_in(payload));
                (Trip::Alone, named.cloned()?)
            }
            Command::Transaction => {
                let mut watches = watches.iter();
                let named = watches.find(|watch| watch.is_named_in(payload));
                (Trip::Whole, named.cloned()?)
            }
            Command::Commit => (Trip::Commit, self.of.clone()?),
            Command::Rollback => (Trip::Rollback, self.of.clone()?),
            Command::Execute(_)
            | Command::Prepare(_)
            | Command::OfConnection
            | Command::Unanswered => return None,
        };
        let fault = whose.note(trip);
        Some((whose, fault))
    }

    /// The client was answered.
    pub(super) fn answered(&mut self, command: Command, is_error: bool) {
        match command {
            Command::Begin => self.in_transaction = !is_error,
            Command::Commit if is_error => {}
            Command::Commit | Command::Rollback => *self = Self::default(),
            _ => {}
        }
        if !self.in_transaction {
            self.of = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Command = Command::Statement;

    fn run(watch: &Watch, standing: &mut Standing, command: Command, payload: &[u8]) -> bool {
        let watches = [Arc::clone(&watch.0)];
        let trip = standing.trip(command, payload, &watches);
        standing.answered(command, false);
        trip.is_some_and(|(_, fault)| fault.is_some())
    }

    #[test]
    fn an_operation_is_what_names_it_and_its_transaction() {
        let aims = [
            (Aim::Nth(2), Fault::CutBefore),
            (Aim::AfterCommit, Fault::CutAfter),
        ];
        for (whose, trips) in [(Whose::All, 6), (Whose::Naming, 5)] {
            let watch = Watch::new(whose, &[b"me"], &aims);
            let (mut one, mut other) = (Standing::default(), Standing::default());
            let mut hits = Vec::new();
            for (command, payload) in [
                (ALONE, &b"other"[..]),
                (ALONE, b"about me"),
                (Command::Begin, b""),
                (ALONE, b"about me"),
                (ALONE, b"in the same transaction"),
                (Command::Commit, b""),
                (ALONE, b"other"),
            ] {
                hits.push(run(&watch, &mut one, command, payload));
                run(&watch, &mut other, Command::OfConnection, b"me");
            }
            hits.push(run(&watch, &mut other, ALONE, b"did it come to me"));
            hits.push(run(&watch, &mut other, ALONE, b"and me again"));
            let expected = match whose {
                Whose::All => [false, false, false, true, false, false, false, true, false],
                Whose::Naming => [false, false, false, false, true, false, false, true, false],
            };
            assert_eq!(hits, expected, "{whose:?}");
            assert_eq!(watch.trips().len(), trips + 1);
        }
    }

    #[test]
    fn a_transaction_of_others_is_theirs() {
        let watch = Watch::new(Whose::Naming, &[b"me"], &[]);
        let mut standing = Standing::default();
        for (command, payload) in [
            (Command::Begin, &b""[..]),
            (ALONE, b"theirs"),
            (Command::Rollback, b""),
            (ALONE, b"theirs"),
        ] {
            run(&watch, &mut standing, command, payload);
        }
        assert_eq!(watch.trips(), []);
    }

    #[tokio::test]
    async fn what_is_held_goes_on_when_released_or_forgotten() {
        let watch = Watch::new(Whose::All, &[], &[]);
        let held = Arc::clone(&watch.0);
        let waiting = tokio::spawn(async move { held.wait(Hold::UntilReleased).await });
        drop(watch);
        waiting.await.unwrap();
    }
}
