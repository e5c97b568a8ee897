//! Watching for secrets that ended after their messages were posted.

use std::time::Duration;

use shared::store::changes;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Courier, with_jitter};

/// How often to look.
const EVERY: Duration = Duration::from_secs(2);

/// How far back: enough for every commit that was under way at the last look.
const LATELY: Duration = Duration::from_mins(5);

/// How far back to look at the start and now and then, for what ended while no bot ran.
const LONG_AGO: Duration = Duration::from_hours(24 * 31);
const LONG_LOOK_EVERY: u32 = 300;

impl Courier {
    /// Makes messages due that show what is no longer so, until told to stop.
    pub(super) async fn watch(self, stop: CancellationToken) {
        let mut looks = 0_u32;
        while !stop.is_cancelled() {
            let period = if looks.is_multiple_of(LONG_LOOK_EVERY) {
                LONG_AGO
            } else {
                LATELY
            };
            match changes::make_due(&self.context.database, period).await {
                Ok(outdated) => {
                    looks = looks.wrapping_add(1);
                    if outdated > 0 {
                        tracing::debug!(outdated, "messages show what is no longer so");
                        self.context.work_waits.notify_one();
                    }
                }
                Err(error) => tracing::warn!(%error, "ended secrets could not be looked for"),
            }
            stop.run_until_cancelled(sleep(with_jitter(EVERY))).await;
        }
    }
}
