//! Destroys what expired, every so often.

use std::time::Duration;

use shared::store::{Database, expire};
use tokio_util::sync::CancellationToken;

/// Secrets destroyed in one transaction: enough to be quick, few enough not to be in the way.
const BATCH: u32 = 200;

/// Sweeps at once and then after each interval, until told to stop.
pub(crate) async fn run(database: Database, interval: Duration, stop: CancellationToken) {
    loop {
        sweep(&database, &stop).await;
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Batch after batch, until one is not full. What fails is left to the next time.
async fn sweep(database: &Database, stop: &CancellationToken) {
    let mut destroyed = 0;
    while !stop.is_cancelled() {
        match expire::sweep_batch(database, BATCH).await {
            Ok(count) => {
                destroyed += count;
                if count < BATCH {
                    break;
                }
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
