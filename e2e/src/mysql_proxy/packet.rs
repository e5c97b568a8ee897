//! MySQL's packets: three bytes of length, one that counts, and what is said. What is as long as a
//! packet can be goes on in the next one.
//! Source: <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html>.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The longest payload of one frame.
const LONGEST: usize = 0xff_ff_ff;

/// What one side says, its frames joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// The count of its first frame.
    pub(super) sequence: u8,
    pub(super) payload: Vec<u8>,
}

impl Packet {
    /// What the server says to a command that it refuses.
    pub(super) fn error(sequence: u8, number: u16, state: &str, text: &str) -> Self {
        let mut payload = vec![0xff];
        payload.extend(number.to_le_bytes());
        payload.push(b'#');
        payload.extend(state.as_bytes());
        payload.extend(text.as_bytes());
        Self { sequence, payload }
    }

    /// A command of ours, as text.
    pub(super) fn query(text: &str) -> Self {
        let mut payload = vec![super::command::QUERY];
        payload.extend(text.as_bytes());
        Self {
            sequence: 0,
            payload,
        }
    }

    /// The next packet; an error once the other side has ended the connection.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut packet: Option<Self> = None;
        loop {
            let mut head = [0; 4];
            from.read_exact(&mut head).await?;
            let [low, middle, high, sequence] = head;
            let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
            let packet = packet.get_or_insert(Self {
                sequence,
                payload: Vec::new(),
            });
            let known = packet.payload.len();
            packet.payload.resize(known + length, 0);
            from.read_exact(&mut packet.payload[known..]).await?;
            if length < LONGEST {
                return Ok(packet.clone());
            }
        }
    }

    /// Sends it.
    pub(super) async fn write(&self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        to.write_all(&self.bytes()).await?;
        to.flush().await
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.payload.len() + 4);
        let mut sequence = self.sequence;
        let mut rest = self.payload.as_slice();
        loop {
            let (frame, after) = rest.split_at(rest.len().min(LONGEST));
            let [low, middle, high, ..] = frame.len().to_le_bytes();
            bytes.extend([low, middle, high, sequence]);
            bytes.extend(frame);
            if frame.len() < LONGEST {
                return bytes;
            }
            (rest, sequence) = (after, sequence.wrapping_add(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_sent_arrives_however_long() {
        for length in [0, 1, 300, LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST] {
            let sent = Packet {
                sequence: 255,
                payload: vec![7; length],
            };
            let bytes = sent.bytes();
            assert_eq!(bytes.len(), length + 4 * (length / LONGEST + 1), "{length}");
            let mut stream = bytes.as_slice();
            assert_eq!(Packet::read(&mut stream).await.unwrap(), sent, "{length}");
            assert!(stream.is_empty(), "{length}");
        }
    }

    #[tokio::test]
    async fn what_is_cut_short_is_no_packet() {
        let whole = Packet::query("COMMIT").bytes();
        assert_eq!(whole, b"\x07\0\0\0\x03COMMIT");
        for length in 0..whole.len() {
            Packet::read(&mut &whole[..length]).await.unwrap_err();
        }
    }

    #[test]
    fn an_error_has_its_number_and_state() {
        let error = Packet::error(1, 1213, "40001", "Deadlock");
        assert_eq!(error.bytes(), b"\x11\0\0\x01\xff\xbd\x04#40001Deadlock");
    }
}
