//! What always holds, checked at the end of every test's world.

use crate::TestDatabase;

/// Counts of rows that must not be there, and what they would mean.
const NEVER: [(&str, &str); 5] = [
    (
        "a ciphertext is there exactly while its secret lives",
        "SELECT COUNT(*) FROM secrets WHERE (destroyed_at IS NULL) <> (ciphertext IS NOT NULL)",
    ),
    (
        "a secret ends once",
        "SELECT COUNT(*) FROM (SELECT secret_id FROM audit_events WHERE event IN \
         ('viewed', 'expired_destroyed') OR slot = 'terminal' GROUP BY secret_id \
         HAVING COUNT(*) > 1) AS twice",
    ),
    (
        "an end is in the audit log",
        "SELECT COUNT(*) FROM secrets WHERE destroyed_at IS NOT NULL AND id NOT IN \
         (SELECT secret_id FROM audit_events WHERE slot = 'terminal')",
    ),
    (
        "a settled delivery holds no link",
        "SELECT COUNT(*) FROM deliveries WHERE settled_at IS NOT NULL AND sealed IS NOT NULL",
    ),
    (
        "a sender whose message is settled has a receipt, or it is due",
        "SELECT COUNT(*) FROM deliveries message JOIN deliveries receipt \
         ON receipt.secret_id = message.secret_id AND receipt.kind = 'sender_receipt' \
         WHERE message.kind = 'recipient_message' AND message.settled_at IS NOT NULL \
         AND receipt.settled_at IS NULL AND receipt.next_attempt_at IS NULL",
    ),
];

/// Panics when one of them does not hold.
pub(crate) async fn check(database: &TestDatabase) {
    for (rule, violations) in NEVER {
        assert_eq!(database.count(violations).await, 0, "{rule}");
    }
}
