//! Puts the worker's parts together, and takes them apart when it is told to stop.

use std::{sync::Arc, time::Instant};

use anyhow::Context as _;
use shared::{lifecycle, store::Database};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

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
        tasks: tasks.clone(),
    };
    let time_is_up = tokio::spawn(time_to_finish(stop.clone()));
    let socket = Socket::new(slack, Arc::new(handlers));
    let ended = socket.run(&stop).await;

    stop.cancel();
    tasks.close();
    tokio::select! {
        () = tasks.wait() => {}
        // Deliveries go on when their lease ends; transactions under way are undone.
        _ = time_is_up => tracing::warn!(tasks = tasks.len(), "stopped with work under way"),
    }
    ended.context(socket::ADVICE)?;
    tracing::info!("stopped");
    Ok(())
}

/// Passes when the program was told to stop and has had its time to finish.
async fn time_to_finish(stop: CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(socket::FINISH).await;
}

/// For the log.
pub(crate) fn millis_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
