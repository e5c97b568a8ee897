//! Puts the worker's parts together, and takes them apart when it is told to stop.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use shared::{
    crypto::KeyId,
    domain::program::Program,
    operate::{health, lifecycle},
    store::{
        Database,
        clock_watch::{self, Verdict},
        installation::{self, Installation},
        key_rings,
    },
};
use tokio::{sync::Notify, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    alarm::Alarm,
    census::Census,
    courier::{Courier, Outage},
    egress::Egress,
    handlers::{Desk, Handlers},
    health::BotHealth,
    metrics::Metrics,
    settings::Settings,
    slack::{Directory, Slack},
    socket::{self, Connections, Socket},
    sweeper,
};

/// The pause between two tries to have the bot token checked.
const TOKEN_CHECK_PAUSE: Duration = Duration::from_secs(5);

/// How long senders are told, at the end, that their secrets wait.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Runs until it is told to stop, or until Slack says what no retry mends.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let stop = lifecycle::shutdown_on_signals().context("signals can't be received")?;
    let egress = Egress::new(&settings.egress)?;
    let database = Database::open(&settings.database, &stop).await?;
    let installation = Installation::of(
        installation::id(&database).await?,
        &settings.public_base_url,
    );
    let alarm = Alarm::new(stop.clone());
    let metrics = Arc::new(Metrics::new());
    let connections = Connections::new(Arc::clone(&metrics));
    let slack = Arc::new(Slack::new(&settings.slack, egress));
    let directory = Arc::new(Directory::new(Arc::clone(&slack)));
    let delivery_keys = Arc::new(settings.delivery_keys);
    let work_waits = Arc::new(Notify::new());
    let outage = Arc::new(Outage::default());
    let tasks = TaskTracker::new();
    let census = Arc::new(Census::new(Arc::clone(&metrics)));
    census.begin(&database).await;

    if let Some(address) = settings.health {
        let health = BotHealth {
            database: database.clone(),
            connections: connections.clone(),
            metrics: Arc::clone(&metrics),
            outage: Arc::clone(&outage),
            stop: stop.clone(),
        };
        serve(address, health).await?;
    }
    tasks.spawn(check_bot_token(
        Arc::clone(&slack),
        alarm.clone(),
        stop.clone(),
    ));
    let keys = settings.master_keys.ids().collect();
    let around = Around {
        database: &database,
        metrics: &metrics,
        tasks: &tasks,
        stop: &stop,
    };
    around.look_after(settings.cleanup_interval, keys, &census);
    let courier = Courier {
        database: database.clone(),
        slack: Arc::clone(&slack),
        directory: Arc::clone(&directory),
        delivery_keys: Arc::clone(&delivery_keys),
        public_base_url: settings.public_base_url,
        policy: settings.policy,
        default_language: settings.default_language,
        work_waits: Arc::clone(&work_waits),
        metrics: Arc::clone(&metrics),
        alarm: alarm.clone(),
        outage,
    };
    courier.spawn_workers(&tasks, &stop);
    let desk = Desk {
        database,
        slack: Arc::clone(&slack),
        directory,
        master_keys: settings.master_keys,
        delivery_keys,
        policy: settings.policy,
        installation,
        default_language: settings.default_language,
        privacy: settings.privacy,
        work_waits,
        metrics: Arc::clone(&metrics),
    };
    let socket = Socket {
        slack,
        handlers: Arc::new(Handlers::new(desk, tasks.clone())),
        metrics,
        connections: connections.clone(),
        census,
        alarm: alarm.clone(),
    };
    tracing::info!(connections = settings.slack.connections, "started");
    let leaving = tokio::spawn(say_what_is_open(stop.clone(), connections, tasks.clone()));
    let time_is_up = tokio::spawn(time_to_finish(stop.clone()));
    socket.run(settings.slack.connections, &stop).await;

    stop.cancel();
    tasks.close();
    tokio::select! {
        () = tasks.wait() => {}
        // Deliveries go on when their lease ends; transactions under way are undone.
        _ = time_is_up => tracing::warn!(tasks = tasks.len(), "stopped with work under way"),
    }
    leaving.abort();
    if let Some(error) = alarm.reason() {
        // Nobody is left to say that a secret waits.
        let told = timeout(LAST_WORDS, courier.tell_before_stopping(error)).await;
        if told.is_err() {
            tracing::warn!("not every sender could be told before the end that a secret waits");
        }
        bail!("{error}. {}", error.advice());
    }
    tracing::info!("stopped");
    Ok(())
}

/// Answers "not ready" while the rest finishes, and ends with the process.
async fn serve(address: SocketAddr, health: BotHealth) -> anyhow::Result<()> {
    let served = health::listen(address, Arc::new(health), CancellationToken::new())
        .await
        .with_context(|| format!("HEALTH_ADDR: {address} can't be listened on"))?;
    tokio::spawn(served);
    Ok(())
}

/// What looks after the database beside the work.
struct Around<'a> {
    database: &'a Database,
    metrics: &'a Arc<Metrics>,
    tasks: &'a TaskTracker,
    stop: &'a CancellationToken,
}

impl Around<'_> {
    /// Sweeps, notes which keys are in use and that this bot runs, and keeps an eye on the clock.
    fn look_after(&self, cleanup_interval: Duration, keys: Vec<KeyId>, census: &Arc<Census>) {
        let (database, stop) = (|| self.database.clone(), || self.stop.clone());
        self.tasks.spawn(sweeper::run(
            database(),
            Arc::clone(self.metrics),
            cleanup_interval,
            stop(),
        ));
        let metrics = Arc::clone(self.metrics);
        let tell = move |verdict| metrics.clock(verdict == Verdict::Sound);
        self.tasks
            .spawn(clock_watch::keep(database(), tell, stop()));
        self.tasks
            .spawn(Arc::clone(census).keep(database(), stop()));
        self.tasks.spawn(key_rings::keep_noting(
            database(),
            Program::Bot,
            keys,
            stop(),
        ));
    }
}

/// A bot token that is no good shows at once, not at the first command.
async fn check_bot_token(slack: Arc<Slack>, alarm: Alarm, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let error = match slack.check_bot_token().await {
            Ok(()) => return,
            Err(error) => error,
        };
        if error.is_fatal() {
            alarm.ring(error);
            return;
        }
        tracing::warn!(%error, "the bot token could not be checked yet");
        let pause = TOKEN_CHECK_PAUSE.max(error.retry_after().unwrap_or_default());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn say_what_is_open(stop: CancellationToken, connections: Connections, tasks: TaskTracker) {
    stop.cancelled().await;
    tracing::info!(
        connections = connections.open(),
        tasks = tasks.len(),
        "stopping with this open"
    );
}

/// Passes when the program was told to stop and has had its time to finish.
async fn time_to_finish(stop: CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(socket::FINISH).await;
}
