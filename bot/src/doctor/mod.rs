//! `doctor`: checks everything that the bot stands on, and says what to do.

mod alerts;
mod messages;
mod public_url;
mod rows;
mod slack;
mod strangers;
mod views;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use secrecy::SecretString;
use shared::{
    domain::program::Program,
    operate::{
        doctor::{Finding, Report, database, keys},
        settings::{OfBot, SettingFlags},
    },
    store::Database,
};
use zeroize::Zeroizing;

use crate::{egress::Egress, settings::Settings, slack::Slack};

/// What it is told.
#[derive(clap::Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    flags: SettingFlags<OfBot>,
    /// Shows Slack every view and message that the bot can produce, of made-up content, and tells
    /// what it refuses; posts nothing, takes two minutes at most
    #[arg(long)]
    views: bool,
    /// File with an app configuration token (api.slack.com/apps, Your App Configuration Tokens), to
    /// compare the Slack app with the manifest; - is standard input
    #[arg(long, value_name = "PATH")]
    config_token_file: Option<PathBuf>,
}

/// Checks, telling each finding as it comes.
pub(crate) async fn run(told: &Doctor) -> anyhow::Result<()> {
    let config_token = told
        .config_token_file
        .as_deref()
        .map(config_token)
        .transpose()?;
    let (settings, _) = Settings::read(&told.flags)?;
    let mut report = Report::new(io::stdout().lock());
    report.tell(&Finding::good("settings", "complete, and fit together"))?;
    let database = check_database(&settings, &mut report).await?;
    let egress = Egress::new(&settings.egress)?;
    let bot = slack::check(&settings, &egress, config_token.as_ref(), &mut report).await?;
    let database = database.as_ref();
    match (told.views, bot, database) {
        (true, Some(bot), _) => {
            let slack = Slack::new(&settings.slack, egress.clone());
            views::check(&settings, &slack, &bot, database, &mut report).await?;
        }
        (true, None, _) => report.tell(&views::without_slack())?,
        (false, _, Some(database)) => report.tell(&views::last(database).await)?,
        (false, _, None) => {}
    }
    report.tell(&messages::running(settings.health).await)?;
    for finding in public_url::check(&settings.public_base_url, &egress).await {
        report.tell(&finding)?;
    }
    Ok(report.finish()??)
}

async fn check_database(
    settings: &Settings,
    report: &mut Report<impl Write>,
) -> io::Result<Option<Database>> {
    let (findings, database) = database::check(&settings.database, Program::Bot).await;
    for finding in findings {
        report.tell(&finding)?;
    }
    let Some(database) = database else {
        return Ok(None);
    };
    let master: Vec<_> = settings.master_keys.ids().collect();
    for finding in keys::master(&database, Program::Bot, &master).await {
        report.tell(&finding)?;
    }
    let delivery: Vec<_> = settings.delivery_keys.ids().collect();
    for finding in keys::delivery(&database, &delivery).await {
        report.tell(&finding)?;
    }
    report.tell(&messages::waiting(&database).await)?;
    report.tell(&rows::check(&database).await)?;
    report.tell(&strangers::check(&database).await)?;
    if let Some(channel) = &settings.alerts {
        report.tell(&alerts::check(&database, channel.id()).await)?;
    }
    Ok(Some(database))
}

/// What was given is not repeated: it may be the token itself.
fn config_token(path: &Path) -> anyhow::Result<SecretString> {
    let read = if path == Path::new("-") {
        io::read_to_string(io::stdin())
    } else {
        fs::read_to_string(path)
    };
    let token = Zeroizing::new(read.context("--config-token-file can't be read")?);
    let token = token.trim();
    ensure!(
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()),
        "--config-token-file should hold one token (xoxe...) and nothing else"
    );
    Ok(SecretString::from(token))
}
