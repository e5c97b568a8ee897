//! `slack-sim`: a local Slack workspace for development and tests.
//!
//! It speaks Socket Mode and the part of the Web API that the bot uses, as strictly as Slack does
//! where that is known, and has a page on which one person plays everybody.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]

mod acknowledgements;
mod actions;
mod answers;
mod app;
mod arguments;
mod block_kit;
mod channels;
mod chat;
mod control;
mod direct_messages;
mod faults;
mod hub;
mod messages;
mod methods;
mod page;
mod people;
mod presses;
mod response_urls;
mod responses;
mod sim;
mod socket;
mod validate;
mod views;
mod web_api;
mod workspace;

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use clap::Parser;
use poem::{
    Server,
    listener::{Acceptor, Listener, TcpListener},
};
use serde_json::json;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::sim::{Sim, Tokens};

/// A local Slack workspace for development and tests
#[derive(Parser)]
#[command(name = "slack-sim")]
struct CommandLine {
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The app-level token it takes
    #[arg(long, value_name = "TOKEN", default_value = "xapp-1-simulator")]
    app_token: String,
    /// The bot token it takes
    #[arg(long, value_name = "TOKEN", default_value = "xoxb-simulator")]
    bot_token: String,
    /// What response URLs begin with, where a proxy is in between
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// What the addresses of WebSockets begin with
    #[arg(long, value_name = "URL")]
    public_socket_url: Option<String>,
    /// Sends @names in commands as typed, as apps without `should_escape` get them
    #[arg(long)]
    no_escape: bool,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "says where it is reached")]
async fn main() -> anyhow::Result<()> {
    let told = CommandLine::parse();
    // Other libraries' lines can quote what passes through: only our own are written.
    let own = Targets::new().with_target("slack_sim", LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(lines.with_filter(own))
        .init();

    let tokens = Tokens {
        app: told.app_token,
        bot: told.bot_token,
    };
    let sockets = tokio::net::TcpListener::bind((told.listen.ip(), 0)).await?;
    let acceptor = TcpListener::bind(told.listen).into_acceptor().await?;
    let address = acceptor
        .local_addr()
        .first()
        .and_then(|address| address.as_socket_addr().copied())
        .context("the listener has no address")?;
    let sockets_at = sockets.local_addr()?;
    let sim = Arc::new(Sim::new(
        tokens,
        told.public_url
            .unwrap_or_else(|| format!("http://{address}")),
        told.public_socket_url
            .unwrap_or_else(|| format!("ws://{sockets_at}")),
        !told.no_escape,
    ));
    tokio::spawn(socket::accept(Arc::clone(&sim), sockets));
    println!(
        "{}",
        json!({ "url": format!("http://{address}"), "sockets": sockets_at.to_string() })
    );
    Server::new_with_acceptor(acceptor)
        .run(control::routes(sim))
        .await?;
    Ok(())
}
