//! What goes wrong with one round trip.

use std::time::Duration;

/// The lock was not given in time: the statement is undone, the transaction goes on.
pub const LOCK_WAIT_TIMEOUT: u16 = 1205;
/// The whole transaction is undone.
pub const DEADLOCK: u16 = 1213;
/// Somebody ended the statement (`KILL QUERY`, a time limit).
pub const INTERRUPTED: u16 = 1317;

/// What goes wrong with one round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server did not do it, and says so by this error. After [`DEADLOCK`] it has undone the
    /// transaction too.
    Error(u16),
    /// The connection is cut before the server gets it.
    CutBefore,
    /// The server does it, and the connection is cut before it says so.
    CutAfter,
    /// The connection is cut, and the server, which has it already, does it so much later.
    DoneAfterCut(Duration),
    /// The server does it, and says so late.
    Held(Hold),
    /// The server never gets it, and the client hears nothing; in the end the connection is cut.
    Swallowed(Hold),
}

/// For how long nothing is heard; never longer than until the test says that it is over
/// ([`Watch::release`](super::Watch::release)), or forgets its watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// So long.
    For(Duration),
    /// For ever.
    UntilReleased,
}

/// What belongs to an error's number.
pub(super) const fn state_and_text(number: u16) -> (&'static str, &'static str) {
    match number {
        LOCK_WAIT_TIMEOUT => (
            "HY000",
            "Lock wait timeout exceeded; try restarting transaction",
        ),
        DEADLOCK => (
            "40001",
            "Deadlock found when trying to get lock; try restarting transaction",
        ),
        INTERRUPTED => ("70100", "Query execution was interrupted"),
        _ => ("HY000", "a fault of the tests"),
    }
}
