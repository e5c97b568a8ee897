//! The world of a test: real binaries, a real database, a simulated Slack.
//!
//! A harness fails by panicking, with what it saw.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a harness fails by panicking"
)]

pub mod bench;
mod bot;
mod browser;
pub mod cluster;
mod connect_proxy;
mod database;
mod environment;
pub mod invariants;
pub mod load;
pub mod mysql_proxy;
mod nu_checker;
mod own_mysql;
pub mod plans;
mod ports;
pub mod presses;
mod process;
pub mod races;
pub mod raw;
mod secrets;
mod senders;
mod simulator;
mod slack_codes;
mod slow_line;
pub mod soak;
mod web;
mod world;

pub use bot::Bot;
pub use browser::{Browser, BrowserKind, Launch};
pub use connect_proxy::ConnectProxy;
pub use database::{Account, Engine, TestDatabase, connect};
pub use environment::{binary, mysql_client, mysql_url, project, tool};
pub use nu_checker::findings as nu_findings;
pub use own_mysql::OwnMySql;
pub use ports::free_port;
pub use process::{Process, Ran, eventually, eventually_within, run, run_in};
pub use secrets::{Keys, SEALED_TEXT, SealedRow, Sent, button_of, link_of, presser, sealed_row};
pub use senders::{is_sent, until_confirmed};
pub use simulator::{Simulator, Submission};
pub use slack_codes::codes_of;
pub use slow_line::SlowLine;
pub use web::{Page, Web};
pub use world::{Options, World};

/// Defines tests that run on each engine.
#[macro_export]
macro_rules! on_each_engine {
    ($($(#[$meta:meta])* async fn $name:ident($engine:ident) $body:block)+) => {$(
        mod $name {
            #[expect(unused_imports, reason = "not every test uses all of them")]
            use super::*;

            $(#[$meta])*
            async fn run($engine: $crate::Engine) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                run($crate::Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn mysql() {
                run($crate::Engine::MySql).await;
            }
        }
    )+};
}
