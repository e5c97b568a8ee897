//! `cargo xtask demo`: the main job on embedded defaults.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::Ordering,
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};

use xtask::{
    cargo,
    cargo::{binaries, succeed},
    processes::{self, Process},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// Builds and runs everything until Ctrl-C.
pub(crate) fn run(port: u16, reveal_port: u16) -> anyhow::Result<()> {
    let stop = processes::stop_flag()?;
    println!("Building (the first time this takes some minutes) ...");
    let mut build = cargo::cargo();
    build.args(["build", "--bins", "--locked"]);
    for package in ["bot", "reveal-web", "migration", "slack-sim"] {
        build.args(["--package", package]);
    }
    succeed(&mut build)?;

    let folder = tempfile::Builder::new()
        .prefix("secure-secret-demo-")
        .tempdir()?;
    let demo = Demo::new(folder.path(), reveal_port)?;
    succeed(demo.command("secure-secret-migrate").arg("up"))?;
    let mut processes = Vec::new();
    let slack = if has_real_slack() {
        Slack::real()?
    } else {
        let (process, slack) = simulator(&demo, port)?;
        processes.push(process);
        slack
    };
    processes.push(demo.start("secure-secret-web", &slack)?);
    wait_for_port("the reveal page", reveal_port, &mut processes)?;
    processes.push(demo.start("secure-secret-bot", &slack)?);
    demo.wait_for_bot(&mut processes)?;
    println!("{}", demo.welcome(&slack));
    while !stop.load(Ordering::SeqCst) {
        for process in &mut processes {
            if let Some(status) = process.ended() {
                bail!(
                    "{} ended ({status}): {}",
                    process.name,
                    demo.log_tail(&process.name)
                );
            }
        }
        thread::sleep(Duration::from_millis(200));
    }
    println!("\nStopping.");
    Ok(())
}

struct Demo {
    folder: PathBuf,
    binaries: PathBuf,
    database_url: String,
    reveal_port: u16,
    master_keys: String,
    delivery_keys: String,
}

/// Which Slack the bot talks to.
struct Slack {
    /// `None` for the real one.
    page: Option<String>,
    app_token: String,
    bot_token: String,
}

impl Slack {
    fn real() -> anyhow::Result<Self> {
        Ok(Self {
            page: None,
            app_token: env::var("SLACK_APP_TOKEN")?,
            bot_token: env::var("SLACK_BOT_TOKEN")?,
        })
    }
}

fn has_real_slack() -> bool {
    ["SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"]
        .iter()
        .all(|name| env::var_os(name).is_some())
}

impl Demo {
    fn new(folder: &Path, reveal_port: u16) -> anyhow::Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            binaries: binaries("debug"),
            database_url: format!("sqlite://{}/demo.db?mode=rwc", folder.display()),
            reveal_port,
            master_keys: fresh_key()?,
            delivery_keys: fresh_key()?,
        })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command
            .env("DATABASE_URL", &self.database_url)
            // Away from any .env of an installation.
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    /// Starts a program; its log goes to a file of its name.
    fn start(&self, program: &str, slack: &Slack) -> anyhow::Result<Process> {
        let mut command = self.command(program);
        command
            .env("FERNET_KEYS", &self.master_keys)
            .env(
                "PUBLIC_BASE_URL",
                format!("http://127.0.0.1:{}", self.reveal_port),
            )
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.log(program))?);
        if program == "secure-secret-bot" {
            command
                .env("DELIVERY_KEYS", &self.delivery_keys)
                .env("SLACK_APP_TOKEN", &slack.app_token)
                .env("SLACK_BOT_TOKEN", &slack.bot_token);
            if let Some(page) = &slack.page {
                command.env("SLACK_API_URL", format!("{page}/api"));
            }
        } else {
            // What faces browsers has no business with Slack's tokens.
            command
                .env_remove("SLACK_APP_TOKEN")
                .env_remove("SLACK_BOT_TOKEN")
                .env("LISTEN_ADDR", format!("127.0.0.1:{}", self.reveal_port));
        }
        Process::start(program, &mut command)
    }

    fn wait_for_bot(&self, processes: &mut [Process]) -> anyhow::Result<()> {
        let log = self.log("secure-secret-bot");
        processes::wait_for("the bot did not connect to Slack", PATIENCE, || {
            alive(processes)?;
            Ok(fs::read_to_string(&log)?.contains("ready: connected to Slack"))
        })
        .with_context(|| self.log_tail("secure-secret-bot"))
    }

    fn log(&self, program: &str) -> PathBuf {
        self.folder.join(format!("{program}.log"))
    }

    fn log_tail(&self, program: &str) -> String {
        let log = fs::read_to_string(self.log(program)).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn welcome(&self, slack: &Slack) -> String {
        let bot = self.binaries.join("secure-secret-bot");
        let first = match &slack.page {
            Some(page) => format!(
                "Secure Secret runs, with a simulated Slack:\n\n    {page}\n\n\
                 You are Alice there. Type  /sendsecret @bob 1h  and fill in the dialog;\n\
                 then switch to Bob at the top, and open the link in his message."
            ),
            None => {
                "Secure Secret runs, in your Slack workspace: type /sendsecret there.".to_owned()
            }
        };
        format!(
            "\n{first}\n\nWhat happened, at any time, in another terminal:\n\n    \
             DATABASE_URL='{}' {} audit list\n\n\
             Logs are in {}. Ctrl-C stops everything and removes it.",
            self.database_url,
            bot.display(),
            self.folder.display()
        )
    }
}

fn simulator(demo: &Demo, port: u16) -> anyhow::Result<(Process, Slack)> {
    let slack = Slack {
        page: Some(format!("http://127.0.0.1:{port}")),
        app_token: "xapp-1-simulator".to_owned(),
        bot_token: "xoxb-simulator".to_owned(),
    };
    let mut command = demo.command("slack-sim");
    command
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .stdout(Stdio::piped())
        .stderr(fs::File::create(demo.log("slack-sim"))?);
    let mut process = Process::start("slack-sim", &mut command)?;
    let output = process
        .child()
        .stdout
        .take()
        .context("slack-sim has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    if line.is_empty() {
        bail!(
            "slack-sim did not start; is port {port} free? {}",
            demo.log_tail("slack-sim")
        );
    }
    Ok((process, slack))
}

fn wait_for_port(what: &str, port: u16, processes: &mut [Process]) -> anyhow::Result<()> {
    processes::wait_for(what, PATIENCE, || {
        alive(processes)?;
        Ok(TcpStream::connect(("127.0.0.1", port)).is_ok())
    })
}

fn alive(processes: &mut [Process]) -> anyhow::Result<()> {
    for process in processes {
        if let Some(status) = process.ended() {
            bail!("{} ended ({status})", process.name);
        }
    }
    Ok(())
}

/// A Fernet key: 32 random bytes in url-safe base64.
fn fresh_key() -> anyhow::Result<String> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(URL_SAFE.encode(key))
}
