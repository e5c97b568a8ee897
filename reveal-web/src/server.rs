//! Start and stop.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use poem::{Endpoint, EndpointExt as _};
use shared::{
    domain::{base_url::PublicBaseUrl, program::Program},
    operate::{
        health, lifecycle,
        settings::{
            RateLimit, Setting,
            definitions::{HEALTH_ADDR, LISTEN_ADDR, REDIRECT_ADDR},
        },
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
    loss::Losses,
    metrics::Metrics,
    pages::Theme,
    rate_limit::RateLimitLayer,
    redirect::{Redirect, WithoutTransportSecurity},
    reuse::Reuses,
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
    let database = Database::open(&settings.database, &stop).await?;
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

    let noting = tokio::spawn(key_rings::keep_noting(
        database.clone(),
        Program::Web,
        settings.keys.ids().collect(),
        stop.clone(),
    ));
    let told = Arc::clone(&metrics);
    tokio::spawn(clock_watch::keep(
        database.clone(),
        move |verdict| told.clock(verdict == Verdict::Sound),
        stop.clone(),
    ));
    let burns = TaskTracker::new();
    let (reuses, counting) = Reuses::new(database.clone(), Arc::clone(&metrics));
    let counting = tokio::spawn(counting);
    let (losses, writing) = Losses::new(database.clone(), Arc::clone(&metrics));
    let writing = tokio::spawn(writing);
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
    noting.await.context("the keys in use could not be noted")?;
    // Everything that could note a visit is gone by now.
    counting.await.context("visits could not be counted")?;
    writing
        .await
        .context("lost pages could not be written down")?;
    tracing::info!("stopped");
    Ok(())
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
    tokio::spawn(Arc::clone(&certificate).watch(stop.clone()));
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
