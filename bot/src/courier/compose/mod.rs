//! The words of the messages.

mod message;
mod receipt;

pub(super) use message::{ended_message, message};
pub(crate) use receipt::receipt_lines;
pub(super) use receipt::{Receipt, asks, nudge, receipt};

#[cfg(test)]
mod fixture {
    use shared::{
        clock::Timestamp,
        display_name::DisplayName,
        home::Home,
        ids::{TeamId, UserId},
        store::{Ending, deliveries::Facts},
    };

    pub(super) const NASTY: &str =
        "<!channel> *bold* `code` <https://evil.example|bank> :key: & co";

    pub(super) fn facts() -> Facts {
        Facts {
            home: Home::new(TeamId::parse("T1").unwrap(), None),
            sender: UserId::parse("U1").unwrap(),
            sender_name: DisplayName::parse(NASTY).unwrap(),
            sender_locale: Some("en-CA".to_owned()),
            sender_tz: None,
            recipient: UserId::parse("U2").unwrap(),
            recipient_locale: Some("en-CA".to_owned()),
            recipient_tz: Some("America/Toronto".to_owned()),
            created_at: Timestamp::from_millis(1_795_460_580_000),
            expires_at: Timestamp::from_millis(1_795_464_180_000),
            now: Timestamp::from_millis(1_795_460_581_000),
            ending: None,
            ended_at: None,
            reuses: 0,
            reused_at: None,
            repeats: 0,
            page_lost: false,
            revoked_by: None,
        }
    }

    pub(super) fn ended(ending: Ending) -> Facts {
        Facts {
            ending: Some(ending),
            ended_at: Some(Timestamp::from_millis(1_795_460_640_000)),
            ..facts()
        }
    }
}
