//! The programs of a test, together.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    Account, Engine, Keys, Process, Simulator, Submission, TestDatabase, Web, binary, eventually,
    invariants, link_of,
};

/// What is different from the usual world.
pub struct Options {
    /// Whether there is a bot, with a simulated Slack.
    pub bot: bool,
    /// How many reveal-webs.
    pub webs: usize,
    /// More variables for the bot.
    pub bot_variables: Vec<(&'static str, String)>,
    /// More variables for reveal-web.
    pub web_variables: Vec<(&'static str, String)>,
    /// More arguments for the simulator.
    pub simulator_arguments: Vec<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bot: true,
            webs: 1,
            bot_variables: Vec::new(),
            web_variables: vec![("RATE_LIMIT", "100000/1s".to_owned())],
            simulator_arguments: Vec::new(),
        }
    }
}

/// Real programs on a real database.
pub struct World {
    /// The database.
    pub database: TestDatabase,
    /// The key rings.
    pub keys: Keys,
    /// The reveal-webs.
    pub webs: Vec<Web>,
    simulator: Option<Simulator>,
    /// The bot.
    pub bot: Option<Process>,
    logs: TempDir,
    tokens: [String; 2],
    canaries: Vec<String>,
}

impl World {
    /// The usual world.
    pub async fn start(engine: Engine) -> Self {
        Self::with(engine, Options::default()).await
    }

    /// A world with differences.
    pub async fn with(engine: Engine, options: Options) -> Self {
        let id = Uuid::now_v7().simple();
        let mut world = Self {
            database: TestDatabase::migrated(engine).await,
            keys: Keys::fresh(),
            webs: Vec::new(),
            simulator: None,
            bot: None,
            logs: tempfile::tempdir().unwrap(),
            tokens: [format!("xapp-1-canary-{id}"), format!("xoxb-canary-{id}")],
            canaries: Vec::new(),
        };
        for _ in 0..options.webs {
            world.start_web(&options.web_variables).await;
        }
        if options.bot {
            let [app, bot] = &world.tokens;
            let log = world.log("simulator");
            let more = &options.simulator_arguments;
            world.simulator = Some(Simulator::start(app, bot, more, &log).await);
            world.start_bot(&options.bot_variables).await;
        }
        world
    }

