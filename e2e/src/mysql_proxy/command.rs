//! What a client asks of the server.
//! Source: <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html>.

const QUIT: u8 = 0x01;
pub(super) const QUERY: u8 = 0x03;
const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;
const SEND_LONG_DATA: u8 = 0x18;
const CLOSE: u8 = 0x19;

/// A command, as far as faults are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Begin,
    Commit,
    Rollback,
    /// A statement that is run.
    Statement,
    /// A statement that is made known: a part of its first run.
    Prepare,
    /// About the connection and not about rows: session variables, whether it lives (`COM_PING`).
    OfConnection,
    /// Nothing is answered to it.
    Unanswered,
}

impl Command {
    pub(super) fn of(payload: &[u8]) -> Self {
        match payload.split_first() {
            Some((&QUERY, text)) => Self::of_text(text),
            Some((&EXECUTE, _)) => Self::Statement,
            Some((&PREPARE, _)) => Self::Prepare,
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
            (b"\x03CALL burn(1)", Command::Statement),
            (b"\x17\x01\0\0\0", Command::Statement),
            (b"\x16SELECT ?", Command::Prepare),
            (b"\x0e", Command::OfConnection),
            (b"\x01", Command::Unanswered),
            (b"\x19\x01\0\0\0", Command::Unanswered),
        ] {
            assert_eq!(Command::of(payload), command, "{payload:?}");
        }
    }
}
