//! What goes wrong with round trips to MySQL.

use std::time::Duration;

use rand::{RngExt as _, rngs::StdRng};

use crate::mysql_proxy::{DEADLOCK, Fault, Hold, INTERRUPTED, LOCK_WAIT_TIMEOUT, Trip};

/// The round trips of transactions.
pub(super) const TRIPS: [Trip; 5] = [
    Trip::Whole,
    Trip::Begin,
    Trip::Inside,
    Trip::Commit,
    Trip::Rollback,
];

/// Any fault, by name.
pub(super) fn any_fault(random: &mut StdRng) -> (&'static str, Fault) {
    let time = Duration::from_millis(random.random_range(100..8000));
    match random.random_range(0..8) {
        0 => ("lock wait", Fault::Error(LOCK_WAIT_TIMEOUT)),
        1 => ("deadlock", Fault::Error(DEADLOCK)),
        2 => ("interruption", Fault::Error(INTERRUPTED)),
        3 => ("cut before", Fault::CutBefore),
        4 => ("cut after", Fault::CutAfter),
        5 => ("late after a cut", Fault::DoneAfterCut(time / 4)),
        6 => ("held", Fault::Held(Hold::For(time))),
        _ => ("swallowed", Fault::Swallowed(Hold::For(time))),
    }
}
