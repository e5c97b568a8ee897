//! A MySQL server of a test's own, to which anything can be done.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Process,
    environment::{mysqld, tool},
};

/// A MySQL server; gone after the test.
pub struct OwnMySql {
    /// What stands before its command.
    before: Vec<String>,
    folder: TempDir,
    more: Vec<String>,
    process: Option<Process>,
    starts: u32,
}

/// A command before another one whose clock is moved.
fn moved_clock(by: &str) -> Vec<String> {
    let library = format!("LD_PRELOAD={}", tool("LIBFAKETIME").display());
    let words = [
        "/usr/bin/env",
        &library,
        by,
        "FAKETIME_CACHE_DURATION=1",
        STEADY,
        NO_FIX,
    ];
    words.map(str::to_owned).to_vec()
}

/// Longest start of a server.
const START: Duration = Duration::from_mins(1);

/// The steady clocks go on as they are.
const STEADY: &str = "FAKETIME_DONT_FAKE_MONOTONIC=1";

/// The library mends waits of old C libraries, and spoils those of new ones, whose threads then
/// never rest; it does not always know which one it has.
const NO_FIX: &str = "FAKETIME_FORCE_MONOTONIC_FIX=0";

impl OwnMySql {
    /// A fresh server with these arguments besides the usual ones.
    pub async fn start(more: &[&str]) -> Self {
        let mut server = Self {
            before: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
            more: more.iter().map(|&argument| argument.to_owned()).collect(),
            process: None,
            starts: 0,
        };
        server.begin().await;
        server
    }

    async fn begin(&mut self) {
        // Its clock is moved while it runs only.
        let words = self.words();
        let words = &words[self.before.len()..];
        let made = Command::new(&words[0])
            .args(&words[1..])
            .arg("--initialize-insecure")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{errors}");
        self.run().await;
    }

    /// The same with a clock that [`set_clock`](Self::set_clock) sets.
    pub async fn with_clock() -> Self {
        Self::start_with_clock(&[]).await
    }

    /// The same with arguments besides the usual ones.
    pub async fn start_with_clock(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = folder.path().join("clock");
        fs::write(&clock, "+0").unwrap();
        let clock = format!("FAKETIME_TIMESTAMP_FILE={}", clock.display());
        let mut server = Self {
            before: moved_clock(&clock),
            folder,
            more: more.iter().map(|&argument| argument.to_owned()).collect(),
            process: None,
            starts: 0,
        };
        server.begin().await;
        server
    }

    /// Sets its clock so far off, e.g. `+61m`, from the next look on.
    pub fn set_clock(&self, offset: &str) {
        let (clock, new) = (
            self.folder.path().join("clock"),
            self.folder.path().join("new"),
        );
        fs::write(&new, offset).unwrap();
        // Whoever looks finds the old one or the new one.
        fs::rename(new, clock).unwrap();
    }

    /// Starts it again, after it was killed.
    pub async fn run(&mut self) {
        let mut words = self.words();
        words.extend([
            format!("--socket={}", self.socket().display()),
            format!("--pid-file={}", self.folder.path().join("pid").display()),
            "--bind-address=127.0.0.1".to_owned(),
            "--mysqlx=OFF".to_owned(),
            "--secure-file-priv=NULL".to_owned(),
        ]);
        if !self.more.iter().any(|word| word.starts_with("--port=")) {
            words.push("--skip-networking".to_owned());
        }
        self.starts += 1;
        let log = self.folder.path().join(format!("log-{}", self.starts));
        let mut process = Process::start_words(&words, &log);
        let ready = "ready for connections. Version";
        process.lines_within(START, ready, 1).await;
        self.process = Some(process);
    }

    /// The last errors that it wrote down since it was started.
    #[must_use]
    pub fn errors(&self) -> String {
        let said = self.process.as_ref().map(Process::output);
        let said = said.unwrap_or_default();
        let errors: Vec<_> = said
            .lines()
            .filter(|line| line.contains("[ERROR]"))
            .collect();
        errors[errors.len().saturating_sub(4)..].join("\n")
    }

    /// The administrator's URL.
    #[must_use]
    pub fn url(&self) -> String {
        let socket = self.socket();
        format!("mysql://root@localhost/mysql?socket={}", socket.display())
    }

    /// Stops the process where it stands (SIGSTOP).
    pub async fn freeze(&self) {
        self.process.as_ref().unwrap().signal("STOP").await;
    }

    /// Lets it go on (SIGCONT).
    pub async fn thaw(&self) {
        self.process.as_ref().unwrap().signal("CONT").await;
    }

    /// Kills it (SIGKILL).
    pub async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await;
        }
        // Its own lock file would have it wait for the dead.
        fs::remove_file(self.socket().with_extension("sock.lock")).ok();
    }

    fn words(&self) -> Vec<String> {
        let mut words = self.before.clone();
        words.extend(mysqld());
        words.extend([
            "--user=root".to_owned(),
            format!("--datadir={}", self.folder.path().join("data").display()),
            "--innodb-redo-log-capacity=16M".to_owned(),
        ]);
        words.extend(self.more.clone());
        words
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("mysql.sock")
    }
}
