//! The workspace's commands. They do all the set-up there is.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool"
)]

mod bench;
mod browser;
mod cluster;
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
mod races;
mod snappass;
mod soak;
mod surroundings;
mod test;

use std::process::ExitCode;

use clap::{Parser, value_parser};

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

/// Commands of the workspace
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum CommandLine {
    /// Runs everything here, with a simulated Slack in the browser
    Demo {
        /// Port of the simulated Slack's page
        #[arg(long, default_value_t = 8321, value_parser = value_parser!(u16).range(1..))]
        port: u16,
        /// Port of the reveal page
        #[arg(long, value_name = "PORT", default_value_t = 8322,
              value_parser = value_parser!(u16).range(1..))]
        reveal_port: u16,
    },
    /// Tests everything, on MySQL and SQLite and in real browsers
    Test {
        /// Passed on to `cargo test`
        #[arg(last = true)]
        filter: Vec<String>,
    },
    /// Measures a release build, prints a table and the same as JSON
    Bench {
        /// How often each comparison is made
        #[arg(long, default_value_t = 5, value_parser = value_parser!(u64).range(1..))]
        rounds: u64,
        /// Living secrets of a database that has grown: ten times as many entries are in its trail,
        /// and requests come from a tenth as many addresses
        #[arg(long, default_value_t = 1_000_000, value_parser = value_parser!(u64).range(1..))]
        secrets: u64,
        /// An engine (mysql, sqlite) or a part of the table; everything if none is named
        only: Vec<String>,
    },
    /// Breaks things at random under load, and checks that nothing is lost
    Soak {
        /// For how long
        #[arg(long, default_value_t = 30)]
        minutes: u64,
        /// What is done follows from it
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// On which database
        #[arg(long, default_value = "mysql", value_parser = ["mysql", "sqlite"])]
        engine: String,
    },
    /// Runs reveal-webs on a group of three MySQL servers, and does things to these
    Cluster {
        /// Whether one server takes changes, or each of them
        #[arg(long, default_value = "single", value_parser = ["single", "multi"])]
        mode: String,
        /// How many secrets are pressed for while each thing happens
        #[arg(long, default_value_t = 200)]
        secrets: usize,
        /// Only what has this in its name
        #[arg(long, default_value = "")]
        only: String,
    },
    /// Presses the button twice, in every way, on lines fast and slow
    Presses {
        /// How many at once
        #[arg(long, default_value_t = 16)]
        browsers: u64,
    },
    /// Takes secrets back while they are delivered, opened and swept
    Races,
    /// Takes the README's pictures
    Pictures,
    /// Feeds the parsers of what strangers send with what nobody thought of
    Fuzz {
        /// For how long, each
        #[arg(long, default_value_t = 5)]
        minutes: u64,
    },
    /// Breaks promises on purpose in a copy, and wants each one's test to notice
    Mutants {
        /// Files in mutants/, without their ending; all if none is named
        name: Vec<String>,
    },
    /// Writes what documents take from the code
    Generate,
    /// Follows the install guide on a fresh Debian, and compares every output in it
    Guide {
        /// Writes what was really printed into the guide
        #[arg(long)]
        write: bool,
    },
    /// Runs the tests' MySQL until stopped
    Mysql,
}

fn run() -> anyhow::Result<()> {
    match CommandLine::parse() {
        CommandLine::Demo { port, reveal_port } => demo::run(port, reveal_port),
        CommandLine::Test { filter } => test::run(&filter),
        CommandLine::Bench {
            rounds,
            secrets,
            only,
        } => bench::run(rounds, secrets, &only),
        CommandLine::Soak {
            minutes,
            seed,
            engine,
        } => soak::run(&engine, seed, minutes),
        CommandLine::Cluster {
            mode,
            secrets,
            only,
        } => cluster::run(&mode, secrets, &only),
        CommandLine::Presses { browsers } => presses::run(browsers),
        CommandLine::Races => races::run(),
        CommandLine::Pictures => pictures::run(),
        CommandLine::Fuzz { minutes } => fuzz::run(minutes),
        CommandLine::Mutants { name } => mutants::run(&name),
        CommandLine::Generate => generate::run(),
        CommandLine::Guide { write } => test::follow_guide(write),
        CommandLine::Mysql => xtask::mysql::run(),
    }
}
