//! `cluster`: a group of MySQL servers in trouble. Run it by `cargo xtask cluster`.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool")]

use std::process::ExitCode;

use e2e::cluster::{self, Mode};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let read = match arguments.as_slice() {
        [mode, secrets, only] => {
            let mode = match mode.as_str() {
                "single" => Some(Mode::SinglePrimary),
                "multi" => Some(Mode::MultiPrimary),
                _ => None,
            };
            mode.zip(secrets.parse().ok())
                .map(|(mode, secrets)| (mode, secrets, only))
        }
        _ => None,
    };
    let Some((mode, secrets, only)) = read else {
        eprintln!("usage: cluster single|multi SECRETS TROUBLE");
        return ExitCode::from(2);
    };
    println!(
        "{mode:?}, {secrets} secrets for each trouble, pressed for at three reveal-webs at once"
    );
    println!("\n{}", cluster::HEAD);
    let tell = |outcome: &cluster::Outcome| println!("{}", outcome.row());
    let outcomes = Box::pin(cluster::run(mode, secrets, only, tell)).await;
    let broken: Vec<_> = outcomes
        .iter()
        .flat_map(|outcome| &outcome.broken)
        .collect();
    for promise in &broken {
        println!("BROKEN: {promise}");
    }
    ExitCode::from(u8::from(!broken.is_empty()))
}
