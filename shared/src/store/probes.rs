//! What programs ask about the database itself.

use super::door::Door;
use crate::domain::program::Program;

/// Whether it takes changes, and its clock.
pub(super) const HEALTH: Door = Door {
    name: "health_1",
    call: "CALL health_1()",
    parameters: "",
    body: "  SELECT @@global.read_only AS is_read_only, {now} AS `now`",
    caller: Some(Program::Web),
};

/// Whether a migration was applied, whether the server's SYSDATE is what doors take it for, and
/// whether the door is there that others call.
pub(super) const SCHEMA: Door = Door {
    name: "schema_1",
    call: "CALL schema_1(?)",
    parameters: "given_version VARCHAR(255) {text}",
    body: "\
  BEGIN
    DO SLEEP(0.002);
    SELECT COUNT(*) AS applied, SYSDATE(6) = UTC_TIMESTAMP(6) AS is_sysdate_now,
        (SELECT COUNT(*) FROM information_schema.routines
          WHERE routine_schema = DATABASE() AND routine_name = 'audit_1') AS inner_doors
      FROM seaql_migrations WHERE version = given_version;
  END",
    caller: Some(Program::Web),
};

/// The keys that live secrets are sealed under, and those that running programs have, each list in
/// one text: doors give one row.
pub(super) const DOCTOR: Door = Door {
    name: "doctor_1",
    call: "CALL doctor_1(?)",
    parameters: "given_fresh_for BIGINT",
    body: "\
  BEGIN
    SET SESSION group_concat_max_len = 1000000;
    SELECT
      (SELECT GROUP_CONCAT(DISTINCT HEX(key_id)) FROM secrets
        WHERE destroyed_at IS NULL AND expires_at > {now}) AS sealed_under,
      (SELECT GROUP_CONCAT(CONCAT(program, ':', key_ids) ORDER BY program, key_ids SEPARATOR ';')
        FROM key_rings WHERE seen_at > {now} - given_fresh_for) AS rings;
  END",
    caller: Some(Program::Web),
};
