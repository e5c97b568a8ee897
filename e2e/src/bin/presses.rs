//! `presses`: the button, pressed twice in every way. Run it by `cargo xtask presses`.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool")]

use std::{process::ExitCode, time::Instant};

use e2e::presses;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let read = match arguments.as_slice() {
        [which, browsers] => browsers.parse().ok().zip(match which.as_str() {
            "all" => Some(presses::all()),
            "few" => Some(presses::pairwise()),
            _ => None,
        }),
        _ => None,
    };
    let Some((browsers, cases)) = read else {
        eprintln!("usage: presses all|few BROWSERS");
        return ExitCode::from(2);
    };
    let begun = Instant::now();
    let tried = presses::run(&cases, browsers, true).await;
    println!("{}", presses::table(&tried));
    let losses = tried.iter().filter(|tried| tried.loss.is_some()).count();
    let late = tried.iter().map(|tried| tried.late).max();
    println!(
        "{} of {} held; {} s with {browsers} browsers; no second press came later than meant by more than {} ms",
        tried.len() - losses,
        tried.len(),
        begun.elapsed().as_secs(),
        late.unwrap_or_default().as_millis()
    );
    ExitCode::from(u8::from(losses > 0))
}
