//! `bench`: what it costs, against what must be done at the least. Run it by `cargo xtask bench`.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool")]

use std::process::ExitCode;

use e2e::{
    Engine,
    bench::{Extent, Part, Row},
};
use serde_json::Value;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let Some(Asked {
        extent,
        engines,
        parts,
    }) = Asked::parse(&arguments)
    else {
        let names = Part::ALL.map(Part::name).join("|");
        eprintln!("usage: bench ROUNDS SECRETS [mysql|sqlite|{names}]...");
        return ExitCode::from(2);
    };
    println!("{}", Row::heading());
    let mut rows = Vec::new();
    let mut tell = |row: Row| {
        println!("{}", row.line());
        rows.push(row);
    };
    for engine in engines {
        for part in &parts {
            part.measure(engine, extent, &mut tell).await;
        }
    }
    for note in parts.iter().filter_map(|part| part.note()) {
        println!("\n{note}");
    }
    let json: Value = rows.iter().map(Row::json).collect();
    println!("\n{json}");
    ExitCode::SUCCESS
}

/// What is asked for: everything where nothing is named.
struct Asked {
    extent: Extent,
    engines: Vec<Engine>,
    parts: Vec<Part>,
}

impl Asked {
    fn parse(arguments: &[String]) -> Option<Self> {
        let [rounds, secrets, names @ ..] = arguments else {
            return None;
        };
        let (mut engines, mut parts) = (Vec::new(), Vec::new());
        for name in names {
            match name.as_str() {
                "mysql" => engines.push(Engine::MySql),
                "sqlite" => engines.push(Engine::Sqlite),
                name => parts.push(Part::ALL.into_iter().find(|part| part.name() == name)?),
            }
        }
        if engines.is_empty() {
            engines = vec![Engine::MySql, Engine::Sqlite];
        }
        if parts.is_empty() {
            parts = Part::ALL.to_vec();
        }
        Some(Self {
            extent: Extent {
                rounds: rounds.parse().ok().filter(|rounds| *rounds > 0)?,
                secrets: secrets.parse().ok().filter(|secrets| *secrets > 0)?,
            },
            engines,
            parts,
        })
    }
}
