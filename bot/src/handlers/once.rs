//! What is done once, however often Slack delivers it, and what is said once.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use lru::LruCache;

/// Most triggers remembered: more than come within the minutes in which Slack repeats itself.
const CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_095);

/// The triggers of the commands that came. A command that Slack delivers again has another envelope
/// and the same trigger. Another process does not know of it: Slack then tells it that the trigger
/// was used.
pub(super) struct Triggers(Mutex<LruCache<String, ()>>);

impl Default for Triggers {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAPACITY)))
    }
}

impl Triggers {
    /// Whether it came for the first time.
    pub(super) fn is_new(&self, trigger_id: &str) -> bool {
        if trigger_id.is_empty() {
            return true;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.put(trigger_id.to_owned(), ()).is_none()
    }
}

/// Whether somebody knows how it went with what they did: they see it, or were told.
#[derive(Clone, Default)]
pub(super) struct Known(Arc<AtomicBool>);

impl Known {
    /// From now on they do. Says whether they did not before.
    pub(super) fn now(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_is_new_once_and_something_is_said_once() {
        let triggers = Triggers::default();
        assert!(triggers.is_new("1.a") && triggers.is_new("2.b"));
        assert!(!triggers.is_new("1.a"));
        assert!(triggers.is_new("") && triggers.is_new(""));
        let known = Known::default();
        assert!(known.clone().now());
        assert!(!known.now());
    }
}
