//! Checks of Slack: reachable, both tokens good and of one app, the scopes, Socket Mode, the clock,
//! and whether the app is still as the manifest made it.

use std::{
    io::{self, Write},
    time::Duration,
};

use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use shared::{
    domain::ids::UserId,
    operate::doctor::{Finding, Report, database::skew},
};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::{
    egress::{Egress, Failure},
    manifest::{BOT_SCOPES, drift},
    settings::Settings,
    slack::{Method, Probe, ProbeAnswer, SlackError},
    socket::Target,
};

/// Longest wait for TCP, tunnel and TLS together.
const PATIENCE: Duration = Duration::from_secs(10);

/// How each check is called.
const BOT_TOKEN: &str = "bot token";
const SCOPES: &str = "scopes";
const APP_TOKEN: &str = "app token";
const SAME_APP: &str = "one app";
const WEBSOCKET: &str = "WebSocket";
const MANIFEST: &str = "manifest";

/// Asks Slack, and tells what it says. Returns the bot's own user, where Slack names it.
pub(super) async fn check(
    settings: &Settings,
    egress: &Egress,
    config_token: Option<&SecretString>,
    report: &mut Report<impl Write>,
) -> io::Result<Option<UserId>> {
    let probe = Probe::new(&settings.slack.api_url, egress);
    let bot_token = settings.slack.bot_token.as_secret();
    let identity = probe.call(Method::AuthTest, "", bot_token).await;
    let mut app = None;
    let mut user = None;
    match identity {
        Ok(answer) => {
            report.tell(&who(&answer))?;
            report.tell(&scopes(&answer.scopes))?;
            if let Some(clock) = answer.clock {
                // The header has whole seconds: half of one has passed on average.
                report.tell(&skew("Slack's clock", clock, Duration::from_millis(500)))?;
            }
            user = answer.body["user_id"].as_str().map(UserId::parse);
            app = app_of(&probe, &answer.body, bot_token).await;
        }
        Err(error) => report.tell(&failed(BOT_TOKEN, &error))?,
    }
    let app_token = settings.slack.app_token.as_secret();
    match probe.call(Method::OpenConnection, "", app_token).await {
        Ok(answer) => {
            let seen = "it opens Socket Mode connections: Socket Mode is on";
            report.tell(&Finding::good(APP_TOKEN, seen))?;
            report.tell(&websocket(&answer.body, settings, egress).await)?;
        }
        Err(error) => report.tell(&failed(APP_TOKEN, &error))?,
    }
    let named = app_named_by(app_token);
    report.tell(&same_app(app.as_deref(), named.as_deref()))?;
    let app = app.or(named);
    report.tell(&manifest(&probe, config_token, app.as_deref()).await)?;
    Ok(user.and_then(Result::ok))
}

fn who(answer: &ProbeAnswer) -> Finding {
    let text = |name: &str| {
        let text = answer.body[name].as_str().unwrap_or("?");
        text.escape_debug().to_string()
    };
    Finding::good(
        BOT_TOKEN,
        format!("it is {} in the workspace {}", text("user"), text("team")),
    )
}

fn scopes(given: &[String]) -> Finding {
    if given.is_empty() {
        return Finding::skipped(
            SCOPES,
            "Slack did not say which the bot token has",
            "compare them at api.slack.com/apps, your app, OAuth & Permissions",
        );
    }
    let missing: Vec<_> = BOT_SCOPES
        .into_iter()
        .filter(|scope| !given.iter().any(|given| given == scope))
        .collect();
    if !missing.is_empty() {
        return Finding::bad(
            SCOPES,
            format!("the bot token lacks {}", missing.join(", ")),
            "add them at api.slack.com/apps, your app, OAuth & Permissions, install the app again, \
             and use the token that Slack then shows",
        );
    }
    let more: Vec<_> = given
        .iter()
        .filter(|given| !BOT_SCOPES.contains(&given.as_str()))
        .map(|scope| scope.escape_debug().to_string())
        .collect();
    if more.is_empty() {
        return Finding::good(SCOPES, BOT_SCOPES.join(", "));
    }
    Finding::warning(
        SCOPES,
        format!("the bot token has more than it needs: {}", more.join(", ")),
        "take them away at api.slack.com/apps, your app, OAuth & Permissions, and install the app \
         again: whoever gets the token can then do less",
    )
}

/// The app that a bot token belongs to.
async fn app_of(probe: &Probe, identity: &Value, token: &SecretString) -> Option<String> {
    let bot = identity["bot_id"].as_str()?;
    let plain = bot.chars().all(|c| c.is_ascii_alphanumeric());
    let query = plain.then(|| format!("?bot={bot}"))?;
    let answer = probe.call(Method::BotsInfo, &query, token).await.ok()?;
    answer.body["bot"]["app_id"].as_str().map(str::to_owned)
}

/// The app that an app-level token names: `xapp-1-A0123456789-...`.
fn app_named_by(token: &SecretString) -> Option<String> {
    let part = token.expose_secret().split('-').nth(2)?;
    let looks_like_one = part.len() >= 8
        && part.starts_with('A')
        && part
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    looks_like_one.then(|| part.to_owned())
}

fn same_app(of_bot: Option<&str>, of_app: Option<&str>) -> Finding {
    match (of_bot, of_app) {
        (Some(bot), Some(app)) if bot == app => {
            Finding::good(SAME_APP, format!("both tokens are of the app {app}"))
        }
        (Some(bot), Some(app)) => Finding::bad(
            SAME_APP,
            format!("the bot token is of the app {bot}, the app token of {app}"),
            "take both tokens from the same app at api.slack.com/apps",
        ),
        _ => Finding::skipped(
            SAME_APP,
            "which apps the tokens are of could not be told",
            "see that both tokens are from the same app at api.slack.com/apps",
        ),
    }
}

