//! Start and stop.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use poem::{
    EndpointExt, Server,
    listener::{Acceptor, Listener, TcpListener},
};
use shared::{lifecycle, store::Database};
use tokio_util::task::TaskTracker;
use tower::Layer as _;

use crate::{
    access_log::AccessLog,
    client_address::ClientAddresses,
    headers,
    rate_limit::{EndpointService, RateLimitLayer, ServiceEndpoint},
    routes::Routes,
    settings::Settings,
    site::Site,
};

/// How long requests under way may take once the process is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// A connection that sends nothing for so long is closed.
const IDLE: Duration = Duration::from_secs(30);

/// Streams of one HTTP/2 connection at a time.
const HTTP2_STREAMS: u32 = 32;

/// Serves until the process is told to stop, then finishes what runs.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let stop = lifecycle::shutdown_on_signals().context("signals can't be received")?;
    let database = Database::open(&settings.database, &stop).await?;
    let acceptor = TcpListener::bind(settings.listen)
        .into_acceptor()
        .await
        .with_context(|| format!("LISTEN_ADDR: {} can't be listened on", settings.listen))?;
    for address in acceptor
        .local_addr()
        .iter()
        .filter_map(|address| address.as_socket_addr())
    {
        tracing::info!(addr = %address, url = settings.public_base_url.join("/"), "listening");
    }

    let burns = TaskTracker::new();
    let addresses = Arc::new(ClientAddresses::new(settings.trusted_proxies));
    let limit = RateLimitLayer::new(settings.rate_limit, Arc::clone(&addresses));
    let site = Site::new(database, settings.keys, addresses, burns.clone());
    let routes = Routes(site).with(headers::catch_panics());
    let limited = limit.layer(EndpointService::new(routes));
    let site = ServiceEndpoint(limited)
        .with(headers::SecureHeaders)
        .with(AccessLog);
    Server::new_with_acceptor(acceptor)
        .idle_timeout(IDLE)
        .http2_max_concurrent_streams(HTTP2_STREAMS)
        .run_with_graceful_shutdown(site, stop.cancelled_owned(), Some(GRACE))
        .await
        .context("the server stopped by itself")?;

    burns.close();
    burns.wait().await;
    tracing::info!("stopped");
    Ok(())
}
