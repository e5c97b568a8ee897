//! Real browsers, each with its driver.

mod chromium;
mod firefox;

use std::{fs, path::Path, process::Stdio};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    elements::Element,
    error::CmdError,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Child;

use crate::{environment::variable, eventually, free_port};

/// What a browser is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserKind {
    /// Chromium, with ChromeDriver.
    Chromium,
    /// Firefox, with geckodriver.
    Firefox,
}

impl BrowserKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Chromium, Self::Firefox];
}

/// How a browser is started.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Which one.
    pub kind: BrowserKind,
    /// Whether pages may run scripts.
    pub javascript: bool,
    /// What it likes best, as `Accept-Language` has it.
    pub language: &'static str,
    /// Whether commands return before pages are loaded: for what people do meanwhile.
    pub impatient: bool,
    /// Whether a click on a button gives it the focus: not so in Firefox on a Mac. Only Firefox can
    /// be told.
    pub clicks_give_focus: bool,
    /// Whether there are fingers and no mouse, as on a phone.
    pub touch: bool,
    /// Whether pages may ask before they are left, as people's browsers let them. Drivers answer
    /// for people otherwise.
    pub asks_before_leaving: bool,
}

impl Default for Launch {
    fn default() -> Self {
        Self {
            kind: BrowserKind::Chromium,
            javascript: true,
            language: "en-CA",
            impatient: false,
            clicks_give_focus: true,
            touch: false,
            asks_before_leaving: false,
        }
    }
}

/// A headless browser with a fresh profile.
pub struct Browser {
    /// The page.
    pub page: Client,
    kind: BrowserKind,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium, with or without JavaScript.
    pub async fn start(javascript: bool) -> Self {
        Self::of(BrowserKind::Chromium, javascript).await
    }

    /// Starts a browser of a kind, with or without JavaScript.
    pub async fn of(kind: BrowserKind, javascript: bool) -> Self {
        Self::launch(Launch {
            kind,
            javascript,
            ..Launch::default()
        })
        .await
    }

    /// Starts a browser.
    pub async fn launch(launch: Launch) -> Self {
        let port = free_port();
        let profile = tempfile::tempdir().unwrap();
        let (mut command, mut capabilities) = match launch.kind {
            BrowserKind::Chromium => (
                chromium::driver(port),
                chromium::capabilities(&launch, profile.path()),
            ),
            BrowserKind::Firefox => (
                firefox::driver(port, profile.path()),
                firefox::capabilities(&launch),
            ),
        };
        let strategy = if launch.impatient { "none" } else { "normal" };
        capabilities.insert("pageLoadStrategy".to_owned(), strategy.into());
        if launch.asks_before_leaving {
            // Only sessions that may use WebDriver BiDi see this question.
            capabilities.insert("webSocketUrl".to_owned(), true.into());
            let ignore = json!({ "beforeUnload": "ignore" });
            capabilities.insert("unhandledPromptBehavior".to_owned(), ignore);
        }
        let driver = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // The browser is in it too.
            .process_group(0)
            .spawn()
            .unwrap();
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
            kind: launch.kind,
            driver,
            _profile: profile,
        }
    }

    /// What it is made of.
    #[must_use]
    pub const fn kind(&self) -> BrowserKind {
        self.kind
    }

    /// The element, once it is there.
    pub async fn find(&self, css: &str) -> Element {
        eventually(css, || async {
            self.page.find(Locator::Css(css)).await.ok()
        })
        .await
    }

    /// Saves a screenshot among the build's files; Firefox's in a folder of their own.
    pub async fn screenshot(&self, name: &str) {
        let mut folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
        if self.kind == BrowserKind::Firefox {
            folder.push("firefox");
        }
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        let picture = self.page.screenshot().await.unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
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

    /// The way back. Firefox may say that it kept nothing of the page.
    pub async fn back(&self) {
        went(self.page.back().await);
    }

    /// The way forward again. Firefox may say that it kept nothing of the page.
    pub async fn forward(&self) {
        went(self.page.forward().await);
    }

    /// Loads the page again. What came of a form is asked for by the same form; Firefox asks first.
    pub async fn reload(&self) {
        self.page.refresh().await.unwrap();
        if self.kind == BrowserKind::Firefox {
            eventually("a question before the form is sent again", || async {
                self.page.accept_alert().await.ok()
            })
            .await;
        }
    }

    /// What the clipboard holds, read on another page than ours, which may not: `elsewhere` is its
    /// address.
    pub async fn clipboard(&self, elsewhere: &str) -> String {
        self.page.goto(elsewhere).await.unwrap();
        if self.kind == BrowserKind::Chromium {
            self.let_read_clipboard(elsewhere).await;
        }
        let read = "const done = arguments[arguments.length - 1];
            navigator.clipboard.readText().then(done, error => done('error: ' + error));";
        let text = self.page.execute_async(read, Vec::new()).await.unwrap();
        text.as_str().unwrap().to_owned()
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
        self.page.clone().close().await.unwrap();
    }
}

/// Where a page came of a form and was not to be stored, Firefox shows an error page of its own,
/// and to its driver that is an error.
fn went(step: Result<(), CmdError>) {
    if let Err(error) = step {
        let error = error.to_string();
        assert!(error.contains("about:neterror?e=notCached"), "{error}");
    }
}

/// A driver that is killed leaves its browser behind: both go.
impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(group) = self.driver.id() {
            std::process::Command::new("kill")
                .args(["-KILL", "--", &format!("-{group}")])
                .stderr(Stdio::null())
                .status()
                .ok();
        }
    }
}
