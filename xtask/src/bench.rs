//! `cargo xtask bench`: a release build on a real MySQL.

use xtask::{
    cargo,
    cargo::{binaries, succeed},
    mysql,
};

use crate::snappass;

/// What is no part of the table's, but where it is measured.
const ENGINES: [&str; 2] = ["mysql", "sqlite"];

/// What takes part.
const PROGRAMS: [&str; 5] = [
    "secure-secret-bot",
    "secure-secret-web",
    "secure-secret-migrate",
    "slack-sim",
    "bench",
];

pub(crate) fn run(rounds: u64, secrets: u64, only: &[String]) -> anyhow::Result<()> {
    let programs = PROGRAMS.iter().flat_map(|program| ["--bin", program]);
    let build = ["build", "--workspace", "--release", "--locked"];
    succeed(cargo::cargo().args(build).args(programs))?;
    let server = mysql::start()?;
    let bin = binaries("release");
    let mut bench = std::process::Command::new(bin.join("bench"));
    bench
        .args([rounds.to_string(), secrets.to_string()])
        .args(only)
        .env("TEST_MYSQL_URL", &server.url)
        .env("TEST_MYSQLD", &server.program)
        .env("SECURE_SECRET_BIN_DIR", &bin);
    if wants(only, "snappass") {
        snappass::tell(&mut bench)?;
    }
    succeed(&mut bench)
}

/// Whether a part is among what is named, which is all of them where none is.
fn wants(only: &[String], part: &str) -> bool {
    let mut parts = only.iter().filter(|name| !ENGINES.contains(&name.as_str()));
    parts.clone().next().is_none() || parts.any(|name| name == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naming_an_engine_leaves_no_part_out() {
        let wants = |only: &[&str]| {
            let only: Vec<_> = only.iter().map(|&name| name.to_owned()).collect();
            wants(&only, "snappass")
        };
        assert!(wants(&[]));
        assert!(wants(&["mysql"]));
        assert!(wants(&["sqlite", "growth", "snappass"]));
        assert!(!wants(&["mysql", "growth"]));
    }
}