/// Whether the host of the WebSockets can be reached and is trusted. The WebSocket itself is not
/// opened: Slack would send commands over it that the running bot has to answer.
async fn websocket(answer: &Value, settings: &Settings, egress: &Egress) -> Finding {
    let plain = settings.slack.api_url.is_plain_http();
    let address = SecretString::from(answer["url"].as_str().unwrap_or_default());
    let Ok(target) = Target::parse(&address, plain) else {
        return Finding::bad(
            WEBSOCKET,
            "Slack gave an address that is no encrypted WebSocket",
            "check SLACK_API_URL: it should be left out",
        );
    };
    let host = target.origin.host().unwrap_or_default().to_owned();
    match timeout(PATIENCE, reach(&target, &host, egress)).await {
        Ok(Ok(())) if target.encrypted => {
            Finding::good(WEBSOCKET, format!("{host} is reached and trusted"))
        }
        Ok(Ok(())) => Finding::good(WEBSOCKET, format!("{host} is reached, unencrypted")),
        Ok(Err(reason)) => unreachable(&host, &reason),
        Err(_) => unreachable(&host, "no answer"),
    }
}

fn unreachable(host: &str, reason: &str) -> Finding {
    Finding::bad(
        WEBSOCKET,
        format!("{host} can't be reached: {reason}"),
        "open the firewall or the proxy for this host and port 443 too, or name the proxy in \
         HTTPS_PROXY and its authority in CA_BUNDLE",
    )
}

async fn reach(target: &Target, host: &str, egress: &Egress) -> Result<(), String> {
    use tower::Service as _;
    let stream = egress.dialer().call(target.origin.clone()).await;
    let stream = stream.map_err(|error| Failure::of(&*error).to_string())?;
    if !target.encrypted {
        return Ok(());
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| "its name is none".to_owned())?;
    let connector = TlsConnector::from(egress.tls());
    match connector.connect(name, stream.into_inner()).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::of(&error).to_string()),
    }
}

async fn manifest(probe: &Probe, token: Option<&SecretString>, app: Option<&str>) -> Finding {
    let Some(token) = token else {
        return Finding::skipped(
            MANIFEST,
            "whether the Slack app is as the manifest has it can't be asked with the bot's tokens",
            "make an app configuration token (api.slack.com/apps, Your App Configuration Tokens), \
             and give it by --config-token-file",
        );
    };
    let Some(app) = app else {
        return Finding::skipped(
            MANIFEST,
            "which Slack app this is about could not be told",
            "mend what is said of the tokens above, and run this again",
        );
    };
    let answer = probe
        .call(Method::ExportManifest, &format!("?app_id={app}"), token)
        .await;
    let manifest = match &answer {
        Ok(answer) => &answer.body["manifest"],
        Err(error) => {
            return Finding::bad(
                MANIFEST,
                error.to_string(),
                "make a new app configuration token (each is good for 12 hours) as a person who may \
                 change this app",
            );
        }
    };
    let drift = drift(manifest);
    if drift.is_empty() {
        return Finding::good(MANIFEST, "the Slack app is as the bot needs it");
    }
    Finding::bad(
        MANIFEST,
        drift.join("; "),
        "change it at api.slack.com/apps, your app, App Manifest: `secure-secret-bot manifest` prints \
         what it should be",
    )
}

fn failed(check: &'static str, error: &SlackError) -> Finding {
    let advice = if error.is_fatal() {
        error.advice()
    } else if error.is_an_answer() {
        "Slack answered, with something else than hoped for: look the code up in its documentation of the \
         method, and see whether the app is installed and Socket Mode is on (https://api.slack.com/apps)"
            .to_owned()
    } else {
        "see that slack.com and wss-primary.slack.com can be reached from here (HTTPS_PROXY, NO_PROXY, \
         CA_BUNDLE), and whether status.slack.com tells of trouble"
            .to_owned()
    };
    Finding::bad(check, error.to_string(), advice)
}

#[cfg(test)]
mod tests {
    use shared::operate::doctor::Verdict;

    use super::*;

    #[test]
    fn an_app_token_names_its_app() {
        let named = |token: &str| app_named_by(&SecretString::from(token));
        assert_eq!(
            named("xapp-1-A0123ABCD-99-abc").as_deref(),
            Some("A0123ABCD")
        );
        for token in [
            "xapp-1-canary-99",
            "xapp-1",
            "xapp-1-A0-9",
            "xapp-1-B0123ABCD-9",
        ] {
            assert_eq!(named(token), None, "{token}");
        }
        assert_eq!(same_app(Some("A1"), Some("A2")).verdict, Verdict::Bad);
        assert_eq!(same_app(None, Some("A2")).verdict, Verdict::Skipped);
    }

    #[test]
    fn scopes_are_neither_too_few_nor_too_many() {
        let verdict = |given: &[&str]| {
            let given: Vec<_> = given.iter().map(|scope| (*scope).to_owned()).collect();
            scopes(&given).verdict
        };
        assert_eq!(verdict(&BOT_SCOPES), Verdict::Good);
        assert_eq!(verdict(&BOT_SCOPES[1..]), Verdict::Bad);
        assert_eq!(
            verdict(&[&BOT_SCOPES[..], &["channels:history"]].concat()),
            Verdict::Warning
        );
        assert_eq!(verdict(&[]), Verdict::Skipped);
    }
}
