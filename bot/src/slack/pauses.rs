//! Slack's announced pauses: `Retry-After` holds for a method and a workspace, that is for whatever
//! this process asks by that method, not only for the call that was refused. Calls into a pause
//! would only be refused, too.
//!
//! Source: <https://docs.slack.dev/apis/web-api/rate-limits>.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::Method;

/// The pause when Slack says none, or nothing that can be read.
const SHORTEST: Duration = Duration::from_secs(1);

/// Longest pause kept: after that, Slack is asked again.
pub(super) const LONGEST: Duration = Duration::from_hours(1);

/// When each method may be called again.
#[derive(Default)]
pub(super) struct Pauses {
    not_before: Mutex<HashMap<Method, Instant>>,
}

impl Pauses {
    /// What is left of a method's pause.
    pub(super) fn rest(&self, method: Method) -> Option<Duration> {
        let mut not_before = self.lock();
        let end = *not_before.get(&method)?;
        let rest = end.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            not_before.remove(&method);
            return None;
        }
        Some(rest)
    }

    /// Notes that Slack wants a method to be left alone. What was announced before is not
    /// shortened.
    pub(super) fn announce(&self, method: Method, retry_after: Option<Duration>) {
        if !holds_for_others(method) {
            return;
        }
        let pause = retry_after.unwrap_or(SHORTEST).clamp(SHORTEST, LONGEST);
        let end = Instant::now() + pause;
        let mut not_before = self.lock();
        let kept = not_before.entry(method).or_insert(end);
        *kept = (*kept).max(end);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Method, Instant>> {
        self.not_before
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a pause is about other calls, too. Each `response_url` has its own limit, and
/// connections have the turnstile, where they wait in line. Dialogs are held back as well: their
/// triggers don't live that long, but Slack would only refuse them.
const fn holds_for_others(method: Method) -> bool {
    !matches!(method, Method::Respond | Method::OpenConnection)
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_its_method_until_it_is_over() {
        let pauses = Pauses::default();
        assert_eq!(pauses.rest(Method::PostMessage), None);
        pauses.announce(Method::PostMessage, Some(8 * SECOND));
        assert_eq!(pauses.rest(Method::PostMessage), Some(8 * SECOND));
        assert_eq!(pauses.rest(Method::UpdateMessage), None);
        advance(5 * SECOND).await;
        pauses.announce(Method::PostMessage, Some(SECOND));
        assert_eq!(pauses.rest(Method::PostMessage), Some(3 * SECOND), "kept");
        pauses.announce(Method::PostMessage, Some(4 * SECOND));
        assert_eq!(pauses.rest(Method::PostMessage), Some(4 * SECOND), "longer");
        advance(4 * SECOND).await;
        assert_eq!(pauses.rest(Method::PostMessage), None);
    }

    #[tokio::test(start_paused = true)]
    async fn every_announcement_becomes_a_pause_that_ends() {
        for (announced, kept) in [
            (None, SECOND),
            (Some(Duration::ZERO), SECOND),
            (Some(Duration::from_millis(300)), SECOND),
            (
                Some(Duration::from_millis(1_500)),
                Duration::from_millis(1_500),
            ),
            (Some(30 * SECOND), 30 * SECOND),
            (Some(LONGEST + SECOND), LONGEST),
            (Some(Duration::MAX), LONGEST),
        ] {
            let pauses = Pauses::default();
            pauses.announce(Method::UsersInfo, announced);
            assert_eq!(pauses.rest(Method::UsersInfo), Some(kept), "{announced:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn every_method_is_held_back_but_those_that_have_limits_of_their_own() {
        for method in Method::ALL {
            let pauses = Pauses::default();
            pauses.announce(*method, Some(SECOND));
            let own = ["response_url", "apps.connections.open"].contains(&method.as_str());
            assert_eq!(pauses.rest(*method).is_none(), own, "{}", method.as_str());
        }
    }
}
