//! How the bot is, for whoever asks on `HEALTH_ADDR`.

use std::{sync::Arc, time::Duration};

use shared::{
    operate::health::{Health, Readiness},
    store::{Database, backlog},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{metrics::Metrics, outage::Outage, socket::Connections};

/// Longest wait for the database.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is asked about.
pub(crate) struct BotHealth {
    pub(crate) database: Database,
    pub(crate) connections: Connections,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) outage: Arc<Outage>,
    pub(crate) stop: CancellationToken,
}

impl Health for BotHealth {
    async fn readiness(&self) -> Readiness {
        let open = self.connections.open();
        let refused = self.outage.code();
        let messages = match &refused {
            None => "taken by Slack, as far as was seen".to_owned(),
            Some(code) => format!("refused by Slack: {code}"),
        };
        Readiness::default()
            .with("slack", open > 0, format!("{open} connections open"))
            .with(
                "clock",
                self.metrics.is_clock_sound(),
                "of the database, against this host's".to_owned(),
            )
            .with("messages", refused.is_none(), messages)
            .with_database(&self.database)
            .await
            .with_process(&self.stop)
    }

    async fn metrics(&self) -> String {
        let waiting = timeout(PATIENCE, backlog::read(&self.database)).await;
        let waiting = waiting.ok().and_then(Result::ok);
        // Writing to memory does not fail.
        self.metrics.encode(waiting).unwrap_or_default()
    }
}
