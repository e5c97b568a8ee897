//! Where the server's answer to a command ends. Source:
//! <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response.html>.

use super::command::Command;

/// In the status of an answer: another one follows.
const MORE_RESULTS: u16 = 0x0008;

/// Reads along the packets of one answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// Whether definitions of columns end with a packet of their own.
    has_eofs: bool,
    of_prepare: bool,
    awaits: Awaits,
    pub(super) is_error: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    /// The first packet of a result.
    First,
    /// So many more packets before rows come.
    Definitions(u64),
    Rows,
    /// So many more packets, and no rows.
    Rest(u64),
}

impl Answer {
    /// Of a connection that agreed to do without EOF packets, or did not.
    pub(super) fn to(command: Command, has_eofs: bool) -> Self {
        Self {
            has_eofs,
            of_prepare: matches!(command, Command::Prepare(_)),
            awaits: Awaits::First,
            is_error: false,
        }
    }

    /// Whether the answer ends with this packet, the next one.
    pub(super) fn ends_with(&mut self, payload: &[u8]) -> bool {
        if payload.first() == Some(&0xff) {
            self.is_error = true;
            return true;
        }
        match self.awaits {
            Awaits::First if self.of_prepare => {
                let number =
                    |at: usize| u64::from(u16::from_le_bytes([payload[at], payload[at + 1]]));
                let (columns, parameters) = (number(5), number(7));
                let eofs = u64::from(columns > 0) + u64::from(parameters > 0);
                let rest = columns + parameters + eofs * u64::from(self.has_eofs);
                self.awaits = Awaits::Rest(rest);
                rest == 0
            }
            Awaits::First if payload.first() == Some(&0) => !self.goes_on(ok_status(payload)),
            Awaits::First => {
                let (columns, _) = length_encoded(payload);
                self.awaits = Awaits::Definitions(columns + u64::from(self.has_eofs));
                false
            }
            Awaits::Definitions(left) => {
                self.awaits = match left {
                    1 => Awaits::Rows,
                    left => Awaits::Definitions(left - 1),
                };
                false
            }
            Awaits::Rows if payload.first() == Some(&0xfe) && payload.len() < 0xff_ff_ff => {
                let status = if self.has_eofs {
                    u16::from_le_bytes([payload[3], payload[4]])
                } else {
                    ok_status(payload)
                };
                !self.goes_on(status)
            }
            Awaits::Rows => false,
            Awaits::Rest(left) => {
                self.awaits = Awaits::Rest(left - 1);
                left == 1
            }
        }
    }

    fn goes_on(&mut self, status: u16) -> bool {
        self.awaits = Awaits::First;
        status & MORE_RESULTS != 0
    }
}

/// The status in an OK packet.
fn ok_status(payload: &[u8]) -> u16 {
    let (_, after_rows) = length_encoded(&payload[1..]);
    let (_, after_id) = length_encoded(after_rows);
    u16::from_le_bytes([after_id[0], after_id[1]])
}

/// A number of varying length, and what follows.
fn length_encoded(bytes: &[u8]) -> (u64, &[u8]) {
    let length = match bytes[0] {
        0xfc => 2,
        0xfd => 3,
        0xfe => 8,
        small => return (u64::from(small), &bytes[1..]),
    };
    let number = bytes[1..=length].iter().rev();
    let number = number.fold(0, |number, byte| number << 8 | u64::from(*byte));
    (number, &bytes[1 + length..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &[u8] = b"\0\x01\0\x02\0\0\0";
    const OK_AND_MORE: &[u8] = b"\0\0\0\x08\0\0\0";
    const LAST: &[u8] = b"\xfe\0\0\x02\0\0\0";
    const LAST_AND_MORE: &[u8] = b"\xfe\0\0\x0a\0\0\0";
    const EOF: &[u8] = b"\xfe\0\0\x02\0";
    const ERROR: &[u8] = b"\xff\xbd\x04#40001";

    /// The answer ends with the last of these packets, and with none before.
    fn ends(command: Command, has_eofs: bool, packets: &[&[u8]]) {
        let mut answer = Answer::to(command, has_eofs);
        let ends: Vec<_> = packets
            .iter()
            .map(|packet| answer.ends_with(packet))
            .collect();
        let last = ends.iter().position(|end| *end);
        assert_eq!(last, Some(packets.len() - 1), "{packets:?}");
    }

    #[test]
    fn an_answer_ends_where_it_ends() {
        let statement = Command::Statement;
        ends(Command::Commit, false, &[OK]);
        ends(statement, false, &[ERROR]);
        ends(statement, false, &[b"\x02", b"def", b"def", LAST]);
        ends(
            statement,
            false,
            &[b"\x01", b"def", b"\0\0row", b"\0\0row", LAST],
        );
        ends(statement, false, &[b"\x01", b"def", b"\0\0row", ERROR]);
        ends(statement, true, &[b"\x01", b"def", EOF, b"\0\0row", EOF]);
        ends(statement, false, &[OK_AND_MORE, OK]);
        // What a stored procedure answers: what it selected, and then that it is done.
        ends(
            statement,
            false,
            &[b"\x01", b"def", b"\0row", LAST_AND_MORE, OK],
        );
    }

    #[test]
    fn so_does_what_is_said_to_a_prepare() {
        let ok = |columns: u8, parameters: u8| [0, 1, 0, 0, 0, columns, 0, parameters, 0, 0, 0, 0];
        let prepare = Command::Prepare(false);
        ends(prepare, false, &[&ok(0, 0)]);
        ends(prepare, false, &[&ok(1, 2), b"def", b"def", b"def"]);
        ends(prepare, true, &[&ok(1, 1), b"def", EOF, b"def", EOF]);
        ends(prepare, false, &[ERROR]);
    }

    #[test]
    fn numbers_have_their_lengths() {
        for (bytes, number) in [
            (&b"\xfa!"[..], 0xfa),
            (b"\xfc\x01\x02!", 0x0201),
            (b"\xfd\x01\x02\x03!", 0x03_0201),
            (b"\xfe\x01\0\0\0\0\0\0\0!", 1),
        ] {
            assert_eq!(length_encoded(bytes), (number, &b"!"[..]));
        }
    }
}
