//! `rehearse`: walks an operator through what only a real workspace can show, with the running
//! bot's settings and made-up secrets, and writes a report that names nobody.
//!
//! It runs beside the bot and opens no connection of Socket Mode: Slack would send commands over
//! it. What it checks itself it reads in the database, of which it changes nothing.

mod made_up;
mod people;
mod play;
mod report;
mod steps;
mod terminal;

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context as _, ensure};
use clap::{Arg, ArgMatches, Command, value_parser};
use shared::{
    domain::program::Program,
    operate::settings::{self, definitions},
    store::Database,
    text,
};

use self::{people::People, play::Play, report::Report, terminal::Terminal};
use crate::{egress::Egress, settings::Settings, slack::Probe};

/// The subcommand and its flags.
pub(crate) fn command_line() -> Command {
    Command::new("rehearse")
        .about(
            "Walks you through a rehearsal in the real workspace, step by step, with made-up secrets, and \
             prints a report for the maintainers that names nobody",
        )
        .args(settings::arguments(&definitions::of(Program::Bot)))
        .arg(
            Arg::new("person")
                .value_name("PERSON")
                .default_value("@me")
                .help(
                    "Who plays: a member ID (in Slack: your picture, Profile, the three dots, Copy member \
                     ID); with @me it is asked for",
                ),
        )
        .arg(Arg::new("with").long("with").value_name("PERSON").help(
            "The colleague who gets the secrets, by member ID; oneself where ALLOW_SELF=yes",
        ))
        .arg(
            Arg::new("report")
                .long("report")
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("Where the report is written too, as Markdown"),
        )
        .arg(
            Arg::new("wait")
                .long("wait")
                .value_name("TIME")
                .value_parser(settings::parse_duration)
                .default_value("60s")
                .help("How long is waited for what should happen by itself"),
        )
}

/// Plays it.
pub(crate) async fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let (settings, _) = Settings::read(matches)?;
    let database = Database::connect(&settings.database)
        .await
        .context("DATABASE_URL")?;
    database.check_schema().await?;
    let egress = Egress::new(&settings.egress)?;
    let probe = Probe::new(&settings.slack.api_url, &egress);
    let mut terminal = Terminal::new();
    let mut report = Report::new();
    let given = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let token = settings.slack.bot_token.as_secret();
    let mut people = People {
        probe: &probe,
        token,
        terminal: &mut terminal,
        report: &mut report,
    };
    let sender = people.sender(given("person").unwrap_or("@me")).await?;
    let recipient = people
        .recipient(&sender, given("with"), settings.policy.allow_self)
        .await?;
    let wait = matches.get_one::<Duration>("wait").copied();
    let began = database.clock().await?;
    let alone = sender == recipient;
    let mut play = Play {
        database: &database,
        people,
        sender,
        recipient,
        wait: wait.unwrap_or(Duration::from_mins(1)),
    };
    play.all().await?;
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let about = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("began", text::rfc3339(began)),
        ("the sender was the recipient", yes_no(alone)),
        ("ALLOW_SELF", yes_no(settings.policy.allow_self)),
        ("ALLOW_EXTERNAL", yes_no(settings.policy.allow_external)),
        ("ALLOW_GUESTS", yes_no(settings.policy.allow_guests)),
    ];
    let written = report.markdown(&about);
    Terminal::tell(&format!(
        "\nThis is the report. It names nobody and holds no secret: please read it, and send it to the \
         maintainers.\n\n{written}"
    ))?;
    if let Some(path) = matches.get_one::<PathBuf>("report") {
        fs::write(path, &written).context("the report could not be written")?;
    }
    let failures = report.failures();
    ensure!(failures == 0, "{failures} steps of the rehearsal failed");
    Ok(())
}
