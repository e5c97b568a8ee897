//! Slack's tokens.

use std::fmt;

use secrecy::SecretString;

use crate::domain::{ids::ChannelId, invalid::Invalid};

macro_rules! slack_token {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// Takes a token by its prefix; whether Slack takes it shows when it is used.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let Some(rest) = text.strip_prefix($prefix) else {
                    return Err(Invalid::because(concat!("does not begin with ", $prefix)));
                };
                if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(Invalid::because("is cut short or holds a character no token has"));
                }
                Ok(Self(SecretString::from(text)))
            }

            /// The token itself.
            #[must_use]
            pub const fn as_secret(&self) -> &SecretString {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

slack_token! {
    /// `SLACK_APP_TOKEN`: opens Socket Mode connections and nothing else.
    AppToken, "xapp-"
}
slack_token! {
    /// `SLACK_BOT_TOKEN`: calls the Web API as the app's bot.
    BotToken, "xoxb-"
}

/// `ALERT_CHANNEL`: a channel's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertChannel(ChannelId);

impl AlertChannel {
    /// Takes a channel's id, `C…` or of old private channels `G…`; Slack's are of nine characters
    /// at least. Whether the app is in that channel shows when it posts there.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let is_one = text.starts_with(['C', 'G'])
            && text.len() >= 9
            && text
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let id = ChannelId::parse(text).ok().filter(|_| is_one);
        id.map(Self)
            .ok_or_else(|| Invalid::because("is no channel's ID such as C0123ABCDEF"))
    }

    /// The id.
    #[must_use]
    pub const fn id(&self) -> &ChannelId {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_for_alerts_is_named_by_its_id() {
        for text in ["C0123ABCD", "C0123ABCDEF", "G0123ABCDEF"] {
            let channel = AlertChannel::parse(text).unwrap();
            assert_eq!(channel.id().as_str(), text);
        }
        for text in [
            "",
            "C",
            "C0123",
            "#alerts",
            "alerts",
            "c0123abcdef",
            "D0123ABCDEF",
            "U0123ABCDEF",
            "C0123ABCDEF ",
            "C0123ABCDEF,C0123ABCDEG",
            "<#C0123ABCDEF|alerts>",
            "https://example.slack.com/archives/C0123ABCDEF",
            "C0123ABCDÉF",
            &format!("C{}", "0".repeat(64)),
        ] {
            assert!(AlertChannel::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_two_kinds_are_not_mixed_up() {
        assert!(AppToken::parse("xapp-1-A0-0-abc").is_ok());
        assert!(BotToken::parse("xoxb-0-0-abc").is_ok());
        assert!(AppToken::parse("xoxb-0-0-abc").is_err());
        for text in ["", "xoxb-", "xoxb-a b", "xoxp-1", "Bearer xoxb-1"] {
            assert!(BotToken::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_can_not_be_printed() {
        let token = BotToken::parse("xoxb-canary").unwrap();
        assert_eq!(format!("{token:?}"), "BotToken([redacted])");
    }
}
