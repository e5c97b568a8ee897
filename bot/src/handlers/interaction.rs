//! What kind of interaction a payload is, before it is read as one.

use std::borrow::Cow;

use serde::Deserialize;

use crate::modal;

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interaction {
    /// Submitted the dialog.
    Submission,
    /// Submitted a dialog that another program with the same app had opened.
    ForeignSubmission,
    /// Pressed the dialog's button for another field.
    MoreRoom,
    /// Something of which nothing follows, such as following the link in a message.
    Other,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    view: Option<View<'a>>,
    #[serde(borrow, default)]
    actions: Option<Vec<Action<'a>>>,
}

#[derive(Deserialize)]
struct View<'a> {
    #[serde(borrow, default)]
    callback_id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Action<'a> {
    #[serde(borrow, default)]
    action_id: Option<Cow<'a, str>>,
}

/// A submission that does not tell its dialog counts too: taken for something else it would be
/// acknowledged, and the dialog would close as if its secret had been sent.
pub(super) fn recognize(payload: &str) -> Interaction {
    let Ok(payload) = serde_json::from_str::<Payload<'_>>(payload) else {
        return Interaction::Other;
    };
    match &*payload.kind {
        "view_submission" => {
            let callback_id = payload.view.and_then(|view| view.callback_id);
            if callback_id.is_none_or(|callback_id| callback_id == modal::CALLBACK_ID) {
                Interaction::Submission
            } else {
                Interaction::ForeignSubmission
            }
        }
        "block_actions" => {
            let mut actions = payload.actions.iter().flatten();
            if actions.any(|action| action.action_id.as_deref() == Some(modal::MORE_ROOM)) {
                Interaction::MoreRoom
            } else {
                Interaction::Other
            }
        }
        _ => Interaction::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_is_never_taken_for_something_else() {
        for submission in [
            r#"{"type":"view_submission","view":{"callback_id":"send_secret"}}"#,
            r#"{"type":"view_submission","view":{"callback_id":"send\u005fsecret"}}"#,
            r#"{"type":"view_submission","view":{"callback_id":null}}"#,
            r#"{"type":"view_submission","view":null}"#,
            r#"{"type":"view_submission"}"#,
        ] {
            assert_eq!(
                recognize(submission),
                Interaction::Submission,
                "{submission}"
            );
        }
        for other in [
            r#"{"type":"view_closed","view":{"callback_id":"send_secret"}}"#,
            r#"{"type":"block_actions","actions":[]}"#,
            r#"{"type":"block_actions","actions":[{"action_id":"open_secret"},{}]}"#,
            r#"{"type":"block_actions"}"#,
            "null",
            "[]",
        ] {
            assert_eq!(recognize(other), Interaction::Other, "{other}");
        }
    }

    #[test]
    fn a_foreign_dialog_is_told_from_ours() {
        let other = r#"{"type":"view_submission","view":{"callback_id":"another"}}"#;
        assert_eq!(recognize(other), Interaction::ForeignSubmission);
    }

    #[test]
    fn the_dialogs_button_is_known() {
        let pressed =
            r#"{"type":"block_actions","actions":[{"action_id":"more_room","value":null}]}"#;
        assert_eq!(recognize(pressed), Interaction::MoreRoom);
    }
}
