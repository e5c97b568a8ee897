//! The reply that reminds a recipient.

use shared::{
    domain::{clock::Timestamp, ids::UserId},
    text::{Locale, Message, instant, text},
};

use crate::slack::{OutgoingMessage, blocks};

/// Mentions the recipient, which rings, and says until when. It holds no link: that stands in the
/// message above.
pub(in crate::courier) fn reminder(
    locale: Locale,
    recipient: &UserId,
    expires_at: Timestamp,
    tz: Option<&str>,
) -> OutgoingMessage {
    let recipient = blocks::mention(recipient);
    let until = instant(locale, expires_at, tz);
    let reminder = Message::Reminder {
        recipient: &recipient,
        until: &until,
    };
    let reminder = text(locale, reminder);
    OutgoingMessage {
        blocks: vec![blocks::section_with_mentions(&reminder)],
        unmentioned: None,
        text: reminder,
    }
}
