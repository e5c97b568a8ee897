//! Whether Slack takes messages from this app at all, as far as this process has seen.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shared::domain::ids::UserId;
use tokio::time::Instant;

use crate::slack::advice_for;

/// How long nothing else is tried after a refusal that is meant for all.
const REST: Duration = Duration::from_secs(5);

/// How often operators are told, while it lasts.
const REMIND_EVERY: Duration = Duration::from_mins(10);

/// What was seen.
#[derive(Default)]
pub(crate) struct Outage(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// `None` while messages are taken.
    refused: Option<Refusals>,
    told_at: Option<Instant>,
}

/// Refusals since a message was last taken.
struct Refusals {
    /// Slack's code.
    code: String,
    last: Instant,
    /// Who could not be written to at first, and whether others could not either.
    addressee: UserId,
    has_others: bool,
}

impl Outage {
    /// Slack refuses the app as a whole, when it was to write to somebody.
    pub(crate) fn refused(&self, code: &str, addressee: &UserId) {
        let now = Instant::now();
        let mut seen = self.lock();
        let before = seen.refused.take();
        let (first, has_others) = before.map_or((addressee.clone(), false), |before| {
            let has_others = before.has_others || before.addressee != *addressee;
            (before.addressee, has_others)
        });
        seen.refused = Some(Refusals {
            code: code.to_owned(),
            last: now,
            addressee: first,
            has_others,
        });
        let is_due = seen
            .told_at
            .is_none_or(|told_at| now.duration_since(told_at) >= REMIND_EVERY);
        if is_due {
            seen.told_at = Some(now);
            tracing::error!(
                code,
                advice = advice_for(code),
                "Slack takes no messages from this app: what is to be delivered waits"
            );
        }
    }

    /// A message was taken. Says whether none were before.
    pub(crate) fn is_over(&self) -> bool {
        let was_on = self.lock().refused.take().is_some();
        if was_on {
            tracing::info!("Slack takes messages from this app again");
        }
        was_on
    }

    /// The code of a refusal so recent that nothing else is to be tried yet; none while it may be
    /// one addressee alone who can't be reached.
    pub(crate) fn rests(&self) -> Option<String> {
        let seen = self.lock();
        let refused = seen.refused.as_ref()?;
        let is_recent = refused.last.elapsed() < REST;
        (is_recent && refused.has_others).then(|| refused.code.clone())
    }

    /// The code by which messages are refused; `None` while they are taken.
    pub(crate) fn code(&self) -> Option<String> {
        let seen = self.lock();
        seen.refused.as_ref().map(|refused| refused.code.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_for_all_nothing_is_tried_for_a_while() {
        let outage = Outage::default();
        assert_eq!((outage.rests(), outage.is_over()), (None, false));
        let [bob, alice] = ["U0BOB", "U0ALICE"].map(|id| UserId::parse(id).unwrap());
        for _ in 0..2 {
            outage.refused("messages_tab_disabled", &bob);
            assert_eq!(outage.rests(), None, "it may be Bob alone");
        }
        outage.refused("messages_tab_disabled", &alice);
        assert_eq!(outage.rests().as_deref(), Some("messages_tab_disabled"));
        tokio::time::advance(REST).await;
        assert_eq!(outage.rests(), None);
        assert_eq!(outage.code().as_deref(), Some("messages_tab_disabled"));
        assert!(outage.is_over() && !outage.is_over());
        assert_eq!(outage.code(), None);
    }
}
