//! What comes to links whose secret was opened: logged at once, and counted for the sender a moment
//! later, so that no visitor waits for that and many visits cost one statement.

use std::{collections::HashMap, sync::Arc, time::Duration};

use shared::{
    domain::ids::SecretId,
    store::{
        Database, Ended, Ending,
        reuse::{self, Late},
    },
};
use tokio::{
    sync::{
        Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::{sleep, timeout},
};

use crate::metrics::Metrics;

/// Visits noted but not yet counted, at most. What comes beyond is in the log and the metrics only.
const WAITING: usize = 4096;

/// How long visits are collected.
const COLLECT_FOR: Duration = Duration::from_millis(250);

/// Longest wait for the database. What it doesn't take then is in the log and the metrics only.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where visits are noted.
pub(crate) struct Reuses {
    visits: Sender<(SecretId, Late)>,
    metrics: Arc<Metrics>,
}

impl Reuses {
    /// The place to note visits, and what was noted there.
    pub(crate) fn new(metrics: Arc<Metrics>) -> (Self, Noted) {
        let (visits, noted) = channel(WAITING);
        (Self { visits, metrics }, Noted(Arc::new(Mutex::new(noted))))
    }

    /// Notes a visit, if the secret was opened before.
    pub(crate) fn note(&self, ended: &Ended) {
        if !matches!(ended.ending, Ending::Viewed { .. }) {
            return;
        }
        self.metrics.reuse();
        tracing::warn!(secret.id = %ended.secret, "the link of an opened secret was visited again");
        self.count(ended.secret, Late::Visit);
    }

    /// Notes that the page that opened the secret was sent again.
    pub(crate) fn note_repeat(&self, ended: &Ended) {
        self.metrics.repeat();
        tracing::info!(
            secret.id = %ended.secret,
            "the page that opened a secret was sent again, from the same address and browser"
        );
        self.count(ended.secret, Late::Repeat);
    }

    fn count(&self, secret: SecretId, late: Late) {
        if self.visits.try_send((secret, late)).is_err() {
            tracing::warn!(secret.id = %secret, "that visit is not counted: there are too many");
        }
    }
}

/// Visits that were noted; whoever counts them has them alone. Clones share them.
#[derive(Clone)]
pub(crate) struct Noted(Arc<Mutex<Receiver<(SecretId, Late)>>>);

/// Counts visits until nobody can note any more and everything is counted.
pub(crate) async fn count(database: Database, noted: Noted) {
    let mut noted = noted.0.lock().await;
    while let Some(first) = noted.recv().await {
        let mut visits = HashMap::from([(first, 1_u16)]);
        if !noted.is_closed() {
            sleep(COLLECT_FOR).await;
        }
        while let Ok(visit) = noted.try_recv() {
            let count = visits.entry(visit).or_default();
            *count = count.saturating_add(1);
        }
        for ((secret, late), visits) in visits {
            let counted = timeout(PATIENCE, reuse::note(&database, secret, late, visits)).await;
            if let Ok(Err(error)) = counted {
                tracing::error!(secret.id = %secret, visits, %error, "visits could not be counted");
            } else if counted.is_err() {
                tracing::error!(secret.id = %secret, visits, "visits could not be counted in time");
            }
        }
    }
}
