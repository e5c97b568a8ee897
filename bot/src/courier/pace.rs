//! One message a second to each person, and one at a time, so that they arrive in order.
//! Source: <https://docs.slack.dev/apis/web-api/rate-limits>.

use std::{collections::HashMap, time::Duration};

use shared::domain::ids::UserId;
use tokio::{
    task::{Id, JoinError},
    time::Instant,
};

/// The pause between two messages in one conversation.
const SPACING: Duration = Duration::from_secs(1);

/// Who can't be written to just now.
///
/// It is this process's own: other bots keep their own pace, and where that is too much together,
/// Slack says so and is obeyed.
#[derive(Default)]
pub(super) struct Pace {
    /// Who is written to, by the task that does.
    written_to: HashMap<Id, UserId>,
    /// Who was written to a moment ago, and when they may be again.
    resting: HashMap<UserId, Instant>,
}

impl Pace {
    /// Whom to leave alone now.
    pub(super) fn busy(&mut self) -> Vec<UserId> {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        let busy = self.written_to.values().chain(self.resting.keys());
        busy.cloned().collect()
    }

    /// When the next one of those who were written to may be again.
    pub(super) fn next_free(&self) -> Option<Instant> {
        self.resting.values().min().copied()
    }

    /// Somebody is written to by a task until that ends, and not again for a while after.
    pub(super) fn begin(&mut self, task: Id, addressee: UserId) {
        self.written_to.insert(task, addressee);
    }

    /// A task has ended, be it by a panic.
    pub(super) fn ended(&mut self, task: &Result<(Id, ()), JoinError>) {
        let task = task.as_ref().map_or_else(JoinError::id, |(task, ())| *task);
        if let Some(addressee) = self.written_to.remove(&task) {
            self.resting.insert(addressee, Instant::now() + SPACING);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_is_written_to_twice_within_a_second() {
        let bob = UserId::parse("U0BOB").unwrap();
        for panics in [false, true] {
            let (mut pace, mut attempts) = (Pace::default(), JoinSet::new());
            let task = attempts.spawn(async move { assert!(!panics) });
            pace.begin(task.id(), bob.clone());
            assert_eq!((pace.busy(), pace.next_free()), (vec![bob.clone()], None));
            let ended = attempts.join_next_with_id().await.unwrap();
            assert_eq!(ended.is_err(), panics);
            pace.ended(&ended);
            assert_eq!(pace.busy(), std::slice::from_ref(&bob));
            tokio::time::sleep_until(pace.next_free().unwrap()).await;
            assert!(pace.busy().is_empty() && pace.next_free().is_none());
        }
    }
}
