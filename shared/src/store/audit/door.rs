//! How an entry is written from within a door.

use crate::store::door::Door;

/// Writes an entry about a row and somebody who came to its link. Team, sender and recipient are
/// the row's own. For other doors, within their transactions.
pub(in crate::store) const AUDIT: Door = Door {
    name: "audit_1",
    call: "CALL audit_1(?, ?, ?, ?, ?, ?, ?, ?)",
    parameters: "given_secret BINARY(16), given_event VARCHAR(32) {text}, given_slot VARCHAR(32) {text}, \
                 given_outcome VARCHAR(16) {text}, time_now BIGINT, given_ip VARCHAR(45) {text}, given_user_agent TEXT {text}, \
                 given_metadata TEXT {text}",
    body: "\
INSERT INTO audit_events {entry_columns}
SELECT {entry_id}, id, given_event, given_slot, given_outcome, time_now, 'visitor', {version},
  team, sender, recipient, {entry_visitor}, given_metadata
FROM secrets WHERE id = given_secret",
    caller: None,
};

#[cfg(test)]
mod tests {
    use super::super::USER_AGENT_MAX_CHARS;
    use crate::store::door::ENTRY_VISITOR;

    #[test]
    fn both_ways_cut_a_user_agent_alike() {
        let cut = format!("LEFT(given_user_agent, {USER_AGENT_MAX_CHARS})");
        assert!(ENTRY_VISITOR.contains(&cut));
    }
}
