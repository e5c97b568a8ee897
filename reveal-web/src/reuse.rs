//! What the trail and the sender are told of links besides their opening: visits after it, the page
//! sent again, openings that were refused. Logged at once, and written down a moment later, so that
//! no visitor waits for that and many of them cost one statement.

use std::{collections::HashMap, sync::Arc, time::Duration};

use shared::{
    crypto::TokenHash,
    store::{
        Database, Ended, Ending, StoreError,
        audit::Visitor,
        denied::{self, Cause},
        reuse::{self, Came, Late},
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

/// What is noted but not yet written down, at most. What comes beyond is in the log and the metrics
/// only.
const WAITING: usize = 4096;

/// How long notes are collected.
const COLLECT_FOR: Duration = Duration::from_millis(250);

/// Longest wait for the database. What it doesn't take then is in the log and the metrics only.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    /// After the opening.
    Late(Late),
    /// An opening that was refused before anything was tried.
    Denied(Cause),
}

/// What came to which link, and who.
struct Note {
    link: TokenHash,
    what: What,
    visitor: Visitor,
}

/// Where it is noted.
pub(crate) struct Reuses {
    notes: Sender<Note>,
    metrics: Arc<Metrics>,
}

impl Reuses {
    /// The place to note, and what was noted there.
    pub(crate) fn new(metrics: Arc<Metrics>) -> (Self, Noted) {
        let (sender, noted) = channel(WAITING);
        let reuses = Self {
            notes: sender,
            metrics,
        };
        (reuses, Noted(Arc::new(Mutex::new(noted))))
    }

    /// Notes a visit, if the secret was opened before.
    pub(crate) fn note(&self, link: TokenHash, ended: &Ended, visitor: &Visitor) {
        if !matches!(ended.ending, Ending::Viewed { .. }) {
            return;
        }
        self.metrics.reuse();
        tracing::warn!(secret.id = %ended.secret, "the link of an opened secret was visited again");
        self.keep(link, What::Late(Late::Visit), visitor);
    }

    /// Notes that the page that opened the secret was sent again.
    pub(crate) fn note_repeat(&self, link: TokenHash, ended: &Ended, visitor: &Visitor) {
        self.metrics.repeat();
        tracing::info!(
            secret.id = %ended.secret,
            "the page that opened a secret was sent again, from the same address and browser"
        );
        self.keep(link, What::Late(Late::Repeat), visitor);
    }

    /// Notes that an opening was refused, which the log has already; whether there is a secret of
    /// this link is not known.
    pub(crate) fn note_denied(&self, link: TokenHash, cause: Cause, visitor: &Visitor) {
        self.metrics.denied();
        self.keep(link, What::Denied(cause), visitor);
    }

    fn keep(&self, link: TokenHash, what: What, visitor: &Visitor) {
        let note = Note {
            link,
            what,
            visitor: visitor.clone(),
        };
        if self.notes.try_send(note).is_err() {
            tracing::warn!(?what, "that is not written down: there are too many");
        }
    }
}

/// What was noted; whoever writes it down has it alone. Clones share it.
#[derive(Clone)]
pub(crate) struct Noted(Arc<Mutex<Receiver<Note>>>);

/// Writes notes down until nobody can note any more and everything is written.
pub(crate) async fn write_down(database: Database, noted: Noted) {
    let mut noted = noted.0.lock().await;
    while let Some(first) = noted.recv().await {
        let mut collected = HashMap::new();
        collect(&mut collected, first);
        if !noted.is_closed() {
            sleep(COLLECT_FOR).await;
        }
        while let Ok(note) = noted.try_recv() {
            collect(&mut collected, note);
        }
        for ((link, what), (times, visitor)) in collected {
            let written = write(&database, &link, what, (times, visitor));
            match timeout(PATIENCE, written).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(?what, times, %error, "visits could not be counted");
                }
                Err(_) => tracing::error!(?what, times, "visits could not be counted in time"),
            }
        }
    }
}

/// The same of one link is one note, of whoever came last.
fn collect(collected: &mut HashMap<(TokenHash, What), (u16, Visitor)>, note: Note) {
    let entry = collected
        .entry((note.link, note.what))
        .or_insert((0, Visitor::default()));
    *entry = (entry.0.saturating_add(1), note.visitor);
}

async fn write(
    database: &Database,
    link: &TokenHash,
    what: What,
    (times, visitor): (u16, Visitor),
) -> Result<(), StoreError> {
    match what {
        What::Late(late) => {
            let came = Came {
                late,
                times,
                visitor,
            };
            reuse::note(database, link, &came).await
        }
        What::Denied(cause) => denied::note(database, link, cause, &visitor).await,
    }
}
