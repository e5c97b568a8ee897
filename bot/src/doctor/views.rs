//! `doctor --views`: shows Slack every view and message that the bot can produce, and tells what it
//! refuses. Nothing is posted, and nothing in them comes from people.

use std::{
    io::{self, Write},
    time::Duration,
};

use shared::{
    domain::ids::UserId,
    operate::doctor::{Finding, Report, database::failed},
    store::{
        Database,
        view_checks::{self, Checked, ViewCheck},
    },
    text::{self, Locale},
};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    settings::Settings,
    slack::{Objection, Slack, SlackError, Validated, Verdict},
    specimens::{self, Specimen, Surroundings},
};

const VIEWS: &str = "views";

/// For how long Slack is asked, in all: it limits how often it answers.
const PATIENCE: Duration = Duration::from_mins(2);

/// The pause where Slack wants one and doesn't say how long.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// So many calls in a row without an answer, and no more is asked.
const MOST_FAILURES: u32 = 3;

const VERSION: &str = env!("CARGO_PKG_VERSION");

const HOW: &str = "run `secure-secret-bot doctor --views`, after installing and after each update";

/// What came of asking.
#[derive(Debug, Default, PartialEq)]
struct Verdicts {
    taken: u32,
    refused: Vec<(String, Vec<Objection>)>,
    unasked: Vec<String>,
    /// Why not more was asked.
    stopped: Option<Stop>,
}

/// Why not all was asked.
#[derive(Debug, PartialEq)]
enum Stop {
    TimeUp,
    RateLimited,
    /// Slack doesn't answer such questions.
    NoMethod(SlackError),
    /// It can't be reached, or has trouble of its own.
    Trouble(SlackError),
}

/// Asks, tells, and writes it down.
pub(super) async fn check(
    settings: &Settings,
    slack: &Slack,
    person: &UserId,
    database: Option<&Database>,
    report: &mut Report<impl Write>,
) -> io::Result<()> {
    let around = Surroundings {
        person,
        public_base_url: &settings.public_base_url,
        privacy: settings.privacy.as_ref(),
    };
    let verdicts = ask_about_all(specimens::all(&around), async |shown| {
        slack.validate(shown).await
    })
    .await;
    for finding in findings(&verdicts) {
        report.tell(&finding)?;
    }
    if let Some(database) = database
        && let Err(error) = view_checks::note(database, &noted(&verdicts)).await
    {
        report.tell(&failed(VIEWS, &error))?;
    }
    Ok(())
}

/// That there was nobody to ask.
pub(super) fn without_slack() -> Finding {
    Finding::skipped(
        VIEWS,
        "they were not shown to Slack, which does not take the bot token",
        "mend what is said of the bot token above, and run this again",
    )
}

/// Shows one after the other, until the time is up.
async fn ask_about_all(
    specimens: Vec<Specimen>,
    ask: impl AsyncFn(&Validated) -> Result<Vec<Objection>, SlackError>,
) -> Verdicts {
    let deadline = Instant::now() + PATIENCE;
    let mut verdicts = Verdicts::default();
    let mut failures = 0;
    for specimen in specimens {
        let name = named(&specimen);
        if verdicts.stopped.is_some() {
            verdicts.unasked.push(name);
            continue;
        }
        match ask_until(deadline, &specimen.shown, &ask).await {
            Ok(objections) => {
                failures = 0;
                if objections.is_empty() {
                    verdicts.taken += 1;
                } else {
                    verdicts.refused.push((name, objections));
                }
            }
            Err(stop) => {
                verdicts.unasked.push(name);
                failures += 1;
                let passes = matches!(stop, Stop::Trouble(_));
                if !passes || failures == MOST_FAILURES {
                    verdicts.stopped = Some(stop);
                }
            }
        }
    }
    verdicts
}

/// Asks about one, as late as Slack wants it.
async fn ask_until(
    deadline: Instant,
    shown: &Validated,
    ask: impl AsyncFn(&Validated) -> Result<Vec<Objection>, SlackError>,
) -> Result<Vec<Objection>, Stop> {
    loop {
        if Instant::now() >= deadline {
            return Err(Stop::TimeUp);
        }
        let Ok(answer) = timeout_at(deadline, ask(shown)).await else {
            return Err(Stop::TimeUp);
        };
        let error = match answer {
            Ok(objections) => return Ok(objections),
            Err(error) => error,
        };
        let pause = match error.verdict() {
            Verdict::Wait(pause) => pause.max(SHORTEST_PAUSE),
            Verdict::Retry => return Err(Stop::Trouble(error)),
            _ => return Err(Stop::NoMethod(error)),
        };
        if Instant::now() + pause >= deadline {
            return Err(Stop::RateLimited);
        }
        sleep(pause).await;
    }
}

fn named(specimen: &Specimen) -> String {
    let language = match specimen.locale {
        Locale::En => "English",
        Locale::Fr => "French",
    };
    format!("{} ({language})", specimen.name)
}

