//! Rows as years leave them: secrets that live, old ones that are to be removed, and the trail of
//! all that ever were.

use sea_orm::{ConnectionTrait as _, DatabaseConnection};

use crate::{Engine, TestDatabase, database::execute};

/// Secrets that one statement makes; it writes twice as many entries or messages at most.
const AT_ONCE: u64 = 25_000;

const DAY: u64 = 24 * 3_600_000;

/// Entries of the trail for each living secret.
pub(super) const ENTRIES: u64 = 10;

/// Secrets of a time.
struct Era {
    /// The first is so old, in milliseconds.
    since: u64,
    /// The last is so old.
    until: u64,
    secrets: u64,
    /// Tells its ids from another era's: one hexadecimal digit.
    digit: char,
    /// Whether they were opened; the others live.
    ended: bool,
    /// Whether there are rows yet, and not the trail alone.
    kept: bool,
}

/// So many living ones, and as many that ended long ago.
const fn eras(living: u64) -> [Era; 3] {
    [
        Era {
            since: 730 * DAY,
            until: 61 * DAY,
            // The others have three entries for each living one.
            secrets: living * (ENTRIES - 3) / 2,
            digit: '0',
            ended: true,
            kept: false,
        },
        Era {
            since: 60 * DAY,
            until: 45 * DAY,
            secrets: living,
            digit: '1',
            ended: true,
            kept: true,
        },
        Era {
            since: DAY,
            until: 0,
            secrets: living,
            digit: '2',
            ended: false,
            kept: true,
        },
    ]
}

/// `{number}` and `{created}` of so many secrets.
const NUMBERS: &str = "\
WITH RECURSIVE numbers AS
    (SELECT {from} AS i UNION ALL SELECT i + 1 FROM numbers WHERE i < {to} - 1),
  born AS (SELECT i, {first} + i * {step} AS created FROM numbers) ";

const SECRETS: &str = "\
INSERT INTO secrets (id, format, token_hash, submission_key, part, ciphertext, key_id, team, sender,
    sender_name, recipient, created_at, expires_at, viewed_at, destroyed_at, destroy_reason,
    confirmed_by)
{numbers}
SELECT {secret}, 1, {random 32}, CONCAT('VFILL{digit}', i), 0, {ciphertext},
    UNHEX('0000000000000001'), 'T0SCHOOL', CONCAT('U0SENDER', i % 997), 'Sender',
    CONCAT('U0READER', i % 991), created, created + {lifetime}, {end}, {end}, {reason}, {confirmed}
  FROM born";

/// Both messages, which show the end already: to change millions would take Slack weeks.
const DELIVERIES: &str = "\
INSERT INTO deliveries (id, secret_id, kind, addressee, attempts, settled_at, outcome, channel,
    message_ts, shown, created_at, posted_at)
{numbers}
SELECT {message}, {secret}, kind,
    CASE WHEN digit = 'A' THEN CONCAT('U0SENDER', i % 997) ELSE CONCAT('U0READER', i % 991) END,
    1, created + 900, 'sent', 'D0FILLED', '1700000000.000001', {shown}, created, created + 800
  FROM born,
    (SELECT 'recipient_message' AS kind, '9' AS digit UNION ALL SELECT 'sender_receipt', 'A')
      AS kinds";

const TRAIL: &str = "\
INSERT INTO audit_events (id, secret_id, event, slot, occurred_at, sender, recipient, team,
    actor_kind, outcome, version, metadata)
{numbers}
SELECT {entry}, {secret}, event, slot, created + later, CONCAT('U0SENDER', i % 997),
    CONCAT('U0READER', i % 991), 'T0SCHOOL', kind, 'done', 2, '{}'
  FROM born, (SELECT 'created' AS event, 'created' AS slot, 'user' AS kind, 0 AS later, '9' AS digit
    {and ended}) AS entries";

const ENDED: &str = "UNION ALL SELECT 'viewed', 'terminal', 'visitor', 60000, 'A'";

