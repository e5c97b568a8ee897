//! `manifest`: the Slack app as Slack's own page takes it, and what of it the bot relies on.
//!
//! Limits: <https://docs.slack.dev/reference/app-manifest>.

use std::io::{self, Write};

use anyhow::Context as _;
use clap::Args;
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

/// What operators choose.
#[derive(Args)]
pub(crate) struct Manifest {
    /// The app's name, at most 35 characters
    #[arg(long, default_value = "Secure Secret", value_parser = |text: &str| name(text, NAME_CHARS))]
    name: String,
    /// Who its messages are from, at most 80 characters [default: the app's name]
    #[arg(long, value_name = "NAME", value_parser = |text: &str| name(text, BOT_NAME_CHARS))]
    bot_name: Option<String>,
    /// What people read about it, at most 140 characters [default: by the language]
    #[arg(long, value_name = "TEXT", value_parser = |text: &str| name(text, DESCRIPTION_CHARS))]
    description: Option<String>,
    /// The slash command
    #[arg(long, value_name = "/COMMAND", default_value = "/sendsecret", value_parser = slash_command)]
    command: String,
    /// The background behind its name
    #[arg(long, value_name = "#rrggbb", default_value = "#1d2b3a", value_parser = color)]
    color: String,
    /// Of its description and of the command's hint
    #[arg(long, value_name = "en|fr", default_value = "en", value_parser = settings::parse_language)]
    language: Locale,
}

/// Prints it.
pub(crate) fn run(chosen: &Manifest) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &manifest(chosen)).context("standard output")?;
    writeln!(out).context("standard output")
}

/// The manifest, in version 2 of its form.
fn manifest(chosen: &Manifest) -> Value {
    let by_language = || text(chosen.language, Message::ManifestDescription);
    json!({
        "_metadata": { "major_version": 2, "minor_version": 1 },
        "display_information": {
            "name": chosen.name,
            "description": chosen.description.clone().unwrap_or_else(by_language),
            "background_color": chosen.color,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": false,
                "messages_tab_enabled": true,
                "messages_tab_read_only_enabled": true,
            },
            "bot_user": { "display_name": chosen.bot_name.as_ref().unwrap_or(&chosen.name), "always_online": true },
            "slash_commands": [{
                "command": chosen.command,
                "description": text(chosen.language, Message::ManifestCommand),
                "usage_hint": text(chosen.language, Message::ManifestHint),
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
        manifest(&Manifest {
            name: "Secrets".to_owned(),
            bot_name: None,
            description: None,
            command: "/sendsecret".to_owned(),
            color: "#000000".to_owned(),
            language: Locale::Fr,
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
