//! Whether another program uses the Slack app.

use shared::{
    operate::doctor::{Finding, database::failed},
    store::{
        Database,
        bots::{self, Strangers},
    },
};

const OTHERS: &str = "other programs";

/// Looks at what the running bots found when Slack last counted.
pub(super) async fn check(database: &Database) -> Finding {
    match bots::strangers(database).await {
        Ok(found) => finding(found),
        Err(error) => failed(OTHERS, &error),
    }
}

fn finding(found: Option<Strangers>) -> Finding {
    match found {
        None => Finding::skipped(
            OTHERS,
            "whether one uses this Slack app is not known: no bot has run on this database within the last \
             minutes",
            "start it, and run this again a minute later",
        ),
        Some(found) if found.count > 0 => {
            let minutes = found.counted_at.until(found.now).as_secs() / 60;
            let seen = format!(
                "one uses this Slack app: {minutes} min ago Slack counted {} connections more than the bots of \
                 this database had",
                found.count
            );
            Finding::warning(
                OTHERS,
                seen,
                "find it (a test environment with these tokens, an old service, a bot of the version before or \
                 with another database), and stop it or give it a Slack app of its own: each gets a part of what \
                 people send. Then restart this bot, so that Slack counts anew",
            )
        }
        Some(_) => Finding::good(OTHERS, "none is known to use this Slack app"),
    }
}

#[cfg(test)]
mod tests {
    use shared::{domain::clock::Timestamp, operate::doctor::Verdict};

    use super::*;

    #[test]
    fn strangers_are_told_with_what_to_do() {
        let found = |count| Strangers {
            count,
            counted_at: Timestamp::from_millis(0),
            now: Timestamp::from_millis(150_000),
        };
        let warned = finding(Some(found(2)));
        assert_eq!(warned.verdict, Verdict::Warning);
        assert!(
            warned
                .seen
                .contains("2 min ago Slack counted 2 connections more")
        );
        assert_eq!(finding(Some(found(0))).verdict, Verdict::Good);
        assert_eq!(finding(None).verdict, Verdict::Skipped);
    }
}
