//! Checks of the database: there, new enough, the right tables and rights, its clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sea_orm::{ConnectionTrait as _, Statement};
use tokio::time::{Instant, timeout};

use super::{Finding, hosts};
use crate::{
    domain::program::Program,
    store::{
        Database, SchemaError, StoreError,
        database_url::{DatabaseUrl, Engine, Protection},
        grants::{self, Right},
        sqlite_files::LooseFiles,
    },
};

/// Longest wait for the database.
const PATIENCE: Duration = Duration::from_secs(10);

/// The oldest MySQL that knows what the tables and statements rely on: CHECK constraints that hold.
/// Source: <https://dev.mysql.com/doc/refman/8.0/en/create-table-check-constraints.html>.
const OLDEST_MYSQL: [u32; 3] = [8, 0, 16];

/// A difference between clocks that should be looked at, and one that makes no sense.
const SKEW_TO_TELL: Duration = Duration::from_secs(30);
const SKEW_TOO_LARGE: Duration = Duration::from_mins(2);

/// How many differing rights are told.
const MOST_RIGHTS: usize = 6;

/// Looks at the database of one program. Gives it, where it can be reached.
pub async fn check(url: &DatabaseUrl, program: Program) -> (Vec<Finding>, Option<Database>) {
    if let Some(missing) = url.missing_file() {
        let finding = Finding::bad(
            "database",
            format!("there is no file {}", missing.display()),
            "check DATABASE_URL and the working folder; `secure-secret-migrate up` makes a new one",
        );
        return (vec![finding], None);
    }
    let connected = timeout(PATIENCE, Database::connect(url, program)).await;
    let database = match connected.unwrap_or(Err(StoreError::Unreachable)) {
        Ok(database) => database,
        Err(error) => {
            let finding = Finding::bad("database", error.to_string(), unreachable_advice(url));
            let mut findings = vec![finding];
            findings.extend(hosts::check(url).await);
            return (findings, None);
        }
    };
    let mut findings = vec![version(&database, url).await, schema(&database).await];
    let has_tables = findings[1].verdict == super::Verdict::Good;
    findings.extend(hosts::check(url).await);
    if url.engine() == Engine::MySql && has_tables {
        findings.push(account(&database, program).await);
    }
    if url.engine() == Engine::Sqlite {
        findings.push(files(url));
    }
    findings.push(clock(&database).await);
    (findings, has_tables.then_some(database))
}

fn unreachable_advice(url: &DatabaseUrl) -> String {
    let advice = match (url.engine(), url.protection()) {
        (Engine::Sqlite, _) => {
            "check DATABASE_URL: does the folder exist, and may this user write to it and to the file?"
        }
        (Engine::MySql, Protection::Local) => {
            "check DATABASE_URL: is the server up, are port or socket right, may this user reach the \
             socket?"
        }
        (Engine::MySql, Protection::VerifiedTls) => {
            "check DATABASE_URL: is the server up, are host and port right, does a firewall stand \
             between, has the server a certificate for this host name?"
        }
    };
    advice.to_owned()
}

async fn version(database: &Database, url: &DatabaseUrl) -> Finding {
    const CHECK: &str = "database";
    let question = match url.engine() {
        Engine::MySql => "SELECT VERSION()",
        Engine::Sqlite => "SELECT sqlite_version()",
    };
    let version = match text(database, question, 0).await {
        Ok(version) => version,
        Err(error) => return failed(CHECK, &error),
    };
    if url.engine() == Engine::Sqlite {
        let seen = format!("SQLite {version}, for one machine; MySQL is for production");
        return Finding::good(CHECK, seen);
    }
    if let Some(relative) = ["MariaDB", "TiDB"]
        .into_iter()
        .find(|name| version.contains(name))
    {
        return Finding::warning(
            CHECK,
            format!("{relative} answers, version {version}"),
            "use MySQL 8.4 if you can: it is what the tests run on",
        );
    }
    if parts(&version) < OLDEST_MYSQL {
        return Finding::bad(
            CHECK,
            format!("MySQL {version} is too old"),
            "use MySQL 8.4, or at least 8.0.16",
        );
    }
    let way = match url.protection() {
        Protection::Local => "on this machine".to_owned(),
        Protection::VerifiedTls => match text(database, TLS_VERSION, 1).await {
            Ok(tls) => format!("over {tls}, its certificate is trusted"),
            Err(error) => return failed(CHECK, &error),
        },
    };
    Finding::good(CHECK, format!("MySQL {version} answers {way}"))
}

const TLS_VERSION: &str = "SHOW SESSION STATUS LIKE 'Ssl_version'";

async fn schema(database: &Database) -> Finding {
    const CHECK: &str = "tables";
    match database.check_schema().await {
        Ok(()) => Finding::good(CHECK, "as this version needs them"),
        Err(SchemaError::TooOld) => Finding::bad(
            CHECK,
            "missing or too old, or this account may not look",
            "run `secure-secret-migrate up --grant` with the migrating account",
        ),
        Err(SchemaError::Store(error)) => failed(CHECK, &error),
        Err(SchemaError::SysdateIsNow) => Finding::bad(
            CHECK,
            "as this version needs them, but the server runs with sysdate-is-now, by which every \
             account could set the clock that secrets expire by",
            "take sysdate-is-now out of the server's options, and start it again",
        ),
        Err(
            error @ (SchemaError::DoorsClosed(_)
            | SchemaError::DoorsForeign(_)
            | SchemaError::NoDefiner),
        ) => {
            let told = error.to_string();
            let (seen, advice) = told.rsplit_once(": ").unwrap_or((&told, ""));
            Finding::bad(CHECK, seen, advice)
        }
    }
}

