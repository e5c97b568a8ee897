//! `check-invariants`: says which of the rules that always hold don't.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a tool"
)]

use std::process::ExitCode;

use e2e::{
    connect,
    invariants::{self, Conversations},
};
use serde_json::Value;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (database, simulator) = match arguments.as_slice() {
        [database] => (database, None),
        [database, simulator] => (database, Some(simulator)),
        _ => {
            eprintln!("usage: check-invariants DATABASE_URL [URL of the simulated Slack]");
            return ExitCode::from(2);
        }
    };
    let database = connect(database).await;
    let conversations = match simulator {
        Some(url) => Some(Conversations {
            messages: list(&format!("{url}/sim/all-messages")).await,
            postings: list(&format!("{url}/sim/postings")).await,
        }),
        None => None,
    };
    let broken = invariants::broken(&database, conversations.as_ref()).await;
    if broken.is_empty() {
        println!("every rule holds");
        return ExitCode::SUCCESS;
    }
    for rule in broken {
        println!("{rule}");
    }
    ExitCode::FAILURE
}

async fn list(url: &str) -> Vec<Value> {
    let answer = reqwest::get(url).await.unwrap();
    answer.json().await.unwrap()
}
