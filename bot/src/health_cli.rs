//! `secure-secret-bot health`: asks a running bot how it is.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, bail};
use clap::{ArgMatches, Command};
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use shared::settings::{self, Reader, definitions::HEALTH_ADDR};
use tokio::time::timeout;

/// Longest wait for an answer; the bot itself waits 2 s for its database.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn command_line() -> Command {
    Command::new("health")
        .about("Asks the bot that runs here whether it is ready; exit code 0 if it is, 1 if not")
        .args(settings::arguments(&[HEALTH_ADDR]))
}

#[expect(clippy::print_stdout, reason = "a command-line tool")]
pub(crate) async fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let mut reader = Reader::new(matches);
    let address = reader.required(&HEALTH_ADDR, settings::parse_health_addr);
    let Some(address) = address else {
        return Err(reader.into_error().into());
    };
    let (ready, answer) = timeout(PATIENCE, ask(address))
        .await
        .with_context(|| format!("HEALTH_ADDR: no answer from {address}"))??;
    print!("{answer}");
    if !ready {
        bail!("not ready");
    }
    Ok(())
}

async fn ask(address: SocketAddr) -> anyhow::Result<(bool, String)> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(format!("http://{address}/readyz"))
        .body(Empty::<&[u8]>::new())
        .context("HEALTH_ADDR makes no request")?;
    let answer = client
        .request(request)
        .await
        .with_context(|| format!("HEALTH_ADDR: no bot answers on {address}"))?;
    let ready = answer.status().is_success();
    let body = answer.into_body().collect().await?.to_bytes();
    Ok((ready, String::from_utf8_lossy(&body).into_owned()))
}
