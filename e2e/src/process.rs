//! Real processes, stopped when dropped.

use std::{
    fs,
    future::Future,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::process::{Child, Command};

use crate::binary;

/// Longest wait for anything to become true.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running program; its output goes to a file.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    started: Instant,
    said_after: Option<Duration>,
}

impl Process {
    /// Starts a program with just these variables; of them `OPEN_FILES` is its limit of open files.
    #[must_use]
    pub fn start(name: &str, arguments: &[&str], variables: &[(&str, String)], log: &Path) -> Self {
        // A file that may not grow is then an error to the program, as a full disk is, and not a
        // signal that ends it.
        let mut command = Command::new("/bin/sh");
        command.args([
            "-c",
            "trap '' XFSZ; ulimit -n \"${OPEN_FILES:-$(ulimit -n)}\"; unset OPEN_FILES; \
             exec \"$0\" \"$@\"",
        ]);
        command.arg(binary(name)).args(arguments).env_clear();
        command.envs(variables.iter().map(|(name, value)| (*name, value)));
        Self::spawn(name, command, log)
    }

    /// Starts any command, its program first.
    #[must_use]
    pub fn start_words(words: &[String], log: &Path) -> Self {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        Self::spawn(&words[0], command, log)
    }

    fn spawn(name: &str, mut command: Command, log: &Path) -> Self {
        let file = fs::File::create(log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
            started: Instant::now(),
            said_after: None,
        }
    }

    /// What it said so far.
    #[must_use]
    pub fn output(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// How long it took until it said what was first waited for; to within 10 ms.
    #[must_use]
    pub fn ready_after(&self) -> Duration {
        self.said_after.unwrap_or_default()
    }

    /// Waits for a line with this text, and returns it.
    pub async fn line_with(&mut self, text: &str) -> String {
        self.lines_with(text, 1).await
    }

    /// Waits until there are so many lines with this text, and returns the last of these.
    pub async fn lines_with(&mut self, text: &str, count: usize) -> String {
        self.lines_within(PATIENCE, text, count).await
    }

    /// The same within another time.
    pub(crate) async fn lines_within(
        &mut self,
        patience: Duration,
        text: &str,
        count: usize,
    ) -> String {
        let deadline = Instant::now() + patience;
        loop {
            let output = self.output();
            let found = output.lines().filter(|line| line.contains(text));
            if let Some(line) = found.take(count).nth(count - 1) {
                self.said_after
                    .get_or_insert_with(|| self.started.elapsed());
                return line.to_owned();
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{} did not say {text:?} ({ended:?}):\n{}",
                self.name,
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Asks it to stop and waits; its exit code.
    pub async fn stop(&mut self) -> Option<i32> {
        self.signal("TERM").await;
        self.exit_code().await
    }

    /// Sends it a signal, e.g. `TERM`.
    pub async fn signal(&self, name: &str) {
        let kill = Command::new("kill")
            .args([&format!("-{name}"), &self.id().to_string()])
            .status();
        assert!(kill.await.unwrap().success());
    }

    /// Ends it where it stands (SIGKILL).
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for its end.
    pub async fn exit_code(&mut self) -> Option<i32> {
        let ended = tokio::time::timeout(2 * PATIENCE, self.child.wait()).await;
        ended
            .unwrap_or_else(|_| panic!("{} did not end:\n{}", self.name, self.output()))
            .unwrap()
            .code()
    }
}

/// What became of a command that ran to its end.
pub struct Ran {
    /// Its exit code.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

/// Runs a command of one of the programs, with just these variables, to its end.
pub async fn run(program: &str, arguments: &[&str], variables: &[(&str, String)]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    run_in(folder.path(), program, arguments, variables).await
}

/// The same in a folder.
pub async fn run_in(
    folder: &Path,
    program: &str,
    arguments: &[&str],
    variables: &[(&str, String)],
) -> Ran {
    let output = Command::new(binary(program))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (*name, value)))
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// Waits until something can be had.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    look: impl FnMut() -> F,
) -> T {
    eventually_within(PATIENCE, what, look).await
}

/// Waits until something can be had, for so long at most.
pub async fn eventually_within<T, F: Future<Output = Option<T>>>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "never seen: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
