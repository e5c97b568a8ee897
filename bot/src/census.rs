//! Whose the Slack app's connections are. Each says in its hello how many the app has; when the
//! bots of this database have fewer, another program uses the same app, and gets a part of what
//! people send.
//!
//! Connections count for a while after their end, as Slack may count them yet: what the bots had at
//! most is compared. So a successor that opens before its predecessor ends raises no alarm.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shared::{
    domain::ids::BotId,
    store::{
        Database, StoreError,
        bots::{self, FRESH_FOR, Sum},
    },
};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// How often a bot says that it runs.
const EVERY: Duration = Duration::from_secs(20);

/// How soon to look after a hello, and again while another bot has not said yet what it had then.
const SOON: Duration = Duration::from_secs(5);

/// How long a connection counts after its end: longer than a hello waits to be judged.
const COUNTS_FOR: Duration = Duration::from_mins(6);

/// How long a hello waits at most: others' rows tell of the last minutes only.
const WAITS_FOR: Duration = FRESH_FOR.saturating_add(Duration::from_secs(90));

/// Most hellos that wait.
const MOST_HELLOS: usize = 32;

/// What this bot knows of the app's connections.
pub(crate) struct Census {
    bot: BotId,
    metrics: Arc<Metrics>,
    known: Mutex<Known>,
    said_hello: Notify,
}

#[derive(Default)]
struct Known {
    /// Connections of this process that are open.
    open: u32,
    /// When others ended.
    ended: Vec<Instant>,
    /// What Slack counted, and when.
    hellos: Vec<(u32, Instant)>,
    /// Whether it was told that there are strangers.
    told: bool,
}

impl Known {
    /// The connections that Slack may count, or may have counted lately.
    fn connections(&mut self) -> u32 {
        self.ended.retain(|ended| ended.elapsed() < COUNTS_FOR);
        let ended = u32::try_from(self.ended.len()).unwrap_or(u32::MAX);
        self.open.saturating_add(ended)
    }
}

/// A connection that counts.
pub(crate) struct Held(Arc<Census>);

impl Drop for Held {
    fn drop(&mut self) {
        let mut known = self.0.known();
        known.open = known.open.saturating_sub(1);
        known.ended.push(Instant::now());
    }
}

impl Census {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            bot: BotId::generate(),
            metrics,
            known: Mutex::default(),
            said_hello: Notify::new(),
        }
    }

    /// Counts a connection until the guard is dropped, and a while longer.
    pub(crate) fn connected(self: &Arc<Self>) -> Held {
        self.known().open += 1;
        Held(Arc::clone(self))
    }

    /// Slack said how many connections the app has.
    pub(crate) fn hello(&self, connections: Option<u32>) {
        let Some(connections) = connections else {
            return;
        };
        let mut known = self.known();
        if known.hellos.len() < MOST_HELLOS {
            known.hellos.push((connections, Instant::now()));
        }
        drop(known);
        self.said_hello.notify_one();
    }

    /// Says in this bot's row that it runs: once before it connects, so that its connections are
    /// never taken for a stranger's.
    pub(crate) async fn begin(&self, database: &Database) {
        let begun = async {
            bots::forget_old(database).await?;
            self.note(database).await
        };
        if let Err(error) = begun.await {
            warn_of(&error);
        }
    }

    /// Goes on saying so, and compares, until told to stop.
    pub(crate) async fn keep(self: Arc<Self>, database: Database, stop: CancellationToken) {
        loop {
            let waits = !self.known().hellos.is_empty();
            tokio::select! {
                () = tokio::time::sleep(if waits { SOON } else { EVERY }) => {}
                // Then it waits.
                () = self.said_hello.notified(), if !waits => continue,
                () = stop.cancelled() => break,
            }
            if let Err(error) = self.look(&database).await {
                warn_of(&error);
            }
        }
        if let Err(error) = bots::stop(&database, self.bot).await {
            tracing::debug!(%error, "that this bot stops could not be noted");
        }
    }

    async fn note(&self, database: &Database) -> Result<(), StoreError> {
        let connections = self.known().connections();
        bots::note(database, self.bot, connections).await
    }

    async fn look(&self, database: &Database) -> Result<(), StoreError> {
        self.note(database).await?;
        let hellos = std::mem::take(&mut self.known().hellos);
        let mut waiting = Vec::new();
        let mut judged: Option<(u32, Duration)> = None;
        for (counted, at) in hellos {
            let ago = at.elapsed();
            match bots::connections(database, ago).await? {
                Sum::Connections(ours) => {
                    let strangers = counted.saturating_sub(ours);
                    if judged.is_none_or(|(most, _)| strangers >= most) {
                        judged = Some((strangers, ago));
                    }
                }
                Sum::NotKnownYet if ago < WAITS_FOR => waiting.push((counted, at)),
                Sum::NotKnownYet => {}
            }
        }
        self.known().hellos.append(&mut waiting);
        if let Some((strangers, ago)) = judged {
            self.tell(strangers);
            bots::counted(database, self.bot, strangers, ago).await?;
        }
        Ok(())
    }

    /// Once when they come, and once when they are gone.
    fn tell(&self, strangers: u32) {
        self.metrics.strangers(strangers);
        let there_are = strangers > 0;
        let was_told = std::mem::replace(&mut self.known().told, there_are);
        if there_are && !was_told {
            tracing::warn!(
                strangers,
                "Slack counts more connections of this app than the bots of this database have: another \
                 program uses the same Slack app"
            );
        } else if was_told && !there_are {
            tracing::info!("all connections of this app are those of this database's bots again");
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn warn_of(error: &StoreError) {
    tracing::warn!(%error, "which connections this bot has could not be noted");
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_counts_for_a_while_after_its_end() {
        let census = Arc::new(Census::new(Arc::new(Metrics::new())));
        let first = census.connected();
        let _second = census.connected();
        assert_eq!(census.known().connections(), 2);
        // Its successor is open.
        let _third = census.connected();
        drop(first);
        assert_eq!(census.known().connections(), 3);
        advance(COUNTS_FOR).await;
        assert_eq!(census.known().connections(), 2);
    }
}
