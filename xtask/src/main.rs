//! The workspace's commands. They do all the set-up there is.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool"
)]

mod bench;
mod browser;
mod demo;
mod deployment;
mod fuzz;
mod generate;
mod java;
mod mutants;
mod node;
mod pictures;
mod presses;
mod python;
mod soak;
mod surroundings;
mod test;

use std::process::ExitCode;

use clap::{Arg, ArgAction, Command};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // Without the backtrace that `Debug` adds: where in here it was noticed helps nobody.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let matches = Command::new("cargo xtask")
        .about("Commands of the workspace")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("demo")
                .about("Runs everything here, with a simulated Slack in the browser")
                .arg(port("port", "8321", "Port of the simulated Slack's page"))
                .arg(port("reveal-port", "8322", "Port of the reveal page")),
        )
        .subcommand(
            Command::new("test")
                .about("Tests everything, on MySQL and SQLite and in real browsers")
                .arg(
                    Arg::new("filter")
                        .action(ArgAction::Append)
                        .last(true)
                        .help("Passed on to `cargo test`"),
                ),
        )
        .subcommand(Command::new("bench").about("Measures a release build on MySQL"))
        .subcommand(
            Command::new("soak")
                .about("Breaks things at random under load, and checks that nothing is lost")
                .arg(number("minutes", "30", "For how long"))
                .arg(number("seed", "1", "What is done follows from it"))
                .arg(
                    Arg::new("engine")
                        .long("engine")
                        .value_parser(["mysql", "sqlite"])
                        .default_value("mysql")
                        .help("On which database"),
                ),
        )
        .subcommand(
            Command::new("presses")
                .about("Presses the button twice, in every way, on lines fast and slow")
                .arg(number("browsers", "16", "How many at once")),
        )
        .subcommand(Command::new("pictures").about("Takes the README's pictures"))
        .subcommand(
            Command::new("fuzz")
                .about("Feeds the parsers of what strangers send with what nobody thought of")
                .arg(number("minutes", "5", "For how long, each")),
        )
        .subcommand(
            Command::new("mutants")
                .about("Breaks promises on purpose in a copy, and wants each one's test to notice")
                .arg(
                    Arg::new("name")
                        .action(ArgAction::Append)
                        .help("Files in mutants/, without their ending; all if none is named"),
                ),
        )
        .subcommand(Command::new("generate").about("Writes what documents take from the code"))
        .subcommand(guide())
        .subcommand(Command::new("mysql").about("Runs the tests' MySQL until stopped"))
        .get_matches();
    match matches.subcommand() {
        Some(("demo", matches)) => {
            let port = |name| matches.get_one::<u16>(name).copied().unwrap_or_default();
            demo::run(port("port"), port("reveal-port"))
        }
        Some(("test", matches)) => {
            let filter = matches.get_many::<String>("filter").unwrap_or_default();
            test::run(&filter.cloned().collect::<Vec<_>>())
        }
        Some(("bench", _)) => bench::run(),
        Some(("soak", matches)) => {
            let text = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
            let number = |name: &str| matches.get_one::<u64>(name).copied().unwrap_or_default();
            soak::run(&text("engine"), number("seed"), number("minutes"))
        }
        Some(("presses", matches)) => {
            presses::run(matches.get_one::<u64>("browsers").copied().unwrap_or(1))
        }
        Some(("pictures", _)) => pictures::run(),
        Some(("fuzz", matches)) => {
            fuzz::run(matches.get_one::<u64>("minutes").copied().unwrap_or(1))
        }
        Some(("mutants", matches)) => {
            let names = matches.get_many::<String>("name").unwrap_or_default();
            mutants::run(&names.cloned().collect::<Vec<_>>())
        }
        Some(("generate", _)) => generate::run(),
        Some(("guide", matches)) => test::follow_guide(matches.get_flag("write")),
        Some(("mysql", _)) => xtask::mysql::run(),
        _ => Ok(()),
    }
}

fn guide() -> Command {
    Command::new("guide")
        .about("Follows the install guide on a fresh Debian, and compares every output in it")
        .arg(
            Arg::new("write")
                .long("write")
                .action(ArgAction::SetTrue)
                .help("Writes what was really printed into the guide"),
        )
}

fn number(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_parser(clap::value_parser!(u64))
        .default_value(default)
        .help(help)
}

fn port(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("PORT")
        .value_parser(clap::value_parser!(u16).range(1..))
        .default_value(default)
        .help(help)
}
