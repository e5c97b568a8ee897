//! Rows that are passed over, as they are not as others.

use shared::{
    operate::doctor::{Finding, database::failed},
    store::{
        Database,
        survey::{self, Survey},
    },
};

const ROWS: &str = "rows";

/// Whether there are any.
pub(super) async fn check(database: &Database) -> Finding {
    match survey::take(database).await {
        Ok(survey) => finding(&survey),
        Err(error) => failed(ROWS, &error),
    }
}

fn finding(survey: &Survey) -> Finding {
    let mut seen = Vec::new();
    if let (count @ 1.., Some(id)) = survey.overdue {
        seen.push(format!(
            "{count} expired more than an hour ago and are not destroyed, such as secret {id}"
        ));
    }
    if let Some(row) = survey.deliveries.first() {
        let count = survey.deliveries.len();
        seen.push(format!(
            "{count} waiting deliveries can't be read, such as {row}"
        ));
    }
    if !seen.is_empty() {
        return Finding::bad(
            ROWS,
            seen.join("; "),
            "the log of the bot says at each sweep and each try what is the matter; is a bot running, and does it \
             run the newest version? A row that somebody changed by hand can be removed by hand",
        );
    }
    if let (count @ 1.., Some(id)) = survey.conflicts {
        return Finding::warning(
            ROWS,
            format!(
                "{count} secrets were destroyed lately because the audit log had their end already, the last one \
                 {id}"
            ),
            "after a restored backup that is right; else somebody wrote into the log: `secure-secret-bot audit \
             list --secret ID`",
        );
    }
    Finding::good(ROWS, "all can be read, and none that expired is left")
}