async fn account(database: &Database, program: Program) -> Finding {
    const CHECK: &str = "account's rights";
    let differences = match grants::differences(database, program).await {
        Ok(differences) => differences,
        Err(error) => return failed(CHECK, &error),
    };
    if !differences.missing.is_empty() {
        return Finding::bad(
            CHECK,
            format!(
                "it may not do what it must: {}",
                first_few(&differences.missing)
            ),
            "run `secure-secret-migrate grant` with the migrating account",
        );
    }
    if !differences.excessive.is_empty() {
        let advice = if differences.is_former {
            "a version before needed that; once none of its programs runs any more, run \
             `secure-secret-migrate grant --take-back` with the migrating account"
        } else {
            "use an account of its own for each program (`secure-secret-migrate accounts` prints \
             their SQL), and revoke what was given besides"
        };
        return Finding::warning(
            CHECK,
            format!(
                "it may do more than it needs: {}",
                first_few(&differences.excessive)
            ),
            advice,
        );
    }
    Finding::good(CHECK, "just those that it needs")
}

fn files(url: &DatabaseUrl) -> Finding {
    const CHECK: &str = "database files";
    match LooseFiles::of(url) {
        None => Finding::good(CHECK, "only their owner can read them"),
        Some(files) => Finding::warning(
            CHECK,
            "others than their owner can read or change them",
            format!("chmod 600 {files}, and run all programs as that owner"),
        ),
    }
}

async fn clock(database: &Database) -> Finding {
    const CHECK: &str = "database clock";
    let started = Instant::now();
    let theirs = match database.clock().await {
        Ok(clock) => clock,
        Err(error) => return failed(CHECK, &error),
    };
    let theirs = Duration::from_millis(u64::try_from(theirs.as_millis()).unwrap_or(0));
    let halfway = started.elapsed() / 2;
    skew(CHECK, theirs, halfway)
}

/// Compares another machine's clock, read so long ago, with this one's.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "it is compared with the database's"
)]
pub fn skew(check: &'static str, theirs: Duration, ago: Duration) -> Finding {
    let ours = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let difference = ours.saturating_sub(ago).abs_diff(theirs);
    let seen = if difference < Duration::from_secs(2) {
        "the same as this machine's".to_owned()
    } else {
        format!("{} s off this machine's", difference.as_secs())
    };
    if difference < SKEW_TO_TELL {
        return Finding::good(check, seen);
    }
    let advice = "set the clocks by NTP on both (timedatectl): people see wrong times, and \
                  certificates are judged wrongly; when a secret expires is the database's to say, and beyond \
                  two minutes nothing is destroyed for its age";
    if difference < SKEW_TOO_LARGE {
        Finding::warning(check, seen, advice)
    } else {
        Finding::bad(check, seen, advice)
    }
}

/// The database did not answer what a check asked it.
#[must_use]
pub fn failed(check: &'static str, error: &StoreError) -> Finding {
    Finding::bad(
        check,
        error.to_string(),
        "look at the database server's own log, and run this again",
    )
}

async fn text(database: &Database, question: &str, column: usize) -> Result<String, StoreError> {
    let connection = database.connection();
    let statement = Statement::from_string(connection.get_database_backend(), question);
    let row = connection.query_one_raw(statement).await?;
    let row = row.ok_or(StoreError::Unreadable { column: "answer" })?;
    Ok(row.try_get_by_index(column)?)
}

/// The numbers that a version begins with; a part that is no number counts as zero.
fn parts(version: &str) -> [u32; 3] {
    let mut parts = [0; 3];
    let numbers = version.split(|c: char| !c.is_ascii_digit());
    for (part, number) in parts.iter_mut().zip(numbers) {
        *part = number.parse().unwrap_or(0);
    }
    parts
}

fn first_few(all: &[Right]) -> String {
    let some: Vec<_> = all.iter().take(MOST_RIGHTS).map(Right::to_string).collect();
    let more = all.len().saturating_sub(MOST_RIGHTS);
    let more = if more > 0 {
        format!(", and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", some.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::doctor::Verdict;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(parts("8.0.16") >= OLDEST_MYSQL);
        assert!(parts("8.4.3-log") > OLDEST_MYSQL);
        assert!(parts("9.7.4-1") > OLDEST_MYSQL);
        assert!(parts("8.0.9") < OLDEST_MYSQL);
        assert!(parts("5.7.44") < OLDEST_MYSQL);
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the test is about the host's clock"
    )]
    fn clocks_may_differ_a_little() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let verdict = |theirs: Duration| skew("clock", theirs, Duration::ZERO).verdict;
        assert_eq!(verdict(now), Verdict::Good);
        assert_eq!(verdict(now + Duration::from_mins(1)), Verdict::Warning);
        assert_eq!(verdict(now + Duration::from_mins(10)), Verdict::Bad);
    }
}
