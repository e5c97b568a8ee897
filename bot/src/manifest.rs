//! `manifest`: the Slack app as Slack's own page takes it, and what of it the bot relies on.
//!
//! Limits: <https://docs.slack.dev/reference/app-manifest>.

use std::io::{self, Write};

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command};
use serde_json::{Value, json};
use shared::{
    operate::settings,
    text::{Locale, Message, text},
};

/// The bot token's scopes: the command, messages, conversations with people, who people are.
pub(crate) const BOT_SCOPES: [&str; 4] = ["commands", "chat:write", "im:write", "users:read"];

/// Longest names, in characters.
const NAME_CHARS: usize = 35;
const BOT_NAME_CHARS: usize = 80;
const DESCRIPTION_CHARS: usize = 140;
const COMMAND_CHARS: usize = 32;

/// The subcommand and its flags.
pub(crate) fn command_line() -> Command {
    let flag = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    Command::new("manifest")
        .about(
            "Prints the Slack app's manifest: api.slack.com/apps, Create New App, From a manifest",
        )
        .arg(
            flag("name", "NAME", "The app's name, at most 35 characters")
                .default_value("Secure Secret")
                .value_parser(|text: &str| name(text, NAME_CHARS)),
        )
        .arg(
            flag(
                "bot-name",
                "NAME",
                "Who its messages are from, at most 80 characters [default: the app's name]",
            )
            .value_parser(|text: &str| name(text, BOT_NAME_CHARS)),
        )
        .arg(
            flag(
                "description",
                "TEXT",
                "What people read about it, at most 140 characters [default: by the language]",
            )
            .value_parser(|text: &str| name(text, DESCRIPTION_CHARS)),
        )
        .arg(
            flag("command", "/COMMAND", "The slash command")
                .default_value("/sendsecret")
                .value_parser(slash_command),
        )
        .arg(
            flag("color", "#rrggbb", "The background behind its name")
                .default_value("#1d2b3a")
                .value_parser(color),
        )
        .arg(
            flag(
                "language",
                "en|fr",
                "Of its description and of the command's hint",
            )
            .default_value("en")
            .value_parser(settings::parse_language),
        )
}

/// Prints it.
pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let given = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let name = given("name").unwrap_or_default();
    let locale = matches.get_one::<Locale>("language").copied();
    let locale = locale.unwrap_or(Locale::En);
    let description = text(locale, Message::ManifestDescription);
    let manifest = manifest(&Names {
        name,
        bot_name: given("bot-name").unwrap_or(name),
        description: given("description").unwrap_or(&description),
        command: given("command").unwrap_or_default(),
        color: given("color").unwrap_or_default(),
        locale,
    });
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &manifest).context("standard output")?;
    writeln!(out).context("standard output")
}

/// What operators choose.
pub(crate) struct Names<'a> {
    name: &'a str,
    bot_name: &'a str,
    description: &'a str,
    command: &'a str,
    color: &'a str,
    locale: Locale,
}

/// The manifest, in version 2 of its form.
fn manifest(names: &Names<'_>) -> Value {
    json!({
        "_metadata": { "major_version": 2, "minor_version": 1 },
        "display_information": {
            "name": names.name,
            "description": names.description,
            "background_color": names.color,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": false,
                "messages_tab_enabled": true,
                "messages_tab_read_only_enabled": true,
            },
            "bot_user": { "display_name": names.bot_name, "always_online": true },
            "slash_commands": [{
                "command": names.command,
                "description": text(names.locale, Message::ManifestCommand),
                "usage_hint": text(names.locale, Message::ManifestHint),
                "should_escape": true,
            }],
        },
        "oauth_config": { "scopes": { "bot": BOT_SCOPES } },
        "settings": {
            "interactivity": { "is_enabled": true },
            "org_deploy_enabled": false,
            "socket_mode_enabled": true,
            "token_rotation_enabled": false,
        },
    })
}

/// How an app that exists differs from what the bot relies on, in words for operators.
pub(crate) fn drift(app: &Value) -> Vec<String> {
    let is_on = |pointer: &str| {
        app.pointer(pointer)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    };
    let mut drift: Vec<String> = Vec::new();
    for (pointer, name) in [
        ("/settings/socket_mode_enabled", "Socket Mode"),
        ("/settings/interactivity/is_enabled", "Interactivity"),
        (
            "/features/app_home/messages_tab_enabled",
            "App Home: Messages Tab",
        ),
    ] {
        if !is_on(pointer) {
            drift.push(format!("{name} is off, and has to be on"));
        }
    }
    if !is_on("/features/app_home/messages_tab_read_only_enabled") {
        drift.push(
            "App Home: people can write to the app, and could write secrets there".to_owned(),
        );
    }
    if is_on("/settings/token_rotation_enabled") {
        drift.push("Token rotation is on, and the bot's token would end within hours".to_owned());
    }
    let commands = app
        .pointer("/features/slash_commands")
        .and_then(Value::as_array);
    let commands: Vec<_> = commands.into_iter().flatten().collect();
    if commands.is_empty() {
        drift.push("there is no slash command".to_owned());
    }
    for command in commands {
        if command["should_escape"] != true {
            let name = command["command"]
                .as_str()
                .unwrap_or_default()
                .escape_debug();
            drift.push(format!(
                "{name}: \"Escape channels, users, and links\" is off, so that @person is not understood"
            ));
        }
    }
    drift
}

fn name(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("is empty or more than one line".to_owned());
    }
    if text.chars().count() > most {
        return Err(format!("has more than {most} characters"));
    }
    Ok(text.to_owned())
}

fn slash_command(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let rest = text.strip_prefix('/').unwrap_or_default();
    if rest.is_empty() || !rest.chars().all(plain) || text.len() > COMMAND_CHARS {
        return Err(
            "is not a slash and up to 31 small letters, digits, dashes or underscores".to_owned(),
        );
    }
    Ok(text.to_owned())
}

fn color(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
        Ok(text.to_owned())
    } else {
        Err("is not #rrggbb".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Value {
        manifest(&Names {
            name: "Secrets",
            bot_name: "Secrets",
            description: "x",
            command: "/sendsecret",
            color: "#000000",
            locale: Locale::Fr,
        })
    }

    #[test]
    fn our_own_app_has_not_drifted() {
        assert_eq!(drift(&ours()), Vec::<String>::new());
    }

    #[test]
    fn each_switch_that_matters_is_told() {
        assert_eq!(drift(&json!({})).len(), 5);
        let mut app = ours();
        app["settings"]["token_rotation_enabled"] = json!(true);
        app["features"]["slash_commands"][0]["should_escape"] = json!(false);
        let drift = drift(&app);
        assert_eq!(drift.len(), 2, "{drift:?}");
        assert!(drift[1].starts_with("/sendsecret: "), "{drift:?}");
    }

    #[test]
    fn names_keep_to_slacks_limits() {
        assert!(name(&"é".repeat(35), NAME_CHARS).is_ok());
        assert!(name(&"é".repeat(36), NAME_CHARS).is_err());
        for text in ["sendsecret", "/", "/Send", "/a b", "/é"] {
            assert!(slash_command(text).is_err(), "{text}");
        }
        assert!(slash_command("/envoyer-secret").is_ok());
        assert!(color("#1d2b3a").is_ok() && color("1d2b3a").is_err());
    }
}
