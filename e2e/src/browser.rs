//! A real browser.

use std::{fs, path::Path, process::Stdio};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    elements::Element,
    wd::WebDriverCompatibleCommand,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{environment::variable, eventually, free_port};

/// Headless Chromium with a fresh profile.
pub struct Browser {
    /// The page.
    pub page: Client,
    _driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser, with or without JavaScript.
    pub async fn start(javascript: bool) -> Self {
        Self::speaking(javascript, "en-CA").await
    }

    /// Starts a browser that likes a language best.
    pub async fn speaking(javascript: bool, language: &str) -> Self {
        Self::with(javascript, language, "normal").await
    }

    /// Starts a browser whose commands don't wait for pages to load, without JavaScript: for what
    /// people do meanwhile.
    pub async fn impatient() -> Self {
        Self::with(false, "en-CA", "none").await
    }

    async fn with(javascript: bool, language: &str, page_load_strategy: &str) -> Self {
        let port = free_port();
        let driver = Command::new(variable("CHROMEDRIVER"))
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1280,860",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        arguments.push(format!("--accept-lang={language}"));
        if !javascript {
            arguments.push("--blink-settings=scriptEnabled=false".to_owned());
        }
        let chromium = json!({
            "binary": variable("CHROMIUM"),
            "args": arguments,
            "prefs": { "intl.accept_languages": language },
        });
        let capabilities = json!({
            "goog:chromeOptions": chromium,
            "pageLoadStrategy": page_load_strategy,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let capabilities = capabilities.as_object().unwrap().clone();
        let address = format!("http://127.0.0.1:{port}");
        let page = eventually("a browser", || async {
            ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities.clone())
                .connect(&address)
                .await
                .ok()
        })
        .await;
        Self {
            page,
            _driver: driver,
            _profile: profile,
        }
    }

    /// The element, once it is there.
    pub async fn find(&self, css: &str) -> Element {
        eventually(css, || async {
            self.page.find(Locator::Css(css)).await.ok()
        })
        .await
    }

    /// Saves a screenshot among the build's files.
    pub async fn screenshot(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        let picture = self.page.screenshot().await.unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

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
        let command = ChromeCommand {
            path: "goog/cdp/execute",
            body: json!({ "cmd": command, "params": parameters }),
        };
        self.page.issue_cmd(command).await.unwrap()
    }

    /// What a script gives, in the page.
    pub async fn evaluate(&self, script: &str) -> Value {
        self.page.execute(script, Vec::new()).await.unwrap()
    }

    /// Presses keys, wherever the focus is.
    pub async fn type_keys(&self, keys: &str) {
        let typed = keys
            .chars()
            .fold(KeyActions::new("keyboard".to_owned()), |typed, value| {
                typed
                    .then(KeyAction::Down { value })
                    .then(KeyAction::Up { value })
            });
        self.page.perform_actions(typed).await.unwrap();
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

    /// What axe finds wrong with the page by WCAG 2.2 AA and its own best practices.
    pub async fn accessibility_findings(&self) -> Vec<String> {
        let axe = fs::read_to_string(variable("AXE")).unwrap();
        self.evaluate(&axe).await;
        let run = "const done = arguments[arguments.length - 1];
            axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
                'best-practice']})
                .then(found => done(found.violations), error => done([{id: String(error)}]));";
        let found = self.page.execute_async(run, Vec::new()).await.unwrap();
        let found = found.as_array().unwrap().iter();
        found
            .map(|violation| format!("{}: {}", violation["id"], violation["nodes"]))
            .collect()
    }

    /// Ends the session.
    pub async fn close(self) {
        self.page.close().await.unwrap();
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