fn noted(verdicts: &Verdicts) -> ViewCheck {
    let code = match &verdicts.stopped {
        Some(Stop::NoMethod(error)) => error.code().map(str::to_owned),
        _ => None,
    };
    let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
    ViewCheck {
        version: VERSION.to_owned(),
        taken: verdicts.taken,
        refused: count(verdicts.refused.len()),
        unasked: count(verdicts.unasked.len()),
        code,
    }
}

/// One for each that is refused, and one for how it went.
fn findings(verdicts: &Verdicts) -> Vec<Finding> {
    let refused = verdicts.refused.iter().map(|(name, objections)| {
        let objections: Vec<_> = objections.iter().map(ToString::to_string).collect();
        Finding::bad(
            VIEWS,
            format!("Slack refuses the {name}: {}", objections.join("; ")),
            "look whether a newer version mends it, and send this line to the maintainers: people don't get \
             to see what Slack refuses",
        )
    });
    let mut findings: Vec<_> = refused.collect();
    let taken = verdicts.taken;
    let unasked = verdicts.unasked.len();
    let not_asked = verdicts.unasked.join("; ");
    findings.extend(match &verdicts.stopped {
        None if unasked == 0 && findings.is_empty() => Some(Finding::good(
            VIEWS,
            format!("Slack takes all {taken}, in both languages"),
        )),
        None if unasked == 0 => None,
        Some(Stop::NoMethod(error)) => Some(Finding::skipped(
            VIEWS,
            format!("Slack does not say what it takes: {error}"),
            "nothing: it is asked by blocks.validate, which this workspace or this token does not have; \
             rehearsing shows the same with people (`secure-secret-bot rehearse`)",
        )),
        stopped => {
            let why = match stopped {
                Some(Stop::TimeUp) => "two minutes were over".to_owned(),
                Some(Stop::RateLimited) => "Slack wanted a longer pause".to_owned(),
                Some(Stop::Trouble(error)) => error.to_string(),
                Some(Stop::NoMethod(_)) | None => "Slack had trouble with some".to_owned(),
            };
            Some(Finding::warning(
                VIEWS,
                format!("Slack takes {taken}; {unasked} were not asked about, as {why}: {not_asked}"),
                "run this again in some minutes",
            ))
        }
    });
    findings
}

/// What came of the last time.
pub(super) async fn last(database: &Database) -> Finding {
    match view_checks::last(database).await {
        Ok(last) => finding(last.as_ref()),
        Err(error) => failed(VIEWS, &error),
    }
}

