//! The programs of a test, together.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    Account, Bot, Browser, Engine, Keys, Simulator, Submission, TestDatabase, Web, binary,
    eventually, eventually_within, free_port, invariants, link_of, plans,
};

/// Longest wait for the courier: after trouble its pauses are up to a minute and a half.
const SETTLING: Duration = Duration::from_mins(4);

/// What is different from the usual world.
pub struct Options {
    /// Whether there is a bot, with a simulated Slack.
    pub bot: bool,
    /// Whether there is a simulated Slack though there is no bot yet.
    pub slack: bool,
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
            slack: false,
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
    /// The bots.
    pub bots: Vec<Bot>,
    webs_started: AtomicUsize,
    bots_started: AtomicUsize,
    /// What its bots are told besides.
    pub bot_variables: Vec<(&'static str, String)>,
    logs: TempDir,
    tokens: [String; 2],
    canaries: Vec<String>,
}

/// Long due, and never as before: a try under way sees that somebody made its row due meanwhile.
const DUE: &str = "next_attempt_at = CASE WHEN next_attempt_at > 1000000 THEN 1000000 \
                   ELSE next_attempt_at - 1 END";

impl World {
    /// The usual world.
    pub async fn start(engine: Engine) -> Self {
        Self::with(engine, Options::default()).await
    }

    /// A database and keys; the programs are still to be started.
    pub async fn without_programs(engine: Engine) -> Self {
        let options = Options {
            bot: false,
            webs: 0,
            ..Options::default()
        };
        Self::with(engine, options).await
    }

    /// A reveal-web alone.
    pub async fn of_web(engine: Engine) -> Self {
        let options = Options {
            bot: false,
            ..Options::default()
        };
        Self::with(engine, options).await
    }

    /// A world with differences.
    pub async fn with(engine: Engine, options: Options) -> Self {
        Self::on(TestDatabase::migrated(engine).await, options).await
    }

    /// A world on a database that is there.
    pub async fn on(database: TestDatabase, options: Options) -> Self {
        let id = Uuid::now_v7().simple();
        let mut world = Self {
            database,
            keys: Keys::fresh(),
            webs: Vec::new(),
            simulator: None,
            bots: Vec::new(),
            webs_started: AtomicUsize::new(0),
            bots_started: AtomicUsize::new(0),
            bot_variables: options.bot_variables,
            logs: tempfile::tempdir().unwrap(),
            tokens: [format!("xapp-1-canary-{id}"), format!("xoxb-canary-{id}")],
            canaries: Vec::new(),
        };
        for _ in 0..options.webs {
            world.start_web(&options.web_variables).await;
        }
        if options.bot || options.slack {
            let [app, bot] = &world.tokens;
            let log = world.log("simulator");
            let more = &options.simulator_arguments;
            world.simulator = Some(Simulator::start(app, bot, more, &log).await);
        }
        if options.bot {
            world.start_bot().await;
        }
        world
    }

