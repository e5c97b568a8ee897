//! Whether messages go out: what waits in the database, and what the running bot alone knows.

use std::net::SocketAddr;

use shared::{
    operate::{
        doctor::{Finding, database::failed},
        health::ask,
    },
    store::{
        Database,
        held::{self, Held},
    },
};

use crate::slack::advice_for;

const MESSAGES: &str = "messages";
const RUNNING: &str = "running bot";

/// Whether messages wait because Slack takes none from the app.
pub(super) async fn waiting(database: &Database) -> Finding {
    match held::read(database).await {
        Ok(None) => Finding::good(MESSAGES, "none waits because Slack refuses the app"),
        Ok(Some(held)) => finding(&held),
        Err(error) => failed(MESSAGES, &error),
    }
}

fn finding(held: &Held) -> Finding {
    let minutes = held.since.until(held.now).as_secs() / 60;
    let seen = format!(
        "{} wait, the first for {minutes} min: Slack refuses them with {}",
        held.count, held.code
    );
    if held.is_everybody {
        return Finding::bad(MESSAGES, seen, advice_for(&held.code));
    }
    Finding::warning(
        MESSAGES,
        format!("{seen}, while others go out"),
        advice_for(&held.code),
    )
}

/// How the bot that runs here is, as it says itself.
pub(super) async fn running(health: Option<SocketAddr>) -> Finding {
    let unknown = |why: String, advice: &str| {
        let seen = format!("whether it is ready is not known: {why}");
        Finding::skipped(RUNNING, seen, advice)
    };
    let Some(address) = health else {
        return unknown(
            "only it could tell, and HEALTH_ADDR is not set".to_owned(),
            "set HEALTH_ADDR for it and for this command",
        );
    };
    match ask::readiness(address).await {
        Ok((true, _)) => Finding::good(RUNNING, "ready"),
        Ok((false, said)) => {
            let parts: Vec<_> = said
                .lines()
                .filter(|line| line.contains("NOT OK"))
                .collect();
            Finding::bad(
                RUNNING,
                format!("not ready: {}", parts.join("; ").escape_debug()),
                "look at what is said of these parts here, and at its log",
            )
        }
        Err(_) => unknown(
            format!("nothing answers on {address}"),
            "start the bot with the same HEALTH_ADDR, and run this where it runs",
        ),
    }
}

#[cfg(test)]
mod tests {
    use shared::{domain::clock::Timestamp, operate::doctor::Verdict};

    use super::*;

    #[test]
    fn what_waits_is_told_with_what_to_do() {
        let mut held = Held {
            count: 3,
            since: Timestamp::from_millis(0),
            now: Timestamp::from_millis(150_000),
            code: "messages_tab_disabled".to_owned(),
            is_everybody: true,
        };
        let bad = finding(&held);
        assert_eq!(bad.verdict, Verdict::Bad);
        assert_eq!(
            bad.seen,
            "3 wait, the first for 2 min: Slack refuses them with messages_tab_disabled"
        );
        assert!(bad.advice.is_some_and(|advice| advice.contains("App Home")));
        held.is_everybody = false;
        assert_eq!(finding(&held).verdict, Verdict::Warning);
    }
}
