//! Processes that end with this one.

use std::{
    os::unix::process::CommandExt as _,
    process::{Child, Command},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;

/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// A child process, stopped when dropped.
pub struct Process {
    /// What it is called in messages.
    pub name: String,
    child: Child,
}

impl Process {
    /// Starts a command in a process group of its own, so that Ctrl-C reaches this program first.
    pub fn start(name: &str, command: &mut Command) -> anyhow::Result<Self> {
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} can't be started"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
        })
    }

    /// Whether it has ended, and how.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The child itself, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().ok();
        let deadline = Instant::now() + GRACE;
        while self.ended().is_none() && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A command that gets this signal when this process ends without stopping it, killed for example.
#[must_use]
pub fn bound_by(signal: &str, program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args([&format!("--pdeathsig={signal}"), "--", program]);
    command
}

/// A command, one word a line.
#[must_use]
pub fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join("\n")
}

/// Set on Ctrl-C and SIGTERM.
pub fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    ctrlc::set_handler(move || set.store(true, Ordering::SeqCst))?;
    Ok(flag)
}

/// Waits until something is so; says what did not come about.
pub fn wait_for(
    what: &str,
    patience: Duration,
    mut holds: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + patience;
    while !holds()? {
        anyhow::ensure!(
            Instant::now() < deadline,
            "{what}: waited {} s",
            patience.as_secs()
        );
        thread::sleep(POLL);
    }
    Ok(())
}
