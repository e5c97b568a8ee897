//! Start and stop.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use poem::EndpointExt as _;
use shared::{
    health, lifecycle,
    settings::Setting,
    settings::definitions::{HEALTH_ADDR, LISTEN_ADDR, REDIRECT_ADDR},
    store::Database,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access_log::AccessLog,
    client_address::ClientAddresses,
    connections::{self, Admission, Connections, Transport},
    headers::SecureHeaders,
    health::WebHealth,
    metrics::Metrics,
    pages::Theme,
    rate_limit::RateLimitLayer,
    redirect::{Redirect, WithoutTransportSecurity},
    reuse::Reuses,
    routes::{Routes, catch_panics},
    service,
    settings::Settings,
    site::{Look, Site},
};

/// Serves until the process is told to stop, then finishes what runs.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let stop = lifecycle::shutdown_on_signals().context("signals can't be received")?;
    let database = Database::open(&settings.database, &stop).await?;
    let metrics = Arc::new(Metrics::new());
    let addresses = Arc::new(ClientAddresses::new(settings.trusted_proxies));
    let admission = Admission::new(Arc::clone(&addresses));
    let connections = Connections::new(admission, Arc::clone(&metrics), stop.clone());
    let look = Look {
        theme: Arc::new(Theme::new(settings.brand)),
        default_language: settings.default_language,
    };
    let transport = match settings.certificate {
        Some(certificate) => {
            let certificate = Arc::new(certificate);
            tokio::spawn(Arc::clone(&certificate).watch(stop.clone()));
            Transport::Tls(certificate)
        }
        None => Transport::Plain,
    };
    let listener = listen(&LISTEN_ADDR, settings.listen).await?;
    let redirect = match settings.redirect {
        Some(address) => {
            let redirect =
                Redirect(settings.public_base_url.clone()).with(SecureHeaders(look.clone()));
            let site = connections::Site {
                transport: Transport::PlainForAll,
                endpoint: WithoutTransportSecurity(redirect),
            };
            Some((listen(&REDIRECT_ADDR, address).await?, site))
        }
        None => None,
    };
    if let Some(address) = settings.health {
        serve_health(address, &database, &metrics, &stop).await?;
    }

    let burns = TaskTracker::new();
    let limit = RateLimitLayer::new(settings.rate_limit, Arc::clone(&addresses));
    let url = settings.public_base_url.join("/");
    let (reuses, counting) = Reuses::new(database.clone(), Arc::clone(&metrics));
    let counting = tokio::spawn(counting);
    let site = Site {
        database,
        keys: Arc::new(settings.keys),
        public_base_url: settings.public_base_url,
        look: look.clone(),
        reuses,
        burns: burns.clone(),
        addresses,
    };
    let routes = Routes(site).with(catch_panics());
    let endpoint = service::layered(routes, limit)
        .with(SecureHeaders(look))
        .with(AccessLog(metrics));
    announce(&listener, &url);
    let redirected =
        redirect.map(|(listener, site)| tokio::spawn(connections.clone().serve(listener, site)));
    connections
        .clone()
        .serve(
            listener,
            connections::Site {
                transport,
                endpoint,
            },
        )
        .await;

    if let Some(redirected) = redirected {
        redirected
            .await
            .context("the listener of REDIRECT_ADDR failed")?;
    }
    connections.closed().await;
    burns.close();
    burns.wait().await;
    // Everything that could note a visit is gone by now.
    counting.await.context("visits could not be counted")?;
    tracing::info!("stopped");
    Ok(())
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

fn announce(listener: &TcpListener, url: &str) {
    if let Ok(addr) = listener.local_addr() {
        tracing::info!(%addr, url, "listening");
    }
}
