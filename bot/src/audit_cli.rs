//! `audit list`: the trail, for people and as JSON Lines.

use std::{
    io::{self, BufWriter, Write},
    time::Duration,
};

use anyhow::Context as _;
use clap::{Args, Subcommand, value_parser};
use serde_json::json;
use shared::{
    domain::{ids::SecretId, program::Program},
    operate::{
        lifecycle,
        settings::{self, OfDatabase, Reader, SettingFlags, definitions::DATABASE_URL},
    },
    store::{
        Database,
        audit::{self, Entry, Filter},
        sqlite_files::LooseFiles,
    },
    text,
};

/// What of the trail is shown.
#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Lists the newest events, oldest first
    List(List),
}

/// Which events, and in what form.
#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    flags: SettingFlags<OfDatabase>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Only this secret's events
    #[arg(long, value_name = "ID")]
    secret: Option<SecretId>,
    /// Only events of the last 24h, 30m, ...
    #[arg(long, value_name = "TIME", value_parser = settings::parse_duration)]
    since: Option<Duration>,
    /// At most so many events
    #[arg(long, value_name = "COUNT", default_value_t = 100,
          value_parser = value_parser!(u64).range(1..=1_000_000))]
    limit: u64,
}

/// Lists the events.
pub(crate) async fn list(told: &List) -> anyhow::Result<()> {
    let mut reader = Reader::new(Program::Bot, &told.flags);
    let url = reader.required(&DATABASE_URL);
    reader.finish()?;
    let url = url.context("DATABASE_URL is missing")?;
    let database = Database::connect(&url, Program::Bot)
        .await
        .context("DATABASE_URL")?;
    if let Some(files) = LooseFiles::of(&url) {
        lifecycle::warn(Program::Bot, &files.warning());
    }
    database.check_schema().await?;
    let filter = Filter {
        secret: told.secret,
        within: told.since,
        limit: told.limit,
    };
    let entries = audit::list(&database, filter).await?;
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = if told.json {
        print_json(&mut out, &entries)
    } else {
        print_table(&mut out, &entries)
    };
    match printed.and_then(|()| out.flush()) {
        // Whoever read it, such as `head`, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.context("standard output"),
    }
}

fn print_json(out: &mut impl Write, entries: &[Entry]) -> io::Result<()> {
    for entry in entries {
        let line = json!({
            "occurred_at": text::rfc3339(entry.occurred_at),
            "version": entry.version,
            "event": entry.event,
            "outcome": entry.outcome,
            "team": entry.team,
            "actor": entry.actor,
            "actor_kind": entry.actor_kind,
            "secret": entry.secret.map(|secret| secret.to_string()),
            "sender": entry.sender,
            "recipient": entry.recipient,
            "ip": entry.ip,
            "user_agent": entry.user_agent,
            "metadata": entry.metadata,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

const HEADINGS: [&str; 8] = [
    "TIME",
    "EVENT",
    "OUTCOME",
    "SECRET",
    "SENDER",
    "RECIPIENT",
    "ADDRESS",
    "DETAILS",
];

/// Columns as wide as what stands in them.
fn print_table(out: &mut impl Write, entries: &[Entry]) -> io::Result<()> {
    if entries.is_empty() {
        return writeln!(out, "no events");
    }
    let rows: Vec<_> = [HEADINGS.map(str::to_owned)]
        .into_iter()
        .chain(entries.iter().map(row))
        .collect();
    let mut widths = [0; HEADINGS.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &rows {
        let cells = row.iter().zip(widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn row(entry: &Entry) -> [String; HEADINGS.len()] {
    let known = |cell: &Option<String>| printable(cell.as_deref().unwrap_or("-"));
    let secret = entry.secret.map(|secret| secret.to_string());
    [
        text::rfc3339(entry.occurred_at),
        printable(&entry.event),
        known(&entry.outcome),
        known(&secret),
        known(&entry.sender),
        known(&entry.recipient),
        known(&entry.ip),
        details(entry),
    ]
}

fn details(entry: &Entry) -> String {
    let metadata = entry.metadata.as_object().into_iter().flatten();
    let metadata = metadata.map(|(name, value)| format!("{name}={value}"));
    let user_agent = entry
        .user_agent
        .iter()
        .map(|agent| format!("user_agent={agent:?}"));
    printable(&metadata.chain(user_agent).collect::<Vec<_>>().join(" "))
}

/// A stranger's browser may send what would steer a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use shared::domain::clock::Timestamp;

    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_replaced() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }

    #[test]
    fn long_addresses_do_not_push_the_columns_apart() {
        let entry = |ip: Option<&str>, event: &str| Entry {
            occurred_at: Timestamp::from_millis(1_795_460_580_000),
            version: 2,
            event: event.to_owned(),
            outcome: Some("done".to_owned()),
            team: None,
            actor: None,
            actor_kind: None,
            secret: None,
            sender: Some("U1".to_owned()),
            recipient: None,
            ip: ip.map(str::to_owned),
            user_agent: None,
            metadata: json!({"lifetime": "1h"}),
        };
        let v6 = "2001:db8:1111:2222:3333:4444:5555:6666";
        let entries = [entry(Some(v6), "viewed"), entry(None, "expired_destroyed")];
        let mut out = Vec::new();
        print_table(&mut out, &entries).unwrap();
        let table = String::from_utf8(out).unwrap();
        let column = |line: &str, text| line.find(text).unwrap();
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 3);
        for line in &lines[1..] {
            assert_eq!(
                column(line, "lifetime"),
                column(lines[0], "DETAILS"),
                "{table}"
            );
            assert_eq!(column(line, "U1"), column(lines[0], "SENDER"), "{table}");
        }
    }
}
