//! The submission of a dialog that is not ours: another program with the same Slack app opened it,
//! before the app was switched over to this one. Nothing is stored of it, so it must not close as if
//! it had been sent.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    ids::UserId,
    text::{Locale, Message, text},
};

/// What matters of the payload. What was typed is not read.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(default)]
    user: Option<User>,
    #[serde(borrow)]
    view: View<'a>,
}

#[derive(Deserialize)]
struct User {
    id: String,
}

#[derive(Deserialize)]
struct View<'a> {
    #[serde(borrow, default)]
    blocks: Vec<Block<'a>>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    block_id: Option<String>,
}

/// A foreign dialog with a field.
pub(super) struct ForeignSubmission {
    /// Who filled it in.
    pub(super) user: Option<UserId>,
    /// Its first field, beside which an answer can stand.
    field: String,
}

impl ForeignSubmission {
    /// `None` for a dialog without a field: nothing was typed there.
    pub(super) fn parse(payload: &str) -> Option<Self> {
        let payload: Payload<'_> = serde_json::from_str(payload).ok()?;
        let mut fields = payload.view.blocks.into_iter();
        let field = fields.find(|block| block.kind == "input")?.block_id?;
        let user = payload.user.and_then(|user| UserId::parse(&user.id).ok());
        Some(Self { user, field })
    }

    /// Keeps the dialog open with what was typed, and says why.
    pub(super) fn answer(self, locale: Locale) -> Value {
        let mut errors = serde_json::Map::new();
        errors.insert(self.field, text(locale, Message::SubmissionForeign).into());
        json!({ "response_action": "errors", "errors": errors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_stands_beside_the_first_field() {
        let payload = r#"{"type":"view_submission","user":{"id":"U1"},"view":{"callback_id":"old",
            "blocks":[{"type":"section","block_id":"a"},{"type":"input","block_id":"b"}],
            "state":{"values":{"b":{"x":{"value":"canary"}}}}}}"#;
        let foreign = ForeignSubmission::parse(payload).unwrap();
        assert_eq!(foreign.user, UserId::parse("U1").ok());
        let answer = foreign.answer(Locale::En);
        assert_eq!(answer["response_action"], "errors");
        assert!(
            answer["errors"]["b"]
                .as_str()
                .unwrap()
                .contains("was not sent")
        );
    }

    #[test]
    fn a_dialog_without_a_field_may_close() {
        for payload in [
            r#"{"view":{"blocks":[{"type":"section"}]}}"#,
            r#"{"view":{}}"#,
            "{}",
        ] {
            assert!(ForeignSubmission::parse(payload).is_none(), "{payload}");
        }
    }
}
