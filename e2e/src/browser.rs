//! A real browser.

use std::{fs, net::TcpListener, path::Path, process::Stdio};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{environment::variable, eventually};

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
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
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
        if !javascript {
            arguments.push("--blink-settings=scriptEnabled=false".to_owned());
        }
        let chromium = json!({ "binary": variable("CHROMIUM"), "args": arguments });
        let capabilities = json!({
            "goog:chromeOptions": chromium,
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
        fs::create_dir_all(&folder).unwrap();
        let picture = self.page.screenshot().await.unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    /// Ends the session.
    pub async fn close(self) {
        self.page.close().await.unwrap();
    }
}
