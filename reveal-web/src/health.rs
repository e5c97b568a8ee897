//! How reveal-web is, for whoever asks on `HEALTH_ADDR`.

use std::sync::Arc;

use shared::{
    operate::health::{Health, Readiness},
    store::Database,
};
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// What is asked about.
pub(crate) struct WebHealth {
    pub(crate) database: Database,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stop: CancellationToken,
}

impl Health for WebHealth {
    async fn readiness(&self) -> Readiness {
        Readiness::default()
            .with_database(&self.database)
            .await
            .with_process(&self.stop)
    }

    async fn metrics(&self) -> String {
        // Writing to memory does not fail.
        self.metrics.encode().unwrap_or_default()
    }
}
