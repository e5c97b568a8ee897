//! What can't be read: who is told, and where.

use serde_json::{Map, Value, json};
use shared::{
    domain::ids::UserId,
    text::{Locale, Message, text},
};

use crate::{
    lenient::{Object, Unreadable},
    modal::{Layout, field},
};

/// A submission of which nothing can be stored: the dialog stays as it is.
pub(super) struct UnreadableSubmission {
    /// What can't be read.
    pub(super) what: Unreadable,
    /// Who filled the dialog in.
    pub(super) user: Option<UserId>,
    /// How the dialog looks, as far as it says.
    pub(super) layout: Layout,
    block: String,
    /// Whether it is the block's own field that can't be read.
    is_field: bool,
}

impl UnreadableSubmission {
    pub(super) fn read(payload: &Object<'_>, what: Unreadable) -> Self {
        let user = payload.object("user").text("id");
        let of_field = field_of(what);
        let wanted = of_field.unwrap_or(field::SECRET[0]);
        let view = payload.object("view");
        let block = place_for(&view, Some(wanted));
        Self {
            what,
            user: user.and_then(|id| UserId::parse(&id).ok()),
            layout: Layout::parse(&view.text("private_metadata").unwrap_or_default()),
            is_field: of_field == block.as_deref(),
            block: block.unwrap_or_else(|| wanted.to_owned()),
        }
    }

    /// Keeps the dialog open with what was typed, and says why.
    pub(super) fn answer(&self, locale: Locale) -> Value {
        let message = if self.is_field {
            Message::FieldUnreadable
        } else {
            Message::SubmissionUnreadable
        };
        errors(&self.block, &text(locale, message))
    }
}

/// Keeps a dialog open, with words beside one of its fields.
pub(super) fn errors(block: &str, words: &str) -> Value {
    let errors: Map<_, _> = [(block.to_owned(), words.into())].into_iter().collect();
    json!({ "response_action": "errors", "errors": errors })
}

/// The block of a dialog that an error can stand beside: the wanted one, if it may be there, else
/// the first that is. Slack shows no error that names another block. `None` for a dialog without
/// any field.
pub(super) fn place_for(view: &Object<'_>, wanted: Option<&str>) -> Option<String> {
    let inputs = view.objects("blocks").filter(|block| {
        let kind = block.text("type");
        kind.as_deref() == Some("input")
    });
    let mut fields: Vec<_> = inputs
        .filter_map(|block| block.text("block_id"))
        .map(String::from)
        .collect();
    if fields.is_empty() {
        let filled_in = view.object("state").object("values");
        fields = filled_in.names().map(str::to_owned).collect();
    }
    match wanted {
        Some(wanted) if fields.is_empty() || fields.iter().any(|field| field == wanted) => {
            Some(wanted.to_owned())
        }
        _ => fields.into_iter().next(),
    }
}

/// The dialog's field that a path leads to.
fn field_of(Unreadable(path): Unreadable) -> Option<&'static str> {
    let fields = [field::RECIPIENT, field::NOTE, field::LIFETIME];
    let known = field::SECRET.into_iter().chain(fields);
    let own = path.strip_prefix("view.state.values.")?;
    known.into_iter().find(|field| own == *field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(payload: &str, what: &'static str) -> Value {
        let payload = Object::parse(payload).unwrap();
        UnreadableSubmission::read(&payload, Unreadable(what)).answer(Locale::En)
    }

    #[test]
    fn the_answer_stands_beside_a_field_that_is_there() {
        let secret_2 = "view.state.values.secret_2";
        for (payload, what, block, words) in [
            ("{}", "view", "secret", "ask your IT team"),
            ("{}", secret_2, "secret_2", "This field"),
            (r#"{"view":7}"#, secret_2, "secret_2", "This field"),
            (
                r#"{"view":{"blocks":[{"type":"section","block_id":"a"},{"type":"input","block_id":"secret"}]}}"#,
                "type",
                "secret",
                "ask your IT team",
            ),
            (
                r#"{"view":{"blocks":[null,{"type":"input","block_id":"b"}]}}"#,
                secret_2,
                "b",
                "ask your IT team",
            ),
            (
                r#"{"view":{"blocks":7,"state":{"values":{"c":{}}}}}"#,
                "type",
                "c",
                "ask your IT team",
            ),
        ] {
            let answer = answer(payload, what);
            assert_eq!(answer["response_action"], "errors", "{payload}");
            let said = answer["errors"][block].as_str();
            assert!(said.is_some_and(|said| said.contains(words)), "{answer}");
        }
    }
}
