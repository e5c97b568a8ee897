//! `audit list`: the trail, for people and as JSON Lines.
#![expect(clippy::print_stdout, reason = "answers go to the terminal")]

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;
use shared::{
    ids::SecretId,
    settings::{self, DatabaseUrl, Reader, definitions::DATABASE_URL},
    store::{
        Database,
        audit::{self, Entry, Filter},
    },
    text,
};

/// The subcommand and its flags.
pub(crate) fn command_line() -> Command {
    Command::new("audit")
        .about("Shows what happened to secrets")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("list")
                .about("Lists the newest events, oldest first")
                .args(settings::arguments(&[DATABASE_URL]))
                .arg(
                    Arg::new("json")
                        .long("json")
                        .action(ArgAction::SetTrue)
                        .help("One JSON object a line"),
                )
                .arg(
                    Arg::new("secret")
                        .long("secret")
                        .value_name("ID")
                        .value_parser(|text: &str| text.parse::<SecretId>())
                        .help("Only this secret's events"),
                )
                .arg(
                    Arg::new("since")
                        .long("since")
                        .value_name("TIME")
                        .value_parser(settings::parse_duration)
                        .help("Only events of the last 24h, 30m, ..."),
                )
                .arg(
                    Arg::new("limit")
                        .long("limit")
                        .value_name("COUNT")
                        .value_parser(value_parser!(u64).range(1..=1_000_000))
                        .default_value("100")
                        .help("At most so many events"),
                ),
        )
}

/// Lists the events.
pub(crate) async fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let Some(("list", matches)) = matches.subcommand() else {
        return Ok(());
    };
    let mut reader = Reader::new(matches);
    let url = reader.required(&DATABASE_URL, DatabaseUrl::parse);
    reader.finish()?;
    let database = Database::connect(&url.context("DATABASE_URL is missing")?)
        .await
        .context("DATABASE_URL")?;
    database.check_schema().await?;
    let since = matches.get_one::<std::time::Duration>("since");
    let filter = Filter {
        secret: matches.get_one::<SecretId>("secret").copied(),
        since_millis: since.map(|since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
        limit: matches.get_one::<u64>("limit").copied().unwrap_or(100),
    };
    let entries = audit::list(&database, filter).await?;
    if matches.get_flag("json") {
        entries.iter().for_each(print_json);
    } else {
        print_table(&entries);
    }
    Ok(())
}

fn print_json(entry: &Entry) {
    let line = json!({
        "occurred_at": text::rfc3339(entry.occurred_at),
        "event": entry.event,
        "secret": entry.secret.map(|secret| secret.to_string()),
        "sender": entry.sender,
        "recipient": entry.recipient,
        "ip": entry.ip,
        "user_agent": entry.user_agent,
        "metadata": entry.metadata,
    });
    println!("{line}");
}

fn print_table(entries: &[Entry]) {
    if entries.is_empty() {
        println!("no events");
        return;
    }
    println!(
        "{:<24} {:<18} {:<36} {:<12} {:<12} {:<15} DETAILS",
        "TIME", "EVENT", "SECRET", "SENDER", "RECIPIENT", "ADDRESS"
    );
    for entry in entries {
        println!(
            "{:<24} {:<18} {:<36} {:<12} {:<12} {:<15} {}",
            text::rfc3339(entry.occurred_at),
            printable(&entry.event),
            entry
                .secret
                .map(|secret| secret.to_string())
                .unwrap_or_default(),
            printable(entry.sender.as_deref().unwrap_or("-")),
            printable(entry.recipient.as_deref().unwrap_or("-")),
            printable(entry.ip.as_deref().unwrap_or("-")),
            details(entry),
        );
    }
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
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_replaced() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }
}