    /// Starts another reveal-web.
    pub async fn start_web(&mut self, more: &[(&'static str, String)]) {
        let web = self.new_web(more).await;
        self.webs.push(web);
    }

    /// Starts a reveal-web that is not this world's to stop.
    pub async fn new_web(&self, more: &[(&'static str, String)]) -> Web {
        let mut variables = self.variables_of_web();
        variables.extend_from_slice(more);
        let number = self.webs_started.fetch_add(1, Ordering::Relaxed);
        Web::start(&variables, &self.log(&format!("web-{number}"))).await
    }

    /// The settings of one more reveal-web.
    #[must_use]
    pub fn variables_of_web(&self) -> Vec<(&'static str, String)> {
        let address = format!("127.0.0.1:{}", free_port());
        // Replicas have one name in public: the first one's.
        let public_url = self
            .webs
            .first()
            .map_or_else(|| format!("http://{address}"), |web| web.public_url.clone());
        vec![
            ("DATABASE_URL", self.database.url(Account::Web)),
            ("FERNET_KEYS", self.keys.master.clone()),
            ("PUBLIC_BASE_URL", public_url),
            ("LISTEN_ADDR", address),
            ("LOG_FORMAT", "json".to_owned()),
            ("RUST_LOG", "trace".to_owned()),
        ]
    }

    /// Starts a bot, another one perhaps, and waits until it is connected to Slack.
    pub async fn start_bot(&mut self) {
        let bot = self.launch_bot(&[]);
        bot.process.line_with("ready: connected to Slack").await;
    }

    /// Starts a bot with more variables.
    pub fn launch_bot(&mut self, more: &[(&'static str, String)]) -> &mut Bot {
        let bot = self.new_bot(more);
        self.bots.push(bot);
        self.bot()
    }

    /// The variables of a bot.
    #[must_use]
    pub fn variables_of_bot(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DATABASE_URL", self.database.url(Account::Bot)),
            ("FERNET_KEYS", self.keys.master.clone()),
            ("DELIVERY_KEYS", self.keys.delivery.clone()),
            (
                "PUBLIC_BASE_URL",
                self.webs
                    .first()
                    .map_or("http://127.0.0.1:1", |web| &web.public_url)
                    .to_owned(),
            ),
            ("SLACK_APP_TOKEN", self.tokens[0].clone()),
            ("SLACK_BOT_TOKEN", self.tokens[1].clone()),
            ("SLACK_API_URL", format!("{}/api", self.slack().url)),
            ("HEALTH_ADDR", "127.0.0.1:0".to_owned()),
            ("LOG_FORMAT", "json".to_owned()),
            ("RUST_LOG", "trace".to_owned()),
        ]
    }

    /// Starts a bot that is not this world's to stop.
    #[must_use]
    pub fn new_bot(&self, more: &[(&'static str, String)]) -> Bot {
        let mut variables = self.variables_of_bot();
        variables.extend_from_slice(&self.bot_variables);
        variables.extend_from_slice(more);
        let number = self.bots_started.fetch_add(1, Ordering::Relaxed);
        Bot::start(&variables, &self.log(&format!("bot-{number}")))
    }

    /// The bot that was started last.
    pub fn bot(&mut self) -> &mut Bot {
        self.bots.last_mut().expect("a world with a bot")
    }

    /// Ends every bot where it stands (SIGKILL), as a power cut would.
    pub async fn kill_bots(&mut self) {
        for mut bot in self.bots.drain(..) {
            bot.process.kill().await;
        }
    }

    /// Sends every bot a signal, e.g. `KILL`.
    pub async fn signal_bots(&self, name: &str) {
        for bot in &self.bots {
            bot.process.signal(name).await;
        }
    }

    /// Time passes for deliveries: what a dead worker had leased is free, what waits for its next
    /// try is due.
    pub async fn pass_leases(&self) {
        let sql = format!(
            "UPDATE deliveries SET {DUE}, \
             leased_until = CASE WHEN leased_until IS NULL THEN NULL ELSE 0 END \
             WHERE next_attempt_at IS NOT NULL"
        );
        self.database.run(Account::Migrate, &sql).await.unwrap();
    }

    /// Makes due what waits for its next try, and is not tried just now.
    pub async fn make_due(&self) {
        let sql = format!(
            "UPDATE deliveries SET {DUE} WHERE next_attempt_at IS NOT NULL AND leased_until IS NULL"
        );
        self.database.run(Account::Migrate, &sql).await.unwrap();
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

    /// Ends the life of every secret in a way that needs time or another hand, e.g. `expired`.
    pub async fn end_all(&self, reason: &str) {
        let end = format!(
            "UPDATE secrets SET destroyed_at = created_at, destroy_reason = '{reason}', \
             ciphertext = NULL, note_ciphertext = NULL WHERE destroyed_at IS NULL"
        );
        self.database.run(Account::Migrate, &end).await.unwrap();
    }

    /// The link of a secret that the store made, at the first reveal-web.
    pub async fn link_to(&self, text: &str) -> String {
        let sent = self.keys.send(&self.database.store().await, text).await;
        format!("{}/s/{}", self.web().url, sent.token.encode().as_str())
    }

    /// Opens such a secret in a browser; its link.
    pub async fn show_in(&self, browser: &Browser, text: &str) -> String {
        let link = self.link_to(text).await;
        browser.page.goto(&link).await.unwrap();
        // Not the page before, in a browser that does not wait for pages.
        let (_, token) = link.split_once("/s/").unwrap();
        browser.find(&format!("input[value='{token}']")).await;
        browser.find("#reveal").await.click().await.unwrap();
        browser.find("#secret").await;
        link
    }

    /// Alice sends Bob a secret; the link from his message, once Alice has her receipt.
    pub async fn alice_sends_bob(&mut self, submission: Submission<'_>) -> String {
        let known = self.slack().messages_now("U0BOB").await.len();
        let receipts = self.slack().messages_now("U0ALICE").await.len();
        let dialog = self.slack().open_dialog("U0ALICE", "@bob").await;
        self.slack().send("U0ALICE", &dialog, &submission).await;
        let messages = self.slack().messages("U0BOB", known + 1).await;
        self.slack().messages("U0ALICE", receipts + 1).await;
        let link = link_of(messages.last().unwrap());
        let token = link.rsplit('/').next().unwrap().to_owned();
        self.watch_for(&token);
        self.watch_for(submission.secret);
        link
    }

    /// Alice submits a dialog, and something happens while the bot still asks who the people are;
    /// nobody answers that.
    pub async fn submit_while(
        &self,
        dialog: &Value,
        submission: &Submission<'_>,
        happens: impl Future<Output = ()>,
    ) -> Value {
        let asked = self.slack().calls("users.info").await;
        let silence = json!({ "method": "users.info", "mode": "hang", "times": 1 });
        self.slack().fail(&silence).await;
        let (outcome, ()) =
            tokio::join!(self.slack().submit("U0ALICE", dialog, submission), async {
                eventually("the submission is under way", || async {
                    (self.slack().calls("users.info").await > asked).then_some(())
                })
                .await;
                happens.await;
            },);
        outcome
    }

    /// The bots are dead; everything heals, time passes, and another bot starts.
    pub async fn revive(&mut self) {
        self.bots.clear();
        self.slack().post("/heal", &json!({})).await;
        self.pass_leases().await;
        self.start_bot().await;
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

    /// The names of the events of secrets' lives so far. What comes to links besides is told a
    /// moment later, and not among them.
    pub async fn events(&self) -> Vec<String> {
        let events = self.trail().await;
        events
            .iter()
            .map(|entry| entry["event"].as_str().unwrap().to_owned())
            .filter(|event| event != "reused" && event != "denied")
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

    /// Waits until each bot has said this twice more: then it has done once what it says it for.
    pub async fn said_by_each_bot(&self, what: &str) {
        let times = |bot: &Bot| bot.process.output().matches(what).count();
        let before: Vec<_> = self.bots.iter().map(times).collect();
        eventually_within(SETTLING, what, || async {
            let mut bots = self.bots.iter().zip(&before);
            bots.all(|(bot, before)| times(bot) >= before + 2)
                .then_some(())
        })
        .await;
    }

    /// Waits until the courier has nothing left to do.
    pub async fn settled(&self) {
        eventually_within(SETTLING, "no delivery is under way", || async {
            let due = "SELECT COUNT(*) FROM deliveries WHERE next_attempt_at IS NOT NULL \
                       OR settled_at IS NULL";
            let outdated = "SELECT COUNT(*) FROM deliveries JOIN secrets \
                 ON secrets.id = deliveries.secret_id WHERE destroyed_at IS NOT NULL \
                 AND shown = 'live' AND message_ts IS NOT NULL";
            let due = self.database.count(due).await + self.database.count(outdated).await;
            (due == 0).then_some(())
        })
        .await;
    }

    /// Stops everything, and looks for canaries only: for rows that no program made.
    pub async fn discard(mut self) {
        self.stop().await;
        self.check_canaries().await;
        self.database.remove().await;
    }

    /// Stops everything and looks for nothing: for what is too much to look through.
    pub async fn abandon(mut self) {
        self.stop().await;
        self.database.remove().await;
    }

    async fn stop(&mut self) {
        let bots = self.bots.iter_mut().map(|bot| &mut bot.process);
        let webs = self.webs.iter_mut().map(|web| &mut web.process);
        for process in webs.chain(bots) {
            assert_eq!(process.stop().await, Some(0), "{}", process.output());
        }
    }

    /// Stops everything, and checks what always holds.
    pub async fn finish(mut self) {
        if !self.bots.is_empty() {
            self.settled().await;
        }
        self.stop().await;
        let conversations = match &self.simulator {
            Some(slack) if self.bots_started.load(Ordering::Relaxed) > 0 => {
                Some(slack.conversations().await)
            }
            _ => None,
        };
        let session = self.database.session().await;
        let broken = invariants::broken(&session, conversations.as_ref()).await;
        let faults = match self.database.engine {
            Engine::Sqlite => {
                let said = plans::sqlite::statements(&self.logs());
                plans::sqlite::faults(&session, said).await
            }
            Engine::MySql => Vec::new(),
        };
        session.close().await.unwrap();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
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

    /// A folder that is gone after the test; everything in it is searched for canaries.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.logs.path()
    }

    fn log(&self, name: &str) -> std::path::PathBuf {
        self.folder().join(format!("{name}.log"))
    }
}
