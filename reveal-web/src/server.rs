//! Start and stop.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use poem::{Endpoint, EndpointExt as _};
use shared::{
    crypto::KeyId,
    domain::{base_url::PublicBaseUrl, program::Program},
    operate::{
        health, lifecycle,
        settings::{
            RateLimit, Setting,
            definitions::{HEALTH_ADDR, LISTEN_ADDR, REDIRECT_ADDR},
        },
        standing,
    },
    store::{
        Database,
        clock_watch::{self, Verdict},
        key_rings,
    },
};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access_log::AccessLog,
    client_address::ClientAddresses,
    connections::{Certificate, Connections, Served, Transport},
    headers::SecureHeaders,
    health::WebHealth,
    loss::{self, Losses},
    metrics::Metrics,
    pages::Theme,
    rate_limit::RateLimitLayer,
    redirect::{Redirect, WithoutTransportSecurity},
    reuse::{self, Reuses},
    routes::{Routes, catch_panics},
    service,
    settings::Settings,
    site::{Appearance, Site},
};

/// How long, at the end, openings have that nobody waits for any more.
const LAST_BURNS: Duration = Duration::from_secs(10);

/// Serves until the process is told to stop, then finishes what runs.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let stop = lifecycle::shutdown_on_signals().context("signals can't be received")?;
    let database = Database::open(&settings.database, Program::Web, &stop).await?;
    let metrics = Arc::new(Metrics::new());
    let addresses = Arc::new(ClientAddresses::new(settings.trusted_proxies));
    let connections = Connections::new(
        Arc::clone(&addresses),
        settings.rate_limit,
        Arc::clone(&metrics),
        stop.clone(),
    );
    let listener = listen(&LISTEN_ADDR, settings.listen).await?;
    let redirect = match settings.redirect {
        Some(address) => Some(listen(&REDIRECT_ADDR, address).await?),
        None => None,
    };
    if let Some(address) = settings.health {
        serve_health(address, &database, &metrics, &stop).await?;
    }

    watch_clock(&database, &metrics, &stop);
    let (reuses, visits) = Reuses::new(Arc::clone(&metrics));
    let (losses, lost) = Losses::new(Arc::clone(&metrics));
    let notes = TaskTracker::new();
    take_notes(
        &notes,
        &database,
        settings.keys.ids().collect(),
        visits,
        lost,
        &stop,
    );
    let burns = TaskTracker::new();
    let site = Arc::new(Site {
        database,
        keys: Arc::new(settings.keys),
        public_base_url: settings.public_base_url.clone(),
        appearance: Appearance {
            theme: Arc::new(Theme::new(settings.brand)),
            default_language: settings.default_language,
        },
        reuses,
        losses,
        burns: burns.clone(),
        addresses,
    });
    let secured = SecureHeaders::new(site.appearance.clone(), settings.hsts_includes_subdomains);
    announce(&listener, &settings.public_base_url);
    let redirected = serve_redirect(&connections, redirect, &site, secured.clone());
    let served = Served {
        transport: transport(settings.certificate, &stop),
        endpoint: endpoint(site, settings.rate_limit, secured, &metrics),
    };
    tokio::join!(connections.clone().serve(listener, served), redirected);

    connections.closed().await;
    burns.close();
    if timeout(LAST_BURNS, burns.wait()).await.is_err() {
        // The database does not answer; nobody waits for these any more.
        tracing::warn!(burns = burns.len(), "stopped with openings under way");
    }
    // Everything that could note a visit is gone by now.
    notes.close();
    notes.wait().await;
    tracing::info!("stopped");
    Ok(())
}

/// Keeps an eye on the database's clock.
fn watch_clock(database: &Database, metrics: &Arc<Metrics>, stop: &CancellationToken) {
    let (database, metrics) = (database.clone(), Arc::clone(metrics));
    let watch = move |stop| {
        let metrics = Arc::clone(&metrics);
        let tell = move |verdict| metrics.clock(verdict == Verdict::Sound);
        clock_watch::keep(database.clone(), tell, stop)
    };
    tokio::spawn(standing::keep("clock watch", stop.clone(), watch));
}

/// Writes down which keys are in use, visits after the end, and pages that did not arrive.
fn take_notes(
    notes: &TaskTracker,
    database: &Database,
    keys: Vec<KeyId>,
    visits: reuse::Noted,
    lost: loss::Noted,
    stop: &CancellationToken,
) {
    let kept = database.clone();
    let note = move |stop| key_rings::keep_noting(kept.clone(), Program::Web, keys.clone(), stop);
    notes.spawn(standing::keep("key notes", stop.clone(), note));

    // These two end when nobody is left who could note a visit, which is after the stop.
    let kept = database.clone();
    let write = move |_| reuse::write_down(kept.clone(), visits.clone());
    notes.spawn(standing::keep("count of visits", stop.clone(), write));

    let kept = database.clone();
    let write = move |_| loss::write_down(kept.clone(), lost.clone());
    notes.spawn(standing::keep("notes of lost pages", stop.clone(), write));
}

/// The routes with everything that stands before them, outermost last.
fn endpoint(
    site: Arc<Site>,
    limit: RateLimit,
    secured: SecureHeaders,
    metrics: &Arc<Metrics>,
) -> impl Endpoint + use<> {
    let limit = RateLimitLayer::new(limit, Arc::clone(&site.addresses), Arc::clone(metrics));
    service::layered(Routes(site), limit)
        .with(catch_panics())
        .with(secured)
        .with(AccessLog(Arc::clone(metrics)))
}

/// How pages travel; a certificate is read again for as long as the process runs.
fn transport(certificate: Option<Certificate>, stop: &CancellationToken) -> Transport {
    let Some(certificate) = certificate.map(Arc::new) else {
        return Transport::Plain;
    };
    let watched = Arc::clone(&certificate);
    let watch = move |stop| Arc::clone(&watched).watch(stop);
    tokio::spawn(standing::keep("certificate watch", stop.clone(), watch));
    Transport::Tls(certificate)
}

/// Sends browsers from plain http to https, if there is a listener for that.
fn serve_redirect(
    connections: &Connections,
    listener: Option<TcpListener>,
    site: &Site,
    secured: SecureHeaders,
) -> impl Future<Output = ()> + use<> {
    let connections = connections.clone();
    let redirect = Redirect(site.public_base_url.clone()).with(secured);
    let served = Served {
        transport: Transport::PlainForAll,
        endpoint: WithoutTransportSecurity(redirect),
    };
    async move {
        if let Some(listener) = listener {
            connections.serve(listener, served).await;
        }
    }
}

async fn listen(setting: &Setting, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{}: {address} can't be listened on", setting.name))
}

async fn serve_health(
    address: SocketAddr,
    database: &Database,
    metrics: &Arc<Metrics>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let health = WebHealth {
        database: database.clone(),
        metrics: Arc::clone(metrics),
        stop: stop.clone(),
    };
    let served = health::listen(address, Arc::new(health), stop.clone())
        .await
        .with_context(|| format!("{}: {address} can't be listened on", HEALTH_ADDR.name))?;
    tokio::spawn(served);
    Ok(())
}

fn announce(listener: &TcpListener, url: &PublicBaseUrl) {
    if let Ok(addr) = listener.local_addr() {
        tracing::info!(%addr, url = url.join("/"), "listening");
    }
}
