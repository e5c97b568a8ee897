//! Pages with a secret that went away before the operating system had taken all of them: written
//! down in the secret's row, for the sender.
//!
//! Nobody is told by the absence of this that a page arrived: what was taken can get lost yet.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use shared::store::{
    Database,
    burn::Opening,
    loss::{self, Written},
};
use tokio::{
    sync::{
        Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::{sleep, timeout},
};

use crate::metrics::Metrics;

/// Losses noted but not yet written down, at most. What comes beyond is in the log and the metrics
/// only.
const WAITING: usize = 1024;

/// The pause after the database did not take it.
const AGAIN: Duration = Duration::from_secs(2);

/// Longest wait for the database.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where losses are noted. Clones share it.
#[derive(Clone)]
pub(crate) struct Losses {
    lost: Sender<Opening>,
    metrics: Arc<Metrics>,
}

impl Losses {
    /// The place to note losses, and what was noted there.
    pub(crate) fn new(metrics: Arc<Metrics>) -> (Self, Noted) {
        let (lost, noted) = channel(WAITING);
        (Self { lost, metrics }, Noted(Arc::new(Mutex::new(noted))))
    }

    /// Notes that what this opening was to show may not have arrived.
    pub(crate) fn note(&self, opening: Opening) {
        self.metrics.page_lost();
        tracing::warn!(
            secret.id = %opening.secret,
            "a secret was opened, and its page may not have arrived: the connection was gone"
        );
        if self.lost.try_send(opening).is_err() {
            tracing::warn!(
                secret.id = %opening.secret,
                "that a page may not have arrived is not written down: there are too many"
            );
        }
    }

    /// Stands for the page that this opening shows.
    pub(crate) fn only_copy(&self, opening: Opening) -> OnlyCopy {
        OnlyCopy(Arc::new(Copy {
            opening,
            losses: self.clone(),
            taken: AtomicBool::new(false),
        }))
    }
}

/// The only page that shows a secret: lost when it is dropped before it was taken.
#[derive(Clone)]
pub(crate) struct OnlyCopy(Arc<Copy>);

impl OnlyCopy {
    /// The operating system has all of it.
    pub(crate) fn was_taken(&self) {
        self.0.taken.store(true, Ordering::Relaxed);
    }
}

struct Copy {
    opening: Opening,
    losses: Losses,
    taken: AtomicBool,
}

impl Drop for Copy {
    fn drop(&mut self) {
        if !self.taken.load(Ordering::Relaxed) {
            self.losses.note(self.opening);
        }
    }
}

/// Losses that were noted; whoever writes them down has them alone. Clones share them.
#[derive(Clone)]
pub(crate) struct Noted(Arc<Mutex<Receiver<Opening>>>);

/// Writes losses down until nobody can note any more and the database was told of each.
pub(crate) async fn write_down(database: Database, noted: Noted) {
    let mut noted = noted.0.lock().await;
    let mut waiting = Vec::new();
    loop {
        let next = if waiting.is_empty() {
            noted.recv().await
        } else {
            // A database that is away comes back; a program that stops asks once more.
            tokio::select! {
                next = noted.recv() => next,
                () = sleep(AGAIN) => None,
            }
        };
        waiting.extend(next);
        while let Ok(next) = noted.try_recv() {
            waiting.push(next);
        }
        let is_over = noted.is_closed() && noted.is_empty();
        let mut left = Vec::new();
        for opening in waiting {
            if !is_written(&database, opening).await {
                left.push(opening);
            }
        }
        waiting = left;
        if is_over {
            return;
        }
    }
}

async fn is_written(database: &Database, opening: Opening) -> bool {
    let written = timeout(PATIENCE, loss::note(database, opening)).await;
    match written {
        Ok(Ok(Written::Now | Written::NotOpened)) => true,
        Ok(Err(error)) if !error.is_passing() => {
            tracing::error!(
                secret.id = %opening.secret,
                %error,
                "that a page may not have arrived could not be written down"
            );
            true
        }
        Ok(Err(_)) | Err(_) => false,
    }
}
