//! What a client asks of the server.
//! Source: <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html>.

const QUIT: u8 = 0x01;
pub(super) const QUERY: u8 = 0x03;
const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;
const SEND_LONG_DATA: u8 = 0x18;
const CLOSE: u8 = 0x19;

/// How the names of stored procedures begin that change nothing.
const READS: [&str; 5] = ["LOOK_", "SEALED_", "HEALTH_", "SCHEMA_", "DOCTOR_"];

/// A command, as far as faults are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Begin,
    Commit,
    Rollback,
    /// A statement that is run.
    Statement,
    /// A stored procedure that changes rows: a transaction in one round trip.
    Transaction,
    /// A statement that was made known, by its number, is run: what it is, its connection knows.
    Execute(u32),
    /// A statement that is made known, and whether it is such a procedure: a part of its first run.
    Prepare(bool),
    /// About the connection and not about rows: session variables, whether it lives (`COM_PING`).
    OfConnection,
    /// Nothing is answered to it.
    Unanswered,
}

impl Command {
    pub(super) fn of(payload: &[u8]) -> Self {
        match payload.split_first() {
            Some((&QUERY, text)) => Self::of_text(text),
            Some((&EXECUTE, [a, b, c, d, ..])) => {
                Self::Execute(u32::from_le_bytes([*a, *b, *c, *d]))
            }
            Some((&PREPARE, text)) => Self::Prepare(Self::of_text(text) == Self::Transaction),
            Some((&(QUIT | SEND_LONG_DATA | CLOSE), _)) => Self::Unanswered,
            _ => Self::OfConnection,
        }
    }

    fn of_text(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text).to_ascii_uppercase();
        let mut words = text.split_whitespace();
        match (words.next(), words.next()) {
            (Some("BEGIN"), None) | (Some("START"), Some("TRANSACTION")) => Self::Begin,
            (Some("COMMIT"), None) => Self::Commit,
            (Some("ROLLBACK"), None) => Self::Rollback,
            (Some("SET"), _) => Self::OfConnection,
            (Some("CALL"), Some(name)) if !READS.iter().any(|reads| name.starts_with(reads)) => {
                Self::Transaction
            }
            _ => Self::Statement,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_apart() {
        for (payload, command) in [
            (&b"\x03BEGIN"[..], Command::Begin),
            (b"\x03start transaction read only", Command::Begin),
            (b"\x03COMMIT", Command::Commit),
            (b"\x03ROLLBACK", Command::Rollback),
            (b"\x03ROLLBACK TO SAVEPOINT a", Command::Statement),
            (b"\x03SET NAMES utf8mb4", Command::OfConnection),
            (b"\x03CALL burn_1(1)", Command::Transaction),
            (b"\x03CALL look_1(1)", Command::Statement),
            (b"\x17\x01\0\0\0\0\x01", Command::Execute(1)),
            (b"\x16SELECT ?", Command::Prepare(false)),
            (b"\x16CALL look_1(?)", Command::Prepare(false)),
            (b"\x16CALL burn_1(?)", Command::Prepare(true)),
            (b"\x0e", Command::OfConnection),
            (b"\x01", Command::Unanswered),
            (b"\x19\x01\0\0\0", Command::Unanswered),
        ] {
            assert_eq!(Command::of(payload), command, "{payload:?}");
        }
    }
}
