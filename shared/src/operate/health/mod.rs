//! A small HTTP listener for operators: `/livez`, `/readyz` and `/metrics`, on this machine only.

pub mod ask;

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use poem::{
    Endpoint, Request, Response, Server,
    http::{Method, StatusCode},
    listener::{Acceptor, Listener, TcpListener},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::store::Database;

/// Longest wait for the database.
const PATIENCE: Duration = Duration::from_secs(2);

/// What can be asked of a program.
pub trait Health: Send + Sync + 'static {
    /// Whether it can do its work just now.
    fn readiness(&self) -> impl Future<Output = Readiness> + Send;

    /// Everything that it counts, in the `OpenMetrics` text format.
    fn metrics(&self) -> impl Future<Output = String> + Send;
}

/// Whether a program can do its work, part by part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    name: &'static str,
    good: bool,
    state: String,
}

impl Readiness {
    /// Adds a part: what it is, whether it is good, and how it is.
    #[must_use]
    pub fn with(mut self, name: &'static str, good: bool, state: impl Into<String>) -> Self {
        let state = state.into();
        self.parts.push(Part { name, good, state });
        self
    }

    /// Adds the database: whether it answers soon.
    #[must_use]
    pub async fn with_database(self, database: &Database) -> Self {
        let answer = timeout(PATIENCE, database.check_health()).await;
        let state = match &answer {
            Ok(Ok(())) => "answers".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        };
        self.with("database", matches!(answer, Ok(Ok(()))), state)
    }

    /// Adds the process itself: whether it goes on.
    #[must_use]
    pub fn with_process(self, stop: &CancellationToken) -> Self {
        let running = !stop.is_cancelled();
        let state = if running { "running" } else { "stopping" };
        self.with("process", running, state)
    }

    /// Whether every part is good.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.parts.iter().all(|part| part.good)
    }
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ready = if self.is_ready() {
            "ready"
        } else {
            "not ready"
        };
        writeln!(f, "{ready}")?;
        for Part { name, good, state } in &self.parts {
            let good = if *good { "ok" } else { "NOT OK" };
            writeln!(f, "{name}: {good}, {state}")?;
        }
        Ok(())
    }
}

/// Listens; what was listened on is in the log. The listener lasts until told to stop.
pub async fn listen(
    address: SocketAddr,
    health: Arc<impl Health>,
    stop: CancellationToken,
) -> io::Result<impl Future<Output = io::Result<()>>> {
    let acceptor = TcpListener::bind(address).into_acceptor().await?;
    for address in acceptor.local_addr() {
        if let Some(addr) = address.as_socket_addr() {
            tracing::info!(%addr, "health and metrics are served");
        }
    }
    let server = Server::new_with_acceptor(acceptor);
    let stopped = async move { stop.cancelled().await };
    Ok(server.run_with_graceful_shutdown(Routes(health), stopped, None))
}

struct Routes<H>(Arc<H>);

impl<H: Health> Endpoint for Routes<H> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(StatusCode::METHOD_NOT_ALLOWED.into());
        }
        let response = match request.uri().path() {
            "/livez" => text(StatusCode::OK, "alive\n".to_owned()),
            "/readyz" => {
                let readiness = self.0.readiness().await;
                let status = if readiness.is_ready() {
                    StatusCode::OK
                } else {
                    StatusCode::SERVICE_UNAVAILABLE
                };
                text(status, readiness.to_string())
            }
            "/metrics" => Response::builder()
                .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
                .body(self.0.metrics().await),
            _ => StatusCode::NOT_FOUND.into(),
        };
        Ok(response)
    }
}

fn text(status: StatusCode, body: String) -> Response {
    Response::builder()
        .status(status)
        .content_type("text/plain; charset=utf-8")
        .body(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_part_is_enough() {
        let good = Readiness::default().with("database", true, "answers");
        assert_eq!(good.to_string(), "ready\ndatabase: ok, answers\n");
        let bad = good.with("slack", false, "0 connections open");
        assert!(!bad.is_ready());
        assert!(bad.to_string().starts_with("not ready\n"));
        assert!(
            bad.to_string()
                .contains("slack: NOT OK, 0 connections open")
        );
    }
}
