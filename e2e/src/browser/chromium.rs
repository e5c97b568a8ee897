//! Chromium, and what only its own protocol can do.

use std::path::Path;

use fantoccini::{
    error::CmdError,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Browser, Launch};
use crate::environment::variable;

const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,860",
];

pub(super) fn driver(port: u16) -> Command {
    let mut driver = Command::new(variable("CHROMEDRIVER"));
    driver.arg(format!("--port={port}"));
    driver
}

pub(super) fn capabilities(launch: &Launch, profile: &Path) -> Capabilities {
    let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    arguments.push(format!("--accept-lang={}", launch.language));
    if !launch.javascript {
        arguments.push("--blink-settings=scriptEnabled=false".to_owned());
    }
    let mut options = json!({
        "binary": variable("CHROMIUM"),
        "args": arguments,
        "prefs": { "intl.accept_languages": launch.language },
    });
    if launch.touch {
        let screen = json!({ "width": 390, "height": 844, "pixelRatio": 1 });
        options["mobileEmulation"] = json!({ "deviceMetrics": screen });
    }
    Capabilities::from_iter([
        ("goog:chromeOptions".to_owned(), options),
        ("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" })),
    ])
}

/// Chromium's alone.
impl Browser {
    /// A screen's size, and what people set in their system: `prefers-color-scheme` and the like.
    pub async fn emulate(&self, width: u32, height: u32, features: &[(&str, &str)], media: &str) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
        let features: Vec<_> = features
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let media = json!({ "media": media, "features": features });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// A command of Chromium's own protocol.
    /// Source: <https://chromedevtools.github.io/devtools-protocol/>.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.try_devtools(command, parameters).await.unwrap()
    }

    /// The same, where the page may go away meanwhile.
    pub(crate) async fn try_devtools(
        &self,
        command: &str,
        parameters: Value,
    ) -> Result<Value, CmdError> {
        let command = ChromeCommand {
            path: "goog/cdp/execute",
            body: json!({ "cmd": command, "params": parameters }),
        };
        self.page.issue_cmd(command).await
    }

    /// What the browser complains of: blocked sources, scripts that failed.
    pub async fn complaints(&self) -> Vec<String> {
        let command = ChromeCommand {
            path: "se/log",
            body: json!({ "type": "browser" }),
        };
        let log = self.page.issue_cmd(command).await.unwrap();
        log.as_array()
            .unwrap()
            .iter()
            .map(Value::to_string)
            .collect()
    }

    pub(super) async fn let_read_clipboard(&self, origin: &str) {
        let permissions = json!({
            "origin": origin,
            "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
        });
        self.devtools("Browser.grantPermissions", permissions).await;
    }
}

/// A command of ChromeDriver's own, below the session's address.
#[derive(Debug)]
struct ChromeCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for ChromeCommand {
    fn endpoint(
        &self,
        base_url: &url::Url,
        session_id: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session_id.unwrap_or_default();
        base_url.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
