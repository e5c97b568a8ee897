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
use clap::Args;
use shared::{
    domain::program::Program,
    operate::settings::{self, OfBot, SettingFlags},
    store::Database,
    text,
};

use self::{people::People, play::Play, report::Report, terminal::Terminal};
use crate::{egress::Egress, settings::Settings, slack::Probe};

/// What it is told.
#[derive(Args)]
pub(crate) struct Rehearse {
    #[command(flatten)]
    flags: SettingFlags<OfBot>,
    /// Who plays: a member ID (in Slack: your picture, Profile, the three dots, Copy member ID);
    /// with @me it is asked for
    #[arg(default_value = "@me")]
    person: String,
    /// The colleague who gets the secrets, by member ID; oneself where `ALLOW_SELF=yes`
    #[arg(long, value_name = "PERSON")]
    with: Option<String>,
    /// Where the report is written too, as Markdown
    #[arg(long, value_name = "PATH")]
    report: Option<PathBuf>,
    /// How long is waited for what should happen by itself
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = settings::parse_duration)]
    wait: Duration,
}

/// Plays it.
pub(crate) async fn run(told: Rehearse) -> anyhow::Result<()> {
    let (settings, _) = Settings::read(&told.flags)?;
    let database = Database::connect(&settings.database, Program::Bot)
        .await
        .context("DATABASE_URL")?;
    database.check_schema().await?;
    let egress = Egress::new(&settings.egress)?;
    let probe = Probe::new(&settings.slack.api_url, &egress);
    let mut terminal = Terminal::new();
    let mut report = Report::new();
    let token = settings.slack.bot_token.as_secret();
    let mut people = People {
        probe: &probe,
        token,
        terminal: &mut terminal,
        report: &mut report,
    };
    let sender = people.sender(&told.person).await?;
    let recipient = people
        .recipient(&sender, told.with.as_deref(), settings.policy.allow_self)
        .await?;
    let began = database.clock().await?;
    let alone = sender == recipient;
    let mut play = Play {
        database: &database,
        people,
        sender,
        recipient,
        wait: told.wait,
        remind_before: settings.remind_before,
        way: settings.links.way,
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
    if let Some(path) = told.report {
        fs::write(path, &written).context("the report could not be written")?;
    }
    let failures = report.failures();
    ensure!(failures == 0, "{failures} steps of the rehearsal failed");
    Ok(())
}
