//! Stopping the program when Slack says what no retry mends.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use crate::slack::SlackError;

/// Stops the program, and remembers why. Clones share it.
#[derive(Clone)]
pub(crate) struct Alarm {
    reason: Arc<OnceLock<SlackError>>,
    stop: CancellationToken,
}

impl Alarm {
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self {
            reason: Arc::default(),
            stop,
        }
    }

    /// Stops the program; the first reason counts.
    pub(crate) fn ring(&self, error: SlackError) {
        if self.reason.set(error).is_ok() {
            self.stop.cancel();
        }
    }

    /// Why it was rung, if it was.
    pub(crate) fn reason(&self) -> Option<&SlackError> {
        self.reason.get()
    }
}
