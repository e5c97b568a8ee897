//! Puts the worker's parts together, and takes them apart when it is told to stop.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use shared::{
    domain::program::Program,
    operate::{health, lifecycle, standing},
    store::{
        Database,
        clock_watch::{self, Verdict},
        installation::{self, Installation},
        key_rings,
    },
};
use tokio::{
    sync::{Notify, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    alarm::Alarm,
    alerts::Alerts,
    census::Census,
    context::Context,
    courier::Courier,
    egress::Egress,
    handlers::{Handlers, STORED_AT_A_TIME},
    health::BotHealth,
    metrics::Metrics,
    outage::Outage,
    precedence::Precedence,
    settings::Settings,
    slack::{Directory, Slack},
    socket::{self, Connections, Socket},
    sweeper::{self, Schedule},
};

/// The pause between two tries to have the bot token checked.
const TOKEN_CHECK_PAUSE: Duration = Duration::from_secs(5);

/// How long senders are told, at the end, that their secrets wait.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Runs until it is told to stop, or until Slack says what no retry mends.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let stop = lifecycle::shutdown_on_signals().context("signals can't be received")?;
    let egress = Egress::new(&settings.egress)?;
    let database = Database::open(&settings.database, Program::Bot, &stop).await?;
    let installation = Installation::of(
        installation::id(&database).await?,
        &settings.public_base_url,
    );
    let alarm = Alarm::new(stop.clone());
    let metrics = Arc::new(Metrics::new());
    let connections = Connections::new(Arc::clone(&metrics));
    let slack = Arc::new(Slack::new(&settings.slack, egress));
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
    let context = Arc::new(Context {
        directory: Directory::new(Arc::clone(&slack)),
        database,
        slack,
        master_keys: settings.master_keys,
        delivery_keys: settings.delivery_keys,
        public_base_url: settings.public_base_url,
        policy: settings.policy,
        links: settings.links,
        remind_before: settings.remind_before,
        installation,
        default_language: settings.default_language,
        privacy: settings.privacy,
        work_waits: Notify::new(),
        storing: Semaphore::new(STORED_AT_A_TIME),
        precedence: Precedence::default(),
        metrics,
        alarm,
        outage,
    });
    tasks.spawn(check_bot_token(Arc::clone(&context), stop.clone()));
    let schedule = Schedule {
        every: settings.cleanup_interval,
        purge_after: settings.purge_after,
    };
    look_after(&context, schedule, &census, &tasks, &stop);
    if let Some(channel) = settings.alerts {
        let alerts = Alerts::new(Arc::clone(&context), channel.id().clone(), schedule.every);
        let alert = move |stop| alerts.clone().run(stop);
        tasks.spawn(standing::keep("alerts", stop.clone(), alert));
    }
    let courier = Courier::new(Arc::clone(&context));
    courier.spawn(&tasks, &stop);
    let socket = Socket {
        slack: Arc::clone(&context.slack),
        handlers: Arc::new(Handlers::new(Arc::clone(&context), tasks.clone())),
        metrics: Arc::clone(&context.metrics),
        connections: connections.clone(),
        census,
        alarm: context.alarm.clone(),
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
    if let Some(error) = context.alarm.reason() {
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

/// Sweeps, notes which keys are in use and that this bot runs, and keeps an eye on the clock.
fn look_after(
    context: &Context,
    schedule: Schedule,
    census: &Arc<Census>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    let (database, metrics) = (context.database.clone(), Arc::clone(&context.metrics));
    let sweep = move |stop| sweeper::run(database.clone(), Arc::clone(&metrics), schedule, stop);
    tasks.spawn(standing::keep("sweeper", stop.clone(), sweep));

    let (database, metrics) = (context.database.clone(), Arc::clone(&context.metrics));
    let watch = move |stop| {
        let metrics = Arc::clone(&metrics);
        let tell = move |verdict| metrics.clock(verdict == Verdict::Sound);
        clock_watch::keep(database.clone(), tell, stop)
    };
    tasks.spawn(standing::keep("clock watch", stop.clone(), watch));

    let (database, census) = (context.database.clone(), Arc::clone(census));
    let count = move |stop| Arc::clone(&census).keep(database.clone(), stop);
    tasks.spawn(standing::keep("census", stop.clone(), count));

    let database = context.database.clone();
    let keys: Vec<_> = context.master_keys.ids().collect();
    let note =
        move |stop| key_rings::keep_noting(database.clone(), Program::Bot, keys.clone(), stop);
    tasks.spawn(standing::keep("key notes", stop.clone(), note));
}

/// A bot token that is no good shows at once, not at the first command.
async fn check_bot_token(context: Arc<Context>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let error = match context.slack.check_bot_token().await {
            Ok(()) => return,
            Err(error) => error,
        };
        if error.is_fatal() {
            context.alarm.ring(error);
            return;
        }
        tracing::warn!(%error, "the bot token could not be checked yet");
        let pause = TOKEN_CHECK_PAUSE.max(error.retry_after().unwrap_or_default());
        stop.run_until_cancelled(sleep(pause)).await;
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
    sleep(socket::FINISH).await;
}
