//! Which fields there are in Block Kit, and of which kind they are. Slack refuses others.
//!
//! Sources: <https://docs.slack.dev/reference/block-kit/>, the pages of each block, element and
//! composition object that the simulator takes;
//! <https://docs.slack.dev/reference/views/modal-views>.

use serde_json::Value;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Words,
    Flag,
    Number,
    List,
    Object,
}

use Holds::{Flag, List, Number, Object, Words};

type Fields = &'static [(&'static str, Holds)];

pub(super) const MODAL: Fields = &[
    ("type", Words),
    ("title", Object),
    ("blocks", List),
    ("close", Object),
    ("submit", Object),
    ("private_metadata", Words),
    ("callback_id", Words),
    ("clear_on_close", Flag),
    ("notify_on_close", Flag),
    ("external_id", Words),
    ("submit_disabled", Flag),
];

pub(super) const PLAIN_TEXT: Fields = &[("type", Words), ("text", Words), ("emoji", Flag)];

pub(super) const MRKDWN: Fields = &[("type", Words), ("text", Words), ("verbatim", Flag)];

pub(super) const OPTION: Fields = &[
    ("text", Object),
    ("value", Words),
    ("description", Object),
    ("url", Words),
];

pub(super) const CONFIRM: Fields = &[
    ("title", Object),
    ("text", Object),
    ("confirm", Object),
    ("deny", Object),
    ("style", Words),
];

/// The fields of a block; none if there is no such block.
pub(super) fn of_block(kind: &str) -> Option<Fields> {
    Some(match kind {
        "section" => &[
            ("type", Words),
            ("block_id", Words),
            ("text", Object),
            ("fields", List),
            ("accessory", Object),
            ("expand", Flag),
        ],
        "header" => &[("type", Words), ("block_id", Words), ("text", Object)],
        "divider" => &[("type", Words), ("block_id", Words)],
        "context" | "actions" | "rich_text" => {
            &[("type", Words), ("block_id", Words), ("elements", List)]
        }
        "input" => &[
            ("type", Words),
            ("block_id", Words),
            ("label", Object),
            ("element", Object),
            ("hint", Object),
            ("optional", Flag),
            ("dispatch_action", Flag),
        ],
        _ => return None,
    })
}

/// The fields of what stands in a paragraph of rich text; none if the simulator does not take it.
pub(super) fn of_rich_text(kind: &str) -> Option<Fields> {
    Some(match kind {
        "text" => &[("type", Words), ("text", Words), ("style", Object)],
        "user" => &[("type", Words), ("user_id", Words), ("style", Object)],
        _ => return None,
    })
}

/// The fields of an element; none if there is no such element.
pub(super) fn of_element(kind: &str) -> Option<Fields> {
    Some(match kind {
        "button" => &[
            ("type", Words),
            ("action_id", Words),
            ("text", Object),
            ("url", Words),
            ("value", Words),
            ("style", Words),
            ("confirm", Object),
            ("accessibility_label", Words),
        ],
        "plain_text_input" => &[
            ("type", Words),
            ("action_id", Words),
            ("initial_value", Words),
            ("multiline", Flag),
            ("min_length", Number),
            ("max_length", Number),
            ("dispatch_action_config", Object),
            ("focus_on_load", Flag),
            ("placeholder", Object),
        ],
        "static_select" => &[
            ("type", Words),
            ("action_id", Words),
            ("options", List),
            ("initial_option", Object),
            ("confirm", Object),
            ("focus_on_load", Flag),
            ("placeholder", Object),
        ],
        "users_select" => &[
            ("type", Words),
            ("action_id", Words),
            ("initial_user", Words),
            ("confirm", Object),
            ("focus_on_load", Flag),
            ("placeholder", Object),
        ],
        _ => return None,
    })
}

impl Holds {
    pub(super) fn takes(self, value: &Value) -> bool {
        match self {
            Words => value.is_string(),
            Flag => value.is_boolean(),
            Number => value.is_u64(),
            List => value.is_array(),
            Object => value.is_object(),
        }
    }
}
