//! The operator's side: what is printed, and what is typed or pasted. Works in a pipe too.

use std::{
    io::{self, BufRead, Write},
    thread,
};

use tokio::sync::mpsc;

use super::report::Outcome;

/// The line that ends a paste.
const END: &str = ".";

/// Where the operator sits. Nothing that is typed is logged.
pub(super) struct Terminal {
    lines: mpsc::Receiver<String>,
}

/// What is answered to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    Skip,
    /// Something else was seen.
    Words(String),
}

impl Terminal {
    pub(super) fn new() -> Self {
        let (sender, lines) = mpsc::channel(64);
        thread::spawn(move || {
            let lines = io::stdin().lock().lines();
            for line in lines.map_while(Result::ok) {
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines }
    }

    /// Prints lines.
    pub(super) fn tell(text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// The next line; `None` when the input has ended.
    pub(super) async fn line(&mut self) -> Option<String> {
        self.lines.recv().await
    }

    /// Waits for Enter; what was typed before it.
    pub(super) async fn pause(&mut self, prompt: &str) -> io::Result<Option<String>> {
        Self::tell(&format!("  > {prompt}"))?;
        Ok(self.line().await.map(|line| line.trim().to_owned()))
    }

    /// Asks; what does not answer it is asked again.
    pub(super) async fn ask(&mut self, question: &str) -> io::Result<Answer> {
        loop {
            Self::tell(&format!(
                "  ? {question} (yes, no, skip, or a few words on what you saw)"
            ))?;
            let Some(line) = self.line().await else {
                return Ok(Answer::Skip);
            };
            return Ok(match line.trim().to_lowercase().as_str() {
                "" => continue,
                "y" | "yes" => Answer::Yes,
                "n" | "no" => Answer::No,
                "s" | "skip" => Answer::Skip,
                _ => Answer::Words(line),
            });
        }
    }

    /// What is pasted, up to a line with a dot; `None` if that is all, or the input has ended.
    pub(super) async fn paste(&mut self, prompt: &str) -> io::Result<Option<String>> {
        Self::tell(&format!(
            "  > {prompt}, press Enter, then type a dot and press Enter (a dot alone skips this)"
        ))?;
        let mut pasted: Vec<String> = Vec::new();
        loop {
            match self.line().await {
                None => return Ok(None),
                Some(line) if line == END => break,
                Some(line) => pasted.push(line),
            }
        }
        Ok((!pasted.is_empty()).then(|| pasted.join("\n")))
    }
}

impl Answer {
    /// What is noted of it. `harmless` takes out of words what must not be in the report.
    pub(super) fn outcome(self, harmless: impl Fn(&str) -> String) -> Outcome {
        match self {
            Self::Yes => Outcome::Said("yes".to_owned()),
            Self::No => Outcome::Failed("no, says who played it".to_owned()),
            Self::Skip => Outcome::Skipped("skipped".to_owned()),
            Self::Words(words) => Outcome::Said(harmless(&words)),
        }
    }
}
