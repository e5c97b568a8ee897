//! `doctor`: checks an installation from the inside. A check is a function that gives a
//! [`Finding`]: what was looked at, how it is, and what to do.

pub mod database;
pub mod hosts;
pub mod keys;

use std::{
    fmt,
    io::{self, Write},
};

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works, and should be looked at.
    Warning,
    /// It does not work.
    Bad,
    /// It could not be looked at.
    Skipped,
}

/// One check and what came of it. Holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a word or two.
    pub check: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do, if there is something to do.
    pub advice: Option<String>,
}

impl Finding {
    /// It is as it should be.
    #[must_use]
    pub fn good(check: &'static str, seen: impl Into<String>) -> Self {
        Self::new(check, Verdict::Good, seen, None)
    }

    /// It works, and should be looked at.
    #[must_use]
    pub fn warning(
        check: &'static str,
        seen: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::new(check, Verdict::Warning, seen, Some(advice.into()))
    }

    /// It does not work.
    #[must_use]
    pub fn bad(check: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, Verdict::Bad, seen, Some(advice.into()))
    }

    /// It could not be looked at.
    #[must_use]
    pub fn skipped(check: &'static str, why: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, Verdict::Skipped, why, Some(advice.into()))
    }

    fn new(
        check: &'static str,
        verdict: Verdict,
        seen: impl Into<String>,
        advice: Option<String>,
    ) -> Self {
        Self {
            check,
            verdict,
            seen: seen.into(),
            advice,
        }
    }
}

/// A line with what was seen, and one with what to do.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Good => "ok",
            Verdict::Warning => "WARNING",
            Verdict::Bad => "NOT OK",
            Verdict::Skipped => "skipped",
        };
        write!(f, "{verdict:7}  {:16}  {}", self.check, self.seen)?;
        match &self.advice {
            Some(advice) => write!(f, "\n{:27}do: {advice}", ""),
            None => Ok(()),
        }
    }
}

/// Something does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bad} of {checks} checks are not ok")]
pub struct ChecksFailed {
    bad: usize,
    checks: usize,
}

/// Tells findings as they come, and counts them.
pub struct Report<W> {
    out: W,
    checks: usize,
    warnings: usize,
    skipped: usize,
    bad: usize,
}

impl<W: Write> Report<W> {
    /// A report with nothing in it yet.
    pub const fn new(out: W) -> Self {
        Self {
            out,
            checks: 0,
            warnings: 0,
            skipped: 0,
            bad: 0,
        }
    }

    /// Tells a finding.
    pub fn tell(&mut self, finding: &Finding) -> io::Result<()> {
        self.checks += 1;
        match finding.verdict {
            Verdict::Warning => self.warnings += 1,
            Verdict::Bad => self.bad += 1,
            Verdict::Skipped => self.skipped += 1,
            Verdict::Good => {}
        }
        writeln!(self.out, "{finding}")?;
        self.out.flush()
    }

    /// Sums up.
    pub fn finish(mut self) -> io::Result<Result<(), ChecksFailed>> {
        if self.bad > 0 {
            let (bad, checks) = (self.bad, self.checks);
            return Ok(Err(ChecksFailed { bad, checks }));
        }
        let skipped = match self.skipped {
            0 => String::new(),
            1 => "; 1 check was skipped".to_owned(),
            many => format!("; {many} checks were skipped"),
        };
        match self.warnings {
            0 => writeln!(self.out, "everything is as it should be{skipped}")?,
            1 => writeln!(self.out, "it works, with 1 warning{skipped}")?,
            many => writeln!(self.out, "it works, with {many} warnings{skipped}")?,
        }
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_what_to_do_and_how_it_went() {
        let told = |findings: &[Finding]| {
            let mut out = Vec::new();
            let mut report = Report::new(&mut out);
            for finding in findings {
                report.tell(finding).unwrap();
            }
            let end = report.finish().unwrap();
            (String::from_utf8(out).unwrap(), end)
        };
        let good = Finding::good("database", "answers");
        let (said, end) = told(std::slice::from_ref(&good));
        assert_eq!(
            said,
            "ok       database          answers\neverything is as it should be\n"
        );
        assert_eq!(end, Ok(()));
        let bad = Finding::bad("schema", "too old", "migrate");
        let (said, end) = told(&[good, bad]);
        assert!(said.ends_with(
            "NOT OK   schema            too old\n                           do: migrate\n"
        ));
        assert_eq!(end.unwrap_err().to_string(), "1 of 2 checks are not ok");
    }
}
