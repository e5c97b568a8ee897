//! One shell for the whole guide, as an operator has: variables and folder stay from block to
//! block.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{ChildStdin, Command, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use xtask::processes::Process;

const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Printed by the shell after each block.
const END: &str = "-- end of block --";

/// A shell that takes one block after the other.
pub(crate) struct Shell {
    input: ChildStdin,
    lines: Receiver<String>,
    _process: Process,
}

impl Shell {
    pub(crate) fn start(command: &mut Command) -> anyhow::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start("bash", command)?;
        let child = process.child();
        let input = child.stdin.take().context("the shell takes no input")?;
        let output = child.stdout.take().context("the shell has no output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            input,
            lines,
            _process: process,
        })
    }

    /// Runs a block and gives what it printed. The shell ends at the first command that fails.
    pub(crate) fn run(&mut self, script: &str, stop: &AtomicBool) -> anyhow::Result<String> {
        // Encoded, so that no quote, here-document or command that reads its input gets in the way.
        let script = STANDARD.encode(script);
        writeln!(
            self.input,
            "eval \"$(echo {script} | base64 --decode)\" 2>&1 </dev/null\necho; echo '{END}'"
        )?;
        let deadline = Instant::now() + PATIENCE;
        let mut printed: Vec<String> = Vec::new();
        loop {
            let problem = match self.lines.recv_timeout(LOOK_EVERY) {
                Ok(line) if line == END => break,
                Ok(line) => {
                    printed.push(line);
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => "a command failed",
                Err(RecvTimeoutError::Timeout) if stop.load(Ordering::SeqCst) => "stopped",
                Err(RecvTimeoutError::Timeout) if Instant::now() > deadline => "takes too long",
                Err(RecvTimeoutError::Timeout) => continue,
            };
            bail!("{problem}; it printed:\n{}", printed.join("\n"));
        }
        // The line break before the mark makes an empty line where the block ended with one.
        Ok(printed.join("\n").trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell() -> Shell {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-e"]);
        Shell::start(&mut command).unwrap()
    }

    #[test]
    fn variables_stay_and_all_output_is_seen() {
        let (mut shell, go_on) = (shell(), AtomicBool::new(false));
        assert_eq!(shell.run("a='1 2'\ncat", &go_on).unwrap(), "");
        let script = "cat <<EOF\nit's $a\nEOF\necho b >&2\nprintf c";
        assert_eq!(shell.run(script, &go_on).unwrap(), "it's 1 2\nb\nc");
    }

    #[test]
    fn a_failing_command_ends_it() {
        let (mut shell, go_on) = (shell(), AtomicBool::new(false));
        let error = shell.run("echo a\nfalse\necho b", &go_on).unwrap_err();
        assert_eq!(error.to_string(), "a command failed; it printed:\na");
    }

    #[test]
    fn it_can_be_stopped() {
        let error = shell().run("sleep 5", &AtomicBool::new(true)).unwrap_err();
        assert!(error.to_string().starts_with("stopped"), "{error}");
    }
}
