//! Rows as long use leaves them: secrets that live, ended in each way, are overdue or old enough
//! to be removed, with their messages and their trail.

use sea_orm::{ConnectionTrait as _, DatabaseConnection};

use crate::{TestDatabase, database::execute};

/// Rows of `secrets` that one statement makes.
const AT_ONCE: u64 = 50_000;

/// The first secret is so old: a week longer than rows are kept by default.
const SPAN_MILLIS: u64 = 37 * 24 * 3_600_000;

/// One in ten lives or ended just now, most of the rest was opened within a day.
const SECRETS: &str = "\
INSERT INTO secrets (id, format, token_hash, submission_key, part, ciphertext, key_id, team, sender,
    sender_name, recipient, created_at, expires_at, viewed_at, destroyed_at, destroy_reason,
    revoked_by, confirmed_by, reuse_count, reused_at, reuse_told, reuse_told_at)
WITH RECURSIVE numbers AS
    (SELECT {from} AS i UNION ALL SELECT i + 1 FROM numbers WHERE i < {to} - 1),
  born AS
    (SELECT i, {now} - 60000 - ({rows} - i) * ({span} DIV {rows}) AS created,
        IF(i > {rows} * 0.9 OR i % 4 = 0, 604800000, 86400000) AS life,
        CASE WHEN i > {rows} * 0.9 AND i % 10 >= 3 THEN NULL
             WHEN i % 1000 = 29 OR i % 100 = 19 THEN 'revoked'
             WHEN i % 100 = 9 THEN 'undeliverable'
             WHEN i % 10 IN (7, 8) THEN 'expired'
             ELSE 'viewed' END AS way
      FROM numbers),
  ending AS
    (SELECT *, created + CASE WHEN way = 'expired' THEN life
          WHEN way IS NOT NULL THEN 1000 + (i % 97) * 600000 END AS due_end
      FROM born),
  lives AS
    (SELECT *, IF(due_end < {now}, due_end, NULL) AS ended, IF(due_end < {now}, way, NULL) AS reason,
        (due_end < {now} AND way = 'viewed' AND i % 50 = 3) AS reused
      FROM ending)
SELECT UNHEX(CONCAT(LPAD(HEX(created), 12, '0'), '7', LPAD(HEX(i % 4096), 3, '0'), '8',
      LPAD(HEX(i), 15, '0'))),
    1, UNHEX(SHA2(CONCAT('link', i), 256)), CONCAT('VFILL', i), 0,
    IF(ended IS NULL, RANDOM_BYTES(160), NULL), UNHEX(LPAD(HEX(i % 3), 16, '0')),
    IF(i % 10 < 7, 'T0SCHOOL', CONCAT('T0SCHOOL', i % 10)), CONCAT('U0SENDER', i % 997), 'Sender',
    CONCAT('U0READER', i % 991), created, created + life, IF(reason = 'viewed', ended, NULL), ended,
    reason,
    CASE WHEN ended IS NULL THEN NULL WHEN i % 1000 = 29 THEN 'conflict'
         WHEN i % 100 = 19 THEN 'operator' END,
    IF(reason = 'viewed', RANDOM_BYTES(32), NULL),
    IF(reused, 3, 0), IF(reused, ended + 5000, NULL), IF(reused, IF(i % 1000 = 3, 2, 3), 0),
    IF(reused, ended + 5000, NULL)
  FROM lives";

/// Both messages of each secret, settled and showing how it is.
const DELIVERIES: &str = "\
INSERT INTO deliveries (id, secret_id, kind, addressee, attempts, settled_at, outcome, channel,
    message_ts, shown, shown_reuses, created_at, posted_at)
SELECT UNHEX(INSERT(HEX(id), 17, 1, IF(kind = 'sender_receipt', 'A', '9'))), id, kind,
    IF(kind = 'sender_receipt', sender, recipient), 1, created_at + 900,
    IF(kind = 'recipient_message' AND destroy_reason = 'undeliverable', 'user_disabled', 'sent'),
    CONCAT('D', RIGHT(IF(kind = 'sender_receipt', sender, recipient), 9)),
    CONCAT(created_at DIV 1000, '.', LPAD(created_at MOD 1000, 6, '0')),
    COALESCE(destroy_reason, 'live'), reuse_count, created_at, created_at + 800
  FROM secrets, (SELECT 'recipient_message' AS kind UNION SELECT 'sender_receipt') AS kinds
  WHERE id >= {first} AND id < {last}";

/// That it was sent, and how it ended.
const TRAIL: &str = "\
INSERT INTO audit_events (id, secret_id, event, slot, occurred_at, sender, recipient, team,
    actor_kind, outcome, version, metadata)