    /// Starts another reveal-web.
    pub async fn start_web(&mut self, more: &[(&'static str, String)]) {
        let mut variables = vec![
            ("DATABASE_URL", self.database.url(Account::Web)),
            ("FERNET_KEYS", self.keys.master.clone()),
            ("PUBLIC_BASE_URL", "http://127.0.0.1:1".to_owned()),
            ("LISTEN_ADDR", "127.0.0.1:0".to_owned()),
            ("LOG_FORMAT", "json".to_owned()),
            ("RUST_LOG", "trace".to_owned()),
        ];
        variables.extend_from_slice(more);
        let log = self.log(&format!("web-{}", self.webs.len()));
        self.webs.push(Web::start(&variables, &log).await);
    }

    async fn start_bot(&mut self, more: &[(&'static str, String)]) {
        let mut variables = vec![
            ("DATABASE_URL", self.database.url(Account::Bot)),
            ("FERNET_KEYS", self.keys.master.clone()),
            ("DELIVERY_KEYS", self.keys.delivery.clone()),
            (
                "PUBLIC_BASE_URL",
                self.webs
                    .first()
                    .map_or("http://127.0.0.1:1", |web| &web.url)
                    .to_owned(),
            ),
            ("SLACK_APP_TOKEN", self.tokens[0].clone()),
            ("SLACK_BOT_TOKEN", self.tokens[1].clone()),
            ("SLACK_API_URL", format!("{}/api", self.slack().url)),
            ("LOG_FORMAT", "json".to_owned()),
            ("RUST_LOG", "trace".to_owned()),
        ];
        variables.extend_from_slice(more);
        let mut bot = Process::start("secure-secret-bot", &[], &variables, &self.log("bot"));
        bot.line_with("ready: connected to Slack").await;
        self.bot = Some(bot);
    }

    /// The simulated Slack.
    #[must_use]
    pub const fn slack(&self) -> &Simulator {
        self.simulator.as_ref().expect("a world with a bot")
    }

    /// The first reveal-web.
    #[must_use]
    pub fn web(&self) -> &Web {
        &self.webs[0]
    }

    /// A text that must be in no log, audit entry or database file at the end.
    pub fn watch_for(&mut self, canary: &str) {
        self.canaries.push(canary.to_owned());
    }

    /// Alice sends Bob a secret; the link from his message, once Alice has her receipt.
    pub async fn alice_sends_bob(&mut self, submission: Submission<'_>) -> String {
        let known = self.slack().messages_now("U0BOB").await.len();
        let receipts = self.slack().messages_now("U0ALICE").await.len();
        let dialog = self.slack().open_dialog("U0ALICE", "@bob").await;
        let outcome = self.slack().submit("U0ALICE", &dialog, &submission).await;
        assert_eq!(outcome["outcome"], "closed", "{outcome}");
        let messages = self.slack().messages("U0BOB", known + 1).await;
        self.slack().messages("U0ALICE", receipts + 1).await;
        let link = link_of(messages.last().unwrap());
        let token = link.rsplit('/').next().unwrap().to_owned();
        self.watch_for(&token);
        self.watch_for(submission.secret);
        link
    }

    /// Runs one of the operator's commands.
    pub async fn operator(&self, program: &str, arguments: &[&str]) -> std::process::Output {
        tokio::process::Command::new(binary(program))
            .args(arguments)
            .env_clear()
            .env("DATABASE_URL", self.database.url(Account::Bot))
            .output()
            .await
            .unwrap()
    }

    /// The audit trail as the operator sees it.
    pub async fn trail(&self) -> Vec<Value> {
        let output = self
            .operator("secure-secret-bot", &["audit", "list", "--json"])
            .await;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The names of the events so far.
    pub async fn events(&self) -> Vec<String> {
        let events = self.trail().await;
        events
            .iter()
            .map(|entry| entry["event"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Everything that the programs said.
    #[must_use]
    pub fn logs(&self) -> String {
        let files = std::fs::read_dir(self.logs.path()).unwrap();
        files
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
            .collect()
    }

    /// Stops everything, and checks what always holds.
    pub async fn finish(mut self) {
        if self.bot.is_some() {
            eventually("no delivery is under way", || async {
                let due = "SELECT COUNT(*) FROM deliveries WHERE next_attempt_at IS NOT NULL";
                (self.database.count(due).await == 0).then_some(())
            })
            .await;
        }
        for process in self
            .webs
            .iter_mut()
            .map(|web| &mut web.process)
            .chain(self.bot.as_mut())
        {
            assert_eq!(process.stop().await, Some(0), "{}", process.output());
        }
        invariants::check(&self.database).await;
        self.check_canaries().await;
        self.database.remove().await;
    }

    async fn check_canaries(&self) {
        let audit = self.database.audit_text().await;
        let logs = self.logs();
        let raw = self.database.raw_bytes();
        let keys = self
            .keys
            .master
            .split(',')
            .chain(self.keys.delivery.split(','));
        let credentials = self.tokens.iter().map(String::as_str).chain(keys);
        let credentials = credentials.chain([self.database.password.as_str()]);
        for canary in self.canaries.iter().map(String::as_str).chain(credentials) {
            assert!(!logs.contains(canary), "{canary} is in a log");
            assert!(!audit.contains(canary), "{canary} is in the audit log");
            let found = raw
                .windows(canary.len())
                .any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} is in the database's files");
        }
        assert!(!logs.contains("panicked"), "{logs}");
    }

    fn log(&self, name: &str) -> std::path::PathBuf {
        let folder: &Path = self.logs.path();
        folder.join(format!("{name}.log"))
    }
}
