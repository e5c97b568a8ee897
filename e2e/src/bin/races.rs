//! `races`: taking back against delivery, opening and sweeping. Run it by `cargo xtask races`.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]
#![expect(clippy::print_stdout, reason = "a tool")]

use std::process::ExitCode;

use e2e::{
    Engine,
    races::{self, Order},
};

#[tokio::main]
async fn main() -> ExitCode {
    println!(
        "| engine | bots and webs | taking back against | taken back | opened | expired | not confirmed \
         | press to \"nobody saw it\", median (ms) | faults |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut faults = 0;
    for engine in [Engine::MySql, Engine::Sqlite] {
        for processes in [1, 2] {
            for order in Order::ALL {
                let raced = Box::pin(races::run(engine, processes, order)).await;
                let median = raced.latencies.get(raced.latencies.len() / 2);
                println!(
                    "| {} | {processes} | {} | {} | {} | {} | {} | {} | {} |",
                    engine.name(),
                    order.name(),
                    raced.taken_back,
                    raced.opened,
                    raced.expired,
                    raced.unconfirmed,
                    median.map_or_else(|| "–".to_owned(), |median| format!("{median:.1}")),
                    raced.faults.len(),
                );
                for fault in &raced.faults {
                    println!("{fault}");
                }
                faults += raced.faults.len();
            }
        }
    }
    ExitCode::from(u8::from(faults > 0))
}