SELECT UNHEX(CONCAT(LPAD(HEX(IF(slot = 'created', created_at, destroyed_at)), 12, '0'),
      RIGHT(HEX(id), 20))), id,
    CASE WHEN slot = 'created' THEN 'created' WHEN destroy_reason = 'expired'
         THEN 'expired_destroyed' WHEN destroy_reason = 'undeliverable' THEN 'dm_failed'
         ELSE destroy_reason END,
    slot, IF(slot = 'created', created_at, destroyed_at), sender, recipient, team,
    IF(slot = 'created', 'user', 'visitor'), 'done', 2, '{}'
  FROM secrets, (SELECT 'created' AS slot UNION SELECT 'terminal') AS slots
  WHERE id >= {first} AND id < {last} AND (slot = 'created' OR destroyed_at IS NOT NULL)";

/// A week of alerts, each cause in every hour.
const ALERTS: &str = "\
INSERT INTO alerts (cause, clock_hour, made_at, happened, secrets, told, attempts, tried_at, channel,
    message_ts)
WITH RECURSIVE hours AS
    (SELECT {now} DIV 3600000 - 168 AS h UNION ALL SELECT h + 1 FROM hours WHERE h < {now} DIV 3600000 - 1),
  causes AS
    (SELECT 'reused' AS cause UNION SELECT 'disputed' UNION SELECT 'decrypt_failed' UNION SELECT 'denied'
      UNION SELECT 'deliveries_stuck' UNION SELECT 'expiry_stuck')
SELECT cause, h, h * 3600000, 1, '', 1, 1, h * 3600000, 'C0000ALERT', '1.1' FROM hours, causes";

/// What is different from the usual, a few of each.
const ODD: [&str; 5] = [
    // Expired, and not swept yet.
    "UPDATE secrets SET expires_at = {now} - 5000 - CRC32(token_hash) % 50000 \
     WHERE destroyed_at IS NULL ORDER BY token_hash LIMIT 300",
    // Nor are its messages to be changed then: that would take Slack too long.
    "UPDATE secrets JOIN deliveries ON deliveries.secret_id = secrets.id SET shown = 'expired' \
     WHERE expires_at < {now} AND destroyed_at IS NULL",
    // Waits for its next try.
    "UPDATE deliveries SET settled_at = NULL, outcome = NULL, message_ts = NULL, shown = NULL, \
     posted_at = NULL, key_id = UNHEX('0000000000000001'), sealed = RANDOM_BYTES(200), \
     attempts = 1 + CRC32(id) % 9, refusal = 'ratelimited', refused_since = {now} - 60000, \
     next_attempt_at = {now} + 1200000 + CRC32(id) % 500000 \
     WHERE shown = 'live' AND kind = 'recipient_message' AND CRC32(id) % 20 = 0",
    // Waits for an operator.
    "UPDATE deliveries SET held_since = {now} - 60000, refusal = 'account_inactive' \
     WHERE next_attempt_at IS NOT NULL ORDER BY id LIMIT 20",
    // Could not be told to its sender.
    "UPDATE deliveries SET untold_since = {now} - CRC32(id) % 500000 \
     WHERE kind = 'sender_receipt' AND CRC32(id) % 1000 = 0",
];

/// Fills a MySQL database with so many secrets, twice as many messages and nearly as many entries.
pub(super) async fn fill(database: &TestDatabase, rows: u64) {
    let session = database.session().await;
    let now = clock(database).await;
    let with_now = |sql: &str| sql.replace("{now}", &now.to_string());
    execute(&session, "SET SESSION cte_max_recursion_depth = 1000000").await;
    let mut from = 1;
    while from <= rows {
        let to = (from + AT_ONCE).min(rows + 1);
        let secrets = with_now(SECRETS)
            .replace("{from}", &from.to_string())
            .replace("{to}", &to.to_string())
            .replace("{rows}", &rows.to_string())
            .replace("{span}", &SPAN_MILLIS.to_string());
        execute(&session, &secrets).await;
        for rest in [DELIVERIES, TRAIL] {
            let born = |i: u64| now - 60_000 - (rows - i) * (SPAN_MILLIS / rows);
            let id = |millis: u64| format!("UNHEX(RPAD('{millis:012X}', 32, '0'))");
            let rest = rest
                .replace("{first}", &id(born(from)))
                .replace("{last}", &id(born(to - 1) + 1));
            execute(&session, &rest).await;
        }
        from = to;
    }
    execute(&session, &with_now(ALERTS)).await;
    for odd in ODD {
        execute(&session, &with_now(odd)).await;
    }
    analyze(&session).await;
    session.close().await.unwrap();
}

async fn clock(database: &TestDatabase) -> u64 {
    let now = "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";
    database.count(now).await.unsigned_abs()
}

/// The optimizer then knows how many rows there are and of which kinds.
async fn analyze(session: &DatabaseConnection) {
    let tables = "ANALYZE TABLE secrets, deliveries, audit_events, alerts";
    session.execute_unprepared(tables).await.unwrap();
}