/// Fills a database with so many living secrets, as many old ones, and ten times as many entries.
pub(super) async fn fill(database: &TestDatabase, living: u64) {
    let session = hasty_session(database).await;
    let now = clock(database).await;
    for era in &eras(living) {
        let mut from = 1;
        while from <= era.secrets {
            let to = (from + AT_ONCE).min(era.secrets + 1);
            for text in era.texts() {
                let text = era.statement(text, database.engine, now, from..to);
                execute(&session, &text).await;
            }
            from = to;
        }
    }
    if database.engine == Engine::MySql {
        // The optimizer then knows how many rows there are.
        let analyze = "ANALYZE TABLE secrets, deliveries, audit_events";
        session.execute_unprepared(analyze).await.unwrap();
    }
    session.close().await.unwrap();
}

/// What is filled need not survive a power cut, nor be in a replica.
async fn hasty_session(database: &TestDatabase) -> DatabaseConnection {
    let (session, settings) = match database.engine {
        Engine::MySql => (
            database.admin_session().await,
            vec![
                format!("USE {}", database.name()),
                "SET SESSION sql_log_bin = 0, unique_checks = 0, foreign_key_checks = 0, \
                 cte_max_recursion_depth = 1000000"
                    .to_owned(),
            ],
        ),
        Engine::Sqlite => (
            database.session().await,
            ["synchronous = OFF", "cache_size = -262144"]
                .map(|pragma| format!("PRAGMA {pragma}"))
                .to_vec(),
        ),
    };
    for setting in settings {
        execute(&session, &setting).await;
    }
    session
}

/// The database's clock.
pub(super) async fn clock(database: &TestDatabase) -> u64 {
    let now = match database.engine {
        Engine::MySql => "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
        Engine::Sqlite => "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    };
    database.count(now).await.unsigned_abs()
}

impl Era {
    fn texts(&self) -> &'static [&'static str] {
        if self.kept {
            &[SECRETS, DELIVERIES, TRAIL]
        } else {
            &[TRAIL]
        }
    }

    fn statement(
        &self,
        text: &str,
        engine: Engine,
        now: u64,
        numbers: std::ops::Range<u64>,
    ) -> String {
        let step = ((self.since - self.until) / self.secrets.max(1)).max(1);
        let digit = self.digit;
        let id = |time: &str, variant: &str| {
            let (time, number) = (hex(engine, time, 12), hex(engine, "i", 14));
            format!("UNHEX(CONCAT({time}, '7000', {variant}, '{digit}', {number}))")
        };
        let [ciphertext, end, reason, confirmed, shown, lifetime] = if self.ended {
            let confirmed = random(engine, 32);
            [
                "NULL",
                "created + 60000",
                "'viewed'",
                &confirmed,
                "'viewed'",
                "3600000",
            ]
            .map(str::to_owned)
        } else {
            let ciphertext = random(engine, 160);
            [
                &ciphertext,
                "NULL",
                "NULL",
                "NULL",
                "'expired'",
                "604800000",
            ]
            .map(str::to_owned)
        };
        text.replace("{numbers}", NUMBERS)
            .replace("{from}", &numbers.start.to_string())
            .replace("{to}", &numbers.end.to_string())
            .replace("{first}", &(now - self.since).to_string())
            .replace("{step}", &step.to_string())
            .replace("{secret}", &id("created", "'8'"))
            .replace("{message}", &id("created", "digit"))
            .replace("{entry}", &id("created + later", "digit"))
            .replace("{random 32}", &random(engine, 32))
            .replace("{digit}", &digit.to_string())
            .replace("{ciphertext}", &ciphertext)
            .replace("{end}", &end)
            .replace("{reason}", &reason)
            .replace("{confirmed}", &confirmed)
            .replace("{shown}", &shown)
            .replace("{lifetime}", &lifetime)
            .replace("{and ended}", if self.ended { ENDED } else { "" })
    }
}

/// A number's hexadecimal digits.
fn hex(engine: Engine, number: &str, digits: u32) -> String {
    match engine {
        Engine::MySql => format!("LPAD(HEX({number}), {digits}, '0')"),
        Engine::Sqlite => format!("PRINTF('%0{digits}X', {number})"),
    }
}

fn random(engine: Engine, bytes: u32) -> String {
    match engine {
        Engine::MySql => format!("RANDOM_BYTES({bytes})"),
        Engine::Sqlite => format!("RANDOMBLOB({bytes})"),
    }
}