fn finding(last: Option<&Checked>) -> Finding {
    let Some(Checked { at, check }) = last else {
        return Finding::skipped(VIEWS, "Slack was never asked whether it takes them", HOW);
    };
    let when = text::rfc3339(*at);
    let (taken, refused, unasked) = (check.taken, check.refused, check.unasked);
    if check.version != VERSION {
        let version = check.version.escape_debug();
        return Finding::skipped(
            VIEWS,
            format!("Slack was last asked about those of version {version}, on {when}"),
            HOW,
        );
    }
    if let Some(code) = &check.code {
        let code = code.escape_debug();
        return Finding::skipped(
            VIEWS,
            format!("asked on {when}, Slack did not say what it takes: {code}"),
            HOW,
        );
    }
    if refused > 0 {
        let seen = format!("asked on {when}, Slack refused {refused} and took {taken}");
        return Finding::bad(VIEWS, seen, "`secure-secret-bot doctor --views` names them");
    }
    if unasked > 0 {
        let seen = format!("asked on {when}, Slack took {taken}; about {unasked} it was not asked");
        return Finding::warning(VIEWS, seen, HOW);
    }
    Finding::good(VIEWS, format!("asked on {when}, Slack took all {taken}"))
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use serde_json::json;
    use shared::{domain::clock::Timestamp, operate::doctor::Verdict as Found};

    use super::*;
    use crate::{lenient::Object, slack::Method};

    fn specimens(count: usize) -> Vec<Specimen> {
        let specimen = |number: usize| Specimen {
            name: format!("view {number}"),
            locale: Locale::Fr,
            shown: Validated::View(json!({ "number": number })),
        };
        (0..count).map(specimen).collect()
    }

    fn limited(seconds: u64) -> SlackError {
        SlackError::rate_limited(Method::ValidateBlocks, Duration::from_secs(seconds))
    }

    fn code(code: &str) -> SlackError {
        let answer = json!({ "ok": false, "error": code }).to_string();
        let answer = Object::parse(&answer).unwrap();
        SlackError::answered(Method::ValidateBlocks, code.to_owned(), &answer)
    }

    fn objection() -> Objection {
        Objection {
            pointer: "/title/text".to_owned(),
            message: "must be shorter".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_is_asked_about_once_and_what_is_refused_is_named() {
        let asked = RefCell::new(Vec::new());
        let verdicts = ask_about_all(specimens(5), async |shown| {
            asked.borrow_mut().push(shown.clone());
            let is_bad = *shown == Validated::View(json!({"number": 2}));
            Ok(if is_bad {
                vec![objection()]
            } else {
                Vec::new()
            })
        })
        .await;
        assert_eq!(asked.borrow().len(), 5);
        assert_eq!((verdicts.taken, verdicts.refused.len()), (4, 1));
        let findings = findings(&verdicts);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].verdict, Found::Bad);
        assert_eq!(
            findings[0].seen,
            "Slack refuses the view 2 (French): /title/text: must be shorter"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_are_kept_within_two_minutes_and_what_was_not_asked_is_named() {
        for (pause, taken, stopped) in [
            // 0 s, 50 s, 100 s.
            (50, 3, Stop::RateLimited),
            (121, 1, Stop::RateLimited),
        ] {
            let started = Instant::now();
            let calls = Cell::new(0);
            let verdicts = ask_about_all(specimens(9), async |_| {
                calls.set(calls.get() + 1);
                if calls.get() % 2 == 0 {
                    return Err(limited(pause));
                }
                Ok(Vec::new())
            })
            .await;
            assert!(started.elapsed() < PATIENCE, "{pause}");
            assert_eq!(verdicts.taken, taken, "{pause}");
            assert_eq!(verdicts.stopped, Some(stopped), "{pause}");
            let told = findings(&verdicts);
            assert_eq!(told[0].verdict, Found::Warning);
            let last = told[0].seen.ends_with("view 8 (French)");
            assert!(
                last && told[0].seen.contains("longer pause"),
                "{}",
                told[0].seen
            );
        }
        let verdicts = ask_about_all(specimens(9), async |_| {
            sleep(Duration::from_secs(50)).await;
            Ok(Vec::new())
        })
        .await;
        assert_eq!((verdicts.taken, verdicts.unasked.len()), (2, 7));
        assert_eq!(verdicts.stopped, Some(Stop::TimeUp));
    }

    #[tokio::test(start_paused = true)]
    async fn a_method_that_is_refused_is_asked_once() {
        for refusal in [
            "unknown_method",
            "missing_scope",
            "not_allowed_token_type",
            "method_deprecated",
            "invalid_arguments",
            "a_new_code",
        ] {
            let calls = Cell::new(0);
            let verdicts = ask_about_all(specimens(5), async |_| {
                calls.set(calls.get() + 1);
                Err(code(refusal))
            })
            .await;
            assert_eq!((calls.get(), verdicts.unasked.len()), (1, 5), "{refusal}");
            let told = findings(&verdicts);
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].verdict, Found::Skipped);
            assert!(told[0].seen.contains(refusal), "{}", told[0].seen);
            assert_eq!(noted(&verdicts).code.as_deref(), Some(refusal));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_of_slack_is_no_refusal() {
        let calls = Cell::new(0);
        let verdicts = ask_about_all(specimens(6), async |_| {
            calls.set(calls.get() + 1);
            match calls.get() {
                1 => Err(code("internal_error")),
                2 => Ok(Vec::new()),
                _ => Err(SlackError::status(Method::ValidateBlocks, 503)),
            }
        })
        .await;
        assert_eq!((calls.get(), verdicts.taken), (5, 1));
        assert_eq!(verdicts.unasked.len(), 5);
        let told = findings(&verdicts);
        assert_eq!(told[0].verdict, Found::Warning);
        assert!(told[0].seen.contains("HTTP status 503"), "{}", told[0].seen);
    }

    #[test]
    fn the_last_time_is_told_with_what_to_do() {
        let checked = |version: &str, refused, unasked, code: Option<&str>| Checked {
            at: Timestamp::from_millis(1_795_460_580_000),
            check: ViewCheck {
                version: version.to_owned(),
                taken: 80,
                refused,
                unasked,
                code: code.map(str::to_owned),
            },
        };
        for (last, verdict, seen) in [
            (None, Found::Skipped, "never asked"),
            (
                Some(checked("0.0.0", 1, 0, None)),
                Found::Skipped,
                "those of version 0.0.0",
            ),
            (
                Some(checked(VERSION, 0, 90, Some("unknown_method"))),
                Found::Skipped,
                "unknown_method",
            ),
            (
                Some(checked(VERSION, 2, 3, None)),
                Found::Bad,
                "refused 2 and took 80",
            ),
            (
                Some(checked(VERSION, 0, 3, None)),
                Found::Warning,
                "about 3 it was not asked",
            ),
            (
                Some(checked(VERSION, 0, 0, None)),
                Found::Good,
                "took all 80",
            ),
        ] {
            let finding = finding(last.as_ref());
            assert_eq!(finding.verdict, verdict, "{}", finding.seen);
            assert!(finding.seen.contains(seen), "{}", finding.seen);
        }
    }
}
