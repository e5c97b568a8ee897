//! `slack-sim`: a local Slack workspace for development and tests.
//!
//! It speaks Socket Mode and the part of the Web API that the bot uses, as strictly as Slack does
//! where that is known, and has a page on which one person plays everybody.

mod acknowledgements;
mod actions;
mod answers;
mod app;
mod arguments;
mod block_kit;
mod chat;
mod control;
mod direct_messages;
mod faults;
mod hub;
mod page;
mod people;
mod presses;
mod responses;
mod sim;
mod socket;
mod validate;
mod views;
mod web_api;
mod workspace;

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use clap::{Arg, ArgAction, Command, value_parser};
use poem::{
    Server,
    listener::{Acceptor, Listener, TcpListener},
};
use serde_json::json;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::sim::{Sim, Tokens};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "says where it is reached")]
async fn main() -> anyhow::Result<()> {
    let matches = command_line().get_matches();
    // Other libraries' lines can quote what passes through: only our own are written.
    let own = Targets::new().with_target("slack_sim", LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(lines.with_filter(own))
        .init();

    let token = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let tokens = Tokens {
        app: token("app-token"),
        bot: token("bot-token"),
    };
    let listen = matches
        .get_one::<SocketAddr>("listen")
        .copied()
        .context("--listen is missing")?;
    let sockets = tokio::net::TcpListener::bind((listen.ip(), 0)).await?;
    let acceptor = TcpListener::bind(listen).into_acceptor().await?;
    let address = acceptor
        .local_addr()
        .first()
        .and_then(|address| address.as_socket_addr().copied())
        .context("the listener has no address")?;
    let public =
        |name: &str, default: String| matches.get_one::<String>(name).cloned().unwrap_or(default);
    let sockets_at = sockets.local_addr()?;
    let sim = Arc::new(Sim::new(
        tokens,
        public("public-url", format!("http://{address}")),
        public("public-socket-url", format!("ws://{sockets_at}")),
        !matches.get_flag("no-escape"),
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

fn command_line() -> Command {
    let token = |name: &'static str, default: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("TOKEN")
            .default_value(default)
    };
    let url = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("URL").help(help)
    };
    Command::new("slack-sim")
        .about("A local Slack workspace for development and tests")
        .arg(
            Arg::new("listen")
                .long("listen")
                .value_name("ADDRESS")
                .value_parser(value_parser!(SocketAddr))
                .default_value("127.0.0.1:0"),
        )
        .arg(token("app-token", "xapp-1-simulator").help("The app-level token it takes"))
        .arg(token("bot-token", "xoxb-simulator").help("The bot token it takes"))
        .arg(url(
            "public-url",
            "What response URLs begin with, where a proxy is in between",
        ))
        .arg(url(
            "public-socket-url",
            "What the addresses of WebSockets begin with",
        ))
        .arg(
            Arg::new("no-escape")
                .long("no-escape")
                .action(ArgAction::SetTrue)
                .help("Sends @names in commands as typed, as apps without should_escape get them"),
        )
}
