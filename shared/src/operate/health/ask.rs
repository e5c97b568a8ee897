//! `health`: asks a running program of this machine how it is.

use std::{io::Write, net::SocketAddr, time::Duration};

use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::time::timeout;

use crate::{
    domain::program::Program,
    operate::settings::{OfHealth, Reader, SettingFlags, SettingsError, definitions::HEALTH_ADDR},
};

/// Longest wait for an answer; a program itself waits 2 s for its database.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a program can't be said to be ready.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// Nothing listens there, or something else does.
    #[error("HEALTH_ADDR: nothing answers on {0}; does the program run with the same HEALTH_ADDR?")]
    NoAnswer(SocketAddr),
    /// It says so itself.
    #[error("not ready")]
    NotReady,
    /// What it says could not be passed on.
    #[error("standard output: {0}")]
    Output(#[from] std::io::Error),
}

/// Where to ask.
pub fn address(
    program: Program,
    flags: &SettingFlags<OfHealth>,
) -> Result<SocketAddr, SettingsError> {
    let mut reader = Reader::new(program, flags);
    match reader.required(&HEALTH_ADDR) {
        Some(address) => reader.finish().map(|()| address),
        None => Err(reader.into_error()),
    }
}

/// Asks, and passes the answer on.
pub async fn ask(address: SocketAddr, out: &mut impl Write) -> Result<(), HealthError> {
    let (is_ready, said) = readiness(address).await?;
    out.write_all(said.as_bytes())?;
    if is_ready {
        Ok(())
    } else {
        Err(HealthError::NotReady)
    }
}

/// Whether a running program is ready, and what it says of its parts, a line each.
pub async fn readiness(address: SocketAddr) -> Result<(bool, String), HealthError> {
    let answer = timeout(PATIENCE, get(address, "/readyz")).await;
    answer.ok().flatten().ok_or(HealthError::NoAnswer(address))
}

/// What a running program counts, in the `OpenMetrics` text format.
pub async fn metrics(address: SocketAddr) -> Result<String, HealthError> {
    let answer = timeout(PATIENCE, get(address, "/metrics")).await;
    match answer.ok().flatten() {
        Some((true, metrics)) => Ok(metrics),
        _ => Err(HealthError::NoAnswer(address)),
    }
}

/// Whether the answer is a good one, and its body.
async fn get(address: SocketAddr, path: &str) -> Option<(bool, String)> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(format!("http://{address}{path}"));
    let request = request.body(Empty::<&[u8]>::new()).ok()?;
    let answer = client.request(request).await.ok()?;
    let is_good = answer.status().is_success();
    let body = answer.into_body().collect().await.ok()?.to_bytes();
    Some((is_good, String::from_utf8_lossy(&body).into_owned()))
}
