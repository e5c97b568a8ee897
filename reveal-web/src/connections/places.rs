//! How many connections there can be at a time.

use rustix::process::{Resource, getrlimit};

/// Most connections at a time, of all listeners together; more wait to be accepted.
const MOST: usize = 2048;

/// Files that the process needs besides: the database's connections, listeners, health, log,
/// certificate, and those that an operator adds.
const OTHER_FILES: usize = 128;

/// As many as the limit of open files allows: each connection is one.
pub(super) fn most() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    let limit = limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    let places = within(limit);
    if places < MOST {
        tracing::warn!(
            open_files = limit,
            connections = places,
            most = MOST,
            "the limit of open files allows fewer connections at a time than there could be"
        );
    }
    places
}

/// Half of a limit that leaves hardly anything.
fn within(limit: usize) -> usize {
    limit.saturating_sub(OTHER_FILES).max(limit / 2).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_left_for_the_rest() {
        for (limit, places) in [
            (usize::MAX, 2048),
            (4096, 2048),
            (2176, 2048),
            (1024, 896),
            (256, 128),
            (64, 32),
        ] {
            assert_eq!(within(limit), places, "{limit}");
        }
    }
}
