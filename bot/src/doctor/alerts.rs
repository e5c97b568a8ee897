//! Whether the channel for operators takes alerts: what became of the last one there. Nothing of
//! Slack's says it without a scope that the app has no other use for, so the bot's first message to
//! the channel is the question.

use shared::{
    domain::ids::ChannelId,
    operate::doctor::{Finding, database::failed},
    store::{
        Database,
        alerts::{self, Standing},
    },
};

use crate::alerts::advice;

const ALERTS: &str = "alerts";

/// What the running bots found.
pub(super) async fn check(database: &Database, channel: &ChannelId) -> Finding {
    match alerts::standing(database, channel).await {
        Ok(standing) => finding(standing, channel),
        Err(error) => failed(ALERTS, &error),
    }
}

fn finding(standing: Option<Standing>, channel: &ChannelId) -> Finding {
    let Some(standing) = standing else {
        return Finding::skipped(
            ALERTS,
            format!(
                "whether {channel} takes them is not known: no bot with this ALERT_CHANNEL has run yet"
            ),
            "start it, and run this again a minute later",
        );
    };
    let minutes = standing.at.until(standing.now).as_secs() / 60;
    match standing.refusal {
        Some(code) => Finding::bad(
            ALERTS,
            format!("{minutes} min ago Slack refused one in {channel} with {code}"),
            advice(&code),
        ),
        None if standing.is_posted => Finding::good(
            ALERTS,
            format!("{channel} takes them: the last one was posted {minutes} min ago"),
        ),
        None => Finding::warning(
            ALERTS,
            format!("the last one for {channel} was not posted {minutes} min ago"),
            "look at the log of the bot, and at what is said of Slack here",
        ),
    }
}

#[cfg(test)]
mod tests {
    use shared::{domain::clock::Timestamp, operate::doctor::Verdict};

    use super::*;

    #[test]
    fn what_became_of_the_last_one_is_told_with_what_to_do() {
        let channel = ChannelId::parse("C0123ABCD").unwrap();
        let found = |is_posted, refusal: Option<&str>| {
            let standing = Standing {
                at: Timestamp::from_millis(0),
                now: Timestamp::from_millis(150_000),
                is_posted,
                refusal: refusal.map(str::to_owned),
            };
            finding(Some(standing), &channel)
        };
        let bad = found(false, Some("not_in_channel"));
        assert_eq!(bad.verdict, Verdict::Bad);
        assert_eq!(
            bad.seen,
            "2 min ago Slack refused one in C0123ABCD with not_in_channel"
        );
        assert!(bad.advice.is_some_and(|advice| advice.contains("/invite")));
        assert_eq!(found(true, None).verdict, Verdict::Good);
        assert_eq!(found(false, None).verdict, Verdict::Warning);
        assert_eq!(finding(None, &channel).verdict, Verdict::Skipped);
    }
}
