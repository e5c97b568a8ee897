//! Destroys what expired, every so often.

use std::{sync::Arc, time::Duration};

use shared::store::{Database, expire};
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// Secrets destroyed in one transaction: enough to be quick, few enough not to be in the way.
const BATCH: u32 = 200;

/// Rows passed over in one sweep, at most.
const MOST_LEFT: usize = 10_000;

/// Sweeps at once and then after each interval, until told to stop.
pub(crate) async fn run(
    database: Database,
    metrics: Arc<Metrics>,
    interval: Duration,
    stop: CancellationToken,
) {
    loop {
        sweep(&database, &metrics, &stop).await;
        if stop
            .run_until_cancelled(tokio::time::sleep(interval))
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
        let swept = expire::sweep_batch(database, BATCH, &left).await;
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
