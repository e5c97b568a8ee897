//! What operators read when their channel does not take alerts.

use shared::{domain::ids::ChannelId, store::alerts::Alert};

use crate::slack::{SlackError, advice_for};

/// What to do about a code by which Slack refuses a message to the channel.
pub(crate) fn advice(code: &str) -> &'static str {
    match code {
        "not_in_channel" => {
            "invite the app into that channel: type /invite and the app's name there. Nothing has to be \
             started again"
        }
        "channel_not_found" => {
            "ALERT_CHANNEL names no channel of this workspace, or a private one that the app is not in: \
             compare the ID (the channel's details, at their end), and invite the app there with /invite"
        }
        "is_archived" => {
            "the channel of ALERT_CHANNEL is archived: unarchive it, or name another one"
        }
        "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel" => {
            "not everybody may post in the channel of ALERT_CHANNEL: let the app, in the channel's \
             settings, or name another one"
        }
        code => advice_for(code),
    }
}

/// Tells the log: once for each way in which an alert is refused, and when it is given up.
pub(super) fn tell(channel: &ChannelId, alert: &Alert, error: &SlackError, is_over: bool) {
    let about = alert.about();
    let advice = error.code().map(advice);
    if is_over {
        tracing::error!(
            about,
            %channel,
            %error,
            advice,
            "ALERT_CHANNEL: an alert could not be posted for hours and is given up: it stands in this log alone"
        );
    } else if error.code().is_some() && error.code() != alert.refusal.as_deref() {
        tracing::error!(
            about,
            %channel,
            %error,
            advice,
            "ALERT_CHANNEL: Slack refuses an alert there, it is tried again"
        );
    } else {
        tracing::debug!(about, %channel, %error, "an alert is not posted yet");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_can_mend_is_said() {
        for (code, said) in [
            ("not_in_channel", "/invite"),
            ("channel_not_found", "ALERT_CHANNEL"),
            ("is_archived", "unarchive"),
            ("restricted_action", "settings"),
        ] {
            assert!(advice(code).contains(said), "{code}");
        }
    }
}
