//! The submission of a dialog that is not ours: another program with the same Slack app opened it,
//! before the app was switched over to this one, or in another installation of ours. Nothing is
//! stored of it, so it must not close as if it had been sent.

use serde_json::Value;
use shared::{
    domain::ids::UserId,
    text::{Locale, Message, text},
};

use super::unreadable::{errors, place_for};
use crate::{lenient::Object, modal::field};

/// A foreign dialog with a field. What was typed is not read.
pub(super) struct ForeignSubmission {
    /// Who filled it in.
    pub(super) user: Option<UserId>,
    /// Its first field, beside which an answer can stand.
    field: String,
}

impl ForeignSubmission {
    /// A dialog of our own form, which another version may have made of other fields.
    pub(super) fn of_our_form(payload: &str, user: Option<UserId>) -> Self {
        let secret = field::SECRET[0];
        let payload = Object::parse(payload);
        let field = payload.and_then(|payload| place_for(&payload.object("view"), Some(secret)));
        let field = field.unwrap_or_else(|| secret.to_owned());
        Self { user, field }
    }

    /// `None` for a dialog that is known to have no field: nothing was typed there.
    pub(super) fn read(payload: &Object<'_>) -> Option<Self> {
        let view = payload.object("view");
        let field = match place_for(&view, None) {
            Some(field) => field,
            None if has_no_field(&view) => return None,
            // There may be one; which can't be told.
            None => field::SECRET[0].to_owned(),
        };
        let user = payload.object("user").text("id");
        let user = user.and_then(|id| UserId::parse(&id).ok());
        Some(Self { user, field })
    }

    /// Keeps the dialog open with what was typed, and says why.
    pub(super) fn answer(&self, locale: Locale) -> Value {
        errors(&self.field, &text(locale, Message::SubmissionForeign))
    }
}

/// Whether its blocks can be read, each of them, and none is a field.
fn has_no_field(view: &Object<'_>) -> bool {
    let blocks = view.list("blocks");
    let is_known = |block: &Object<'_>| {
        let kind = block.text("type");
        kind.is_some_and(|kind| !kind.is_empty() && kind != "input")
    };
    let known = blocks
        .iter()
        .copied()
        .filter_map(Object::of)
        .filter(is_known);
    !blocks.is_empty() && known.count() == blocks.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(payload: &str) -> Option<ForeignSubmission> {
        ForeignSubmission::read(&Object::parse(payload).unwrap())
    }

    #[test]
    fn the_answer_stands_beside_the_first_field() {
        let payload = r#"{"type":"view_submission","user":{"id":"U1"},"view":{"callback_id":"old",
            "blocks":[{"type":"section","block_id":"a"},{"type":"input","block_id":"b"}],
            "state":{"values":{"b":{"x":{"value":"canary"}}}}}}"#;
        let foreign = read(payload).unwrap();
        assert_eq!(foreign.user, UserId::parse("U1").ok());
        let answer = foreign.answer(Locale::En);
        assert_eq!(answer["response_action"], "errors");
        assert!(
            answer["errors"]["b"]
                .as_str()
                .unwrap()
                .contains("Nothing was sent")
        );
    }

    #[test]
    fn only_a_dialog_that_has_no_field_may_close() {
        let without = r#"{"view":{"blocks":[{"type":"section"},{"type":"hologram"}]}}"#;
        assert!(read(without).is_none());
        for (payload, field) in [
            (r#"{"view":{"blocks":[]}}"#, "secret"),
            (r#"{"view":{"blocks":[{"type":"section"},7]}}"#, "secret"),
            (r#"{"view":{"blocks":[{"type":null}]}}"#, "secret"),
            (r#"{"view":{"blocks":[],"state":{"values":{"b":{}}}}}"#, "b"),
            (r#"{"view":{}}"#, "secret"),
            (r#"{"view":[]}"#, "secret"),
            ("{}", "secret"),
        ] {
            let answer = read(payload).unwrap().answer(Locale::En);
            assert!(answer["errors"][field].is_string(), "{payload} {answer}");
        }
    }
}
