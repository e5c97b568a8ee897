//! `soak`: random faults under load. Run it by `cargo xtask soak`.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool")]

use std::{process::ExitCode, time::Duration};

use e2e::{Engine, soak};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let read = match arguments.as_slice() {
        [engine, seed, minutes] => {
            seed.parse()
                .ok()
                .zip(minutes.parse().ok())
                .zip(match engine.as_str() {
                    "mysql" => Some(Engine::MySql),
                    "sqlite" => Some(Engine::Sqlite),
                    _ => None,
                })
        }
        _ => None,
    };
    let Some(((seed, minutes), engine)) = read else {
        eprintln!("usage: soak mysql|sqlite SEED MINUTES");
        return ExitCode::from(2);
    };
    println!("{engine:?}, seed {seed}, {minutes} minutes");
    let counts = Box::pin(soak::run(engine, seed, Duration::from_mins(minutes))).await;
    for (what, count) in counts {
        println!("{count:>8}  {what}");
    }
    println!("every rule holds");
    ExitCode::SUCCESS
}
