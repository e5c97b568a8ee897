//! What it costs, measured against what must be done at the least.
//!
//! Machines differ, and the same machine from one second to the next: what counts are ratios within
//! one round, in which what is compared takes turns.

mod bare;
mod clients;
mod deliveries;
mod figures;
mod growth;
mod limiter;
mod links;
mod memory;
mod processes;
mod reveals;
mod snappass;
mod statements;
mod submissions;
mod visitor;

use crate::{Engine, Options};
pub use figures::{Goal, Row};

/// A part of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Reveals against the bare transaction.
    Reveals,
    /// Submissions against theirs.
    Submissions,
    /// From the acknowledgement to the message, and a thousand people at once.
    Deliveries,
    /// Start and memory.
    Memory,
    /// Against snappass.
    Snappass,
    /// A database that has grown, and what is cleared away in it.
    Growth,
    /// How statements are planned in it.
    Statements,
    /// Several processes on one database.
    Processes,
    /// Requests from a multitude of addresses.
    Limiter,
}

/// Where figures are told of.
pub type Tell<'a> = dyn FnMut(Row) + 'a;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// How often each comparison is made.
    pub rounds: usize,
    /// Living secrets of a database that has grown; it has as many old ones, and ten times as many
    /// entries in the trail. A tenth as many addresses are told apart by the limit on each.
    pub secrets: u64,
}

impl Part {
    /// All of them, in the table's order.
    pub const ALL: [Self; 9] = [
        Self::Reveals,
        Self::Submissions,
        Self::Deliveries,
        Self::Memory,
        Self::Snappass,
        Self::Growth,
        Self::Statements,
        Self::Processes,
        Self::Limiter,
    ];

    /// As it is named on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reveals => "reveals",
            Self::Submissions => "submissions",
            Self::Deliveries => "deliveries",
            Self::Memory => "memory",
            Self::Snappass => "snappass",
            Self::Growth => "growth",
            Self::Statements => "statements",
            Self::Processes => "processes",
            Self::Limiter => "limiter",
        }
    }

    /// Measures it, and tells of each figure as soon as it is there: some take an hour.
    pub async fn measure(self, engine: Engine, extent: Extent, tell: &mut Tell<'_>) {
        let Extent { rounds, secrets } = extent;
        let rows = match self {
            Self::Reveals => reveals::measure(engine, rounds).await,
            Self::Submissions => submissions::measure(engine, rounds).await,
            Self::Deliveries => deliveries::measure(engine, rounds).await,
            Self::Memory => memory::measure(engine, rounds).await,
            Self::Snappass => snappass::measure(engine, rounds).await,
            Self::Growth => return growth::measure(engine, rounds, secrets, tell).await,
            Self::Statements => statements::measure(engine, secrets).await,
            Self::Processes => processes::measure(engine, rounds).await,
            Self::Limiter => limiter::measure(engine, rounds, secrets).await,
        };
        rows.into_iter().for_each(tell);
    }

    /// What must be said beside its figures.
    #[must_use]
    pub const fn note(self) -> Option<&'static str> {
        match self {
            Self::Snappass => Some(snappass::PROMISES),
            Self::Limiter => Some(limiter::BOUND),
            _ => None,
        }
    }
}

/// With the log that operators have.
fn as_operators_run_it() -> Options {
    let log = ("RUST_LOG", "info".to_owned());
    let mut options = Options::default();
    options.bot_variables.push(log.clone());
    options.web_variables.push(log);
    options
}
