//! Opening the dialog, while its trigger is good: with the person who was named, else without;
//! once, though Slack's answer be lost.

use crate::context::Context;
use crate::{
    command_text::{Prefill, UnusedKind},
    modal::{self, Layout, Notices},
    slack::SlackError,
};

/// Most tries: as asked for, once more after a lost answer, and without the name.
const TRIES: u32 = 3;

/// How it went with a dialog.
pub(super) enum Opened {
    /// It is open.
    Now,
    /// It had been opened: another delivery of the command was first.
    Before,
    /// Slack does not say.
    Unknown(SlackError),
    /// Slack refused it for the person in it, and there was no time to open it without.
    NotWithName(SlackError),
    /// It is not.
    No(SlackError),
}

/// Opens it. A person whom Slack does not let stand there is left out, and that is said.
pub(super) async fn open(
    context: &Context,
    trigger_id: &str,
    mut prefill: Prefill,
    mut layout: Layout,
    notices: &Notices,
) -> Opened {
    layout.unused = prefill.unused.clone();
    let mut tried = Tried::default();
    for _ in 0..TRIES {
        let locale = layout.language.unwrap_or(context.default_language);
        let dialog = modal::dialog(locale, &prefill, &layout, notices, context.privacy.as_ref());
        let error = match context.slack.open_view(trigger_id, &dialog).await {
            Ok(()) => return Opened::Now,
            Err(error) => error,
        };
        match tried.after(error, prefill.recipient.is_some()) {
            Next::Done(opened) => return opened,
            Next::Again => {}
            Next::WithoutName => {
                prefill.recipient = None;
                layout.unused.insert(UnusedKind::Unshown);
            }
        }
    }
    tried.given_up()
}

/// What the tries so far came to.
#[derive(Default)]
struct Tried {
    /// The last one of which it isn't known whether it opened the dialog.
    lost: Option<SlackError>,
    /// How the view with the name was refused.
    refused: Option<SlackError>,
}

enum Next {
    Done(Opened),
    Again,
    WithoutName,
}

impl Tried {
    fn after(&mut self, error: SlackError, has_name: bool) -> Next {
        if error.is_used_trigger() {
            return Next::Done(match (self.lost.take(), self.refused.take()) {
                // The answer was lost, the dialog is there.
                (Some(lost), _) if !lost.is_an_answer() => Opened::Now,
                (Some(lost), _) => Opened::Unknown(lost),
                // The refused view used the trigger up.
                (None, Some(refused)) => Opened::NotWithName(refused),
                (None, None) => Opened::Before,
            });
        }
        if error.may_have_happened() {
            self.lost = Some(error);
            return Next::Again;
        }
        if has_name && error.is_refused_view() {
            self.refused = Some(error);
            return Next::WithoutName;
        }
        Next::Done(match (self.lost.take(), self.refused.take()) {
            (Some(lost), _) => Opened::Unknown(lost),
            (None, Some(refused)) if error.is_over_trigger() => Opened::NotWithName(refused),
            (None, _) => Opened::No(error),
        })
    }

    /// There were enough tries.
    fn given_up(self) -> Opened {
        match (self.lost, self.refused) {
            (Some(error), _) => Opened::Unknown(error),
            (None, Some(error)) => Opened::NotWithName(error),
            (None, None) => Opened::Before,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::slack::Method;

    fn code(code: &str) -> SlackError {
        SlackError::worded(Method::OpenView, 200, code)
    }

    fn late() -> SlackError {
        SlackError::timed_out(Method::OpenView, Duration::from_secs(2))
    }

    /// How it ends when Slack answers so, with a name until it is left out.
    fn end(answers: Vec<SlackError>) -> &'static str {
        let (mut tried, mut has_name) = (Tried::default(), true);
        for answer in answers {
            match tried.after(answer, has_name) {
                Next::Done(opened) => return named(&opened),
                Next::Again => {}
                Next::WithoutName => has_name = false,
            }
        }
        named(&tried.given_up())
    }

    const fn named(opened: &Opened) -> &'static str {
        match opened {
            Opened::Now => "now",
            Opened::Before => "before",
            Opened::Unknown(_) => "unknown",
            Opened::NotWithName(_) => "not with name",
            Opened::No(_) => "no",
        }
    }

    #[test]
    fn what_is_said_of_a_dialog_is_true() {
        let (used, over) = ("exchanged_trigger_id", "expired_trigger_id");
        let refused = "invalid_arguments";
        for (answers, expected) in [
            (vec![code(used)], "before"),
            (vec![code(over)], "no"),
            (vec![late(), code(used)], "now"),
            (vec![late(), code(over)], "unknown"),
            (vec![late(), late(), late()], "unknown"),
            (vec![code("internal_error"), code(used)], "unknown"),
            (vec![code(refused), code(used)], "not with name"),
            (vec![code(refused), code(over)], "not with name"),
            (vec![code(refused), code(refused)], "no"),
            (vec![code(refused), late(), code(used)], "now"),
            (vec![code("user_not_found"), code(over)], "not with name"),
        ] {
            let seen = format!("{answers:?}");
            assert_eq!(end(answers), expected, "{seen}");
        }
    }
}
