//! Puts the worker's parts together, and takes them apart when it is told to stop.

use std::sync::Arc;

use anyhow::Context as _;
use shared::{lifecycle, store::Database};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use crate::{
    courier::Courier,
    handlers::Handlers,
    settings::Settings,
    slack::{Directory, Slack},
    socket::{self, Socket},
    sweeper,
};

/// Runs until it is told to stop, or until Slack says what no retry mends.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let stop = lifecycle::shutdown_on_signals().context("signals can't be received")?;
    let database = Database::open(&settings.database, &stop).await?;
    let slack = Arc::new(Slack::new(&settings.slack)?);
    let directory = Arc::new(Directory::new(Arc::clone(&slack)));
    let delivery_keys = Arc::new(settings.delivery_keys);
    let work_waits = Arc::new(Notify::new());

    let tasks = TaskTracker::new();
    tasks.spawn(sweeper::run(
        database.clone(),
        settings.cleanup_interval,
        stop.clone(),
    ));
    let courier = Courier {
        database: database.clone(),
        slack: Arc::clone(&slack),
        directory: Arc::clone(&directory),
        delivery_keys: Arc::clone(&delivery_keys),
        public_base_url: settings.public_base_url,
        policy: settings.policy,
        work_waits: Arc::clone(&work_waits),
    };
    courier.spawn_workers(&tasks, &stop);
    let handlers = Handlers {
        database,
        slack: Arc::clone(&slack),
        directory,
        master_keys: settings.master_keys,
        delivery_keys,
        policy: settings.policy,
        work_waits,
    };
    let socket = Socket::new(slack, Arc::new(handlers));
    let ended = socket.run(&stop).await;

    stop.cancel();
    tasks.close();
    tasks.wait().await;
    ended.context(socket::ADVICE)?;
    tracing::info!("stopped");
    Ok(())
}
