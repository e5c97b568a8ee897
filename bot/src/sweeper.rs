//! Destroys what expired, every so often; then removes what ended long ago, and tells the trail of
//! visits that it was not told of yet.

use std::{sync::Arc, time::Duration};

use shared::store::{Database, StoreError, expire, links, purge, reuse};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// Longest rest after a batch.
const LONGEST_REST: Duration = Duration::from_millis(200);

/// Rows passed over in one sweep, at most.
const MOST_LEFT: usize = 10_000;

/// Rows of long ago that are removed after one sweep, at most.
const MOST_PURGED: u32 = 10_000;

/// When it sweeps, and what it removes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// The pause between two sweeps.
    pub(crate) every: Duration,
    /// How long after its end a secret's row is removed.
    pub(crate) purge_after: Duration,
}

/// Sweeps at once and then after each interval, until told to stop.
pub(crate) async fn run(
    database: Database,
    metrics: Arc<Metrics>,
    schedule: Schedule,
    stop: CancellationToken,
) {
    loop {
        sweep(&database, &metrics, &stop).await;
        if let Err(error) = forget(&database, &stop).await {
            tracing::error!(%error, "links of before could not be emptied, the next sweep tries again");
        }
        if let Err(error) = purge(&database, &metrics, schedule.purge_after, &stop).await {
            tracing::error!(%error, "rows of long ago could not be removed, the next sweep tries again");
        }
        if let Err(error) = tell(&database, &metrics, &stop).await {
            tracing::error!(%error, "the trail could not be told of visits, the next sweep tries again");
        }
        if stop
            .run_until_cancelled(sleep(schedule.every))
            .await
            .is_none()
        {
            return;
        }
    }
}

/// Batch after batch, until one is not full. What fails is left to the next time.
async fn sweep(database: &Database, metrics: &Metrics, stop: &CancellationToken) {
    let mut destroyed = 0;
    let mut left = Vec::new();
    while !stop.is_cancelled() {
        let begun = Instant::now();
        let swept = expire::sweep_batch(database, database.batch(), &left).await;
        metrics.sweep(swept.as_ref().ok().map(|swept| swept.destroyed));
        match swept {
            Ok(swept) => {
                destroyed += swept.destroyed;
                for row in &swept.passed_over {
                    metrics.passed_over("sweep");
                    tracing::error!(%row, "an expired secret is not as others: it was passed over");
                }
                left.extend(swept.left());
                if !swept.is_full || left.len() > MOST_LEFT {
                    break;
                }
                rest(begun, stop).await;
            }
            Err(error) => {
                tracing::error!(%error, "a sweep failed, the next one goes on");
                break;
            }
        }
    }
    if destroyed > 0 {
        tracing::info!(destroyed, "expired secrets destroyed");
    }
}

/// Leaves the database to others for as long as a batch took: whoever opens a secret waits for one
/// batch, never for all of them.
async fn rest(begun: Instant, stop: &CancellationToken) {
    let rest = sleep(begun.elapsed().min(LONGEST_REST));
    stop.run_until_cancelled(rest).await;
}

/// Erases what links hold that lead nowhere any more, batch after batch, until one is not full.
async fn forget(database: &Database, stop: &CancellationToken) -> Result<(), StoreError> {
    let batch = database.batch();
    while !stop.is_cancelled() {
        let begun = Instant::now();
        let forgotten = links::forget_overdue(database, batch).await?;
        if forgotten < usize::try_from(batch).unwrap_or(usize::MAX) {
            break;
        }
        rest(begun, stop).await;
    }
    Ok(())
}

/// Removes rows, batch after batch, until one is not full or expired secrets have waited long
/// enough for their next sweep.
async fn purge(
    database: &Database,
    metrics: &Metrics,
    age: Duration,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    let mut removed = 0;
    while removed < MOST_PURGED && !stop.is_cancelled() {
        let begun = Instant::now();
        let purged = purge::purge_batch(database, age, database.batch()).await?;
        metrics.purged(purged);
        removed += purged;
        if purged < database.batch() {
            break;
        }
        rest(begun, stop).await;
    }
    if removed > 0 {
        tracing::info!(removed, "rows of secrets that ended long ago removed");
    }
    Ok(())
}

/// Tells of visits, batch after batch, until nothing is left to tell.
async fn tell(
    database: &Database,
    metrics: &Metrics,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    while !stop.is_cancelled() {
        let told = reuse::tell_rest(database).await?;
        for row in &told.passed_over {
            metrics.passed_over("tell");
            tracing::error!(%row, "visits after an opening can't be told as others: passed over");
        }
        if told.secrets == 0 {
            break;
        }
    }
    Ok(())
}
