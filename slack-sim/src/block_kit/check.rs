//! What is wrong with blocks, in the words of `response_metadata.messages`.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    Faults,
    fields::{
        self, Holds,
        Holds::{List, Words},
    },
};

#[derive(Default)]
pub(super) struct Check {
    pub(super) faults: Faults,
    ids: HashSet<String>,
    /// The action ids of the block at hand.
    actions: HashSet<String>,
    has_focus: bool,
}

impl Check {
    pub(super) fn fault(&mut self, what: &str, pointer: &str) {
        self.faults
            .push(format!("[ERROR] {what} [json-pointer:{pointer}]"));
    }

    pub(super) fn length(&mut self, text: &Value, limit: usize, pointer: &str) {
        if text.as_str().unwrap_or_default().chars().count() > limit {
            let what = format!("must be less than {} characters", limit + 1);
            self.fault(&what, pointer);
        }
    }

    /// Whether there are other fields, or fields of another kind. What is null is missing.
    pub(super) fn fields(&mut self, of: &Value, known: &[(&str, Holds)], pointer: &str) {
        let empty = Map::new();
        for (name, value) in of.as_object().unwrap_or(&empty) {
            match known.iter().find(|(field, _)| field == name) {
                None => self.fault(&format!("invalid additional property: {name}"), pointer),
                Some((_, holds)) if !value.is_null() && !holds.takes(value) => {
                    self.fault("failed to match the type", &format!("{pointer}/{name}"));
                }
                Some(_) => {}
            }
        }
    }

    pub(super) fn plain(&mut self, text: &Value, limit: usize, pointer: &str) {
        if text["type"] != "plain_text" {
            self.fault("must be plain_text", pointer);
        }
        self.text(text, limit, pointer);
    }

    fn plain_if_any(&mut self, text: &Value, limit: usize, pointer: &str) {
        if !text.is_null() {
            self.plain(text, limit, pointer);
        }
    }

    fn text(&mut self, text: &Value, limit: usize, pointer: &str) {
        match text["type"].as_str().unwrap_or_default() {
            "plain_text" => self.fields(text, fields::PLAIN_TEXT, pointer),
            "mrkdwn" => self.fields(text, fields::MRKDWN, pointer),
            _ => self.fault("unsupported type", &format!("{pointer}/type")),
        }
        if text["text"].as_str().unwrap_or_default().is_empty() {
            self.fault("must be more than 0 characters", &format!("{pointer}/text"));
        }
        self.length(&text["text"], limit, &format!("{pointer}/text"));
    }

    pub(super) fn blocks(&mut self, blocks: &[Value], pointer: &str, in_view: bool) {
        for (index, block) in blocks.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            self.length(&block["block_id"], 255, &format!("{pointer}/block_id"));
            if let Some(id) = block["block_id"].as_str()
                && !self.ids.insert(id.to_owned())
            {
                self.fault("block_id already exists", &format!("{pointer}/block_id"));
            }
            self.actions.clear();
            self.block(block, &pointer, in_view);
        }
    }

    fn block(&mut self, block: &Value, pointer: &str, in_view: bool) {
        let kind = block["type"].as_str().unwrap_or_default();
        let known = fields::of_block(kind).filter(|_| in_view || kind != "input");
        let Some(known) = known else {
            self.fault("unsupported block type", &format!("{pointer}/type"));
            return;
        };
        self.fields(block, known, pointer);
        match kind {
            "section" => self.section(block, pointer),
            "header" => self.plain(&block["text"], 150, &format!("{pointer}/text")),
            "context" => {
                let pointer = format!("{pointer}/elements");
                for (index, text) in self.items(block, "elements", 10, &pointer) {
                    self.text(&text, 3000, &format!("{pointer}/{index}"));
                }
            }
            "actions" => {
                let pointer = format!("{pointer}/elements");
                for (index, element) in self.items(block, "elements", 25, &pointer) {
                    if element["type"] == "plain_text_input" {
                        self.fault("unsupported element type", &pointer);
                    }
                    self.element(&element, &format!("{pointer}/{index}"));
                }
            }
            "rich_text" => {
                let pointer = format!("{pointer}/elements");
                for (index, section) in self.items(block, "elements", usize::MAX, &pointer) {
                    self.rich_text(&section, &format!("{pointer}/{index}"));
                }
            }
            "input" => {
                self.plain(&block["label"], 2000, &format!("{pointer}/label"));
                self.plain_if_any(&block["hint"], 2000, &format!("{pointer}/hint"));
                if block["element"]["type"] == "button" {
                    self.fault("unsupported element type", &format!("{pointer}/element"));
                }
                self.element(&block["element"], &format!("{pointer}/element"));
            }
            _ => {}
        }
    }

    /// The items of a list with their places, of which there must be one to so many.
    fn items(
        &mut self,
        of: &Value,
        name: &str,
        limit: usize,
        pointer: &str,
    ) -> impl Iterator<Item = (usize, Value)> + use<> {
        let items = of[name].as_array().cloned().unwrap_or_default();
        if items.is_empty() || items.len() > limit {
            self.fault(&format!("must have 1 to {limit} items"), pointer);
        }
        items.into_iter().enumerate()
    }

    fn section(&mut self, block: &Value, pointer: &str) {
        if !block["text"].is_null() || block["fields"].is_null() {
            self.text(&block["text"], 3000, &format!("{pointer}/text"));
        }
        if !block["fields"].is_null() {
            let pointer = format!("{pointer}/fields");
            for (index, text) in self.items(block, "fields", 10, &pointer) {
                self.text(&text, 2000, &format!("{pointer}/{index}"));
            }
        }
        if !block["accessory"].is_null() {
            self.element(&block["accessory"], &format!("{pointer}/accessory"));
        }
    }

    /// A paragraph in which nothing is markup.
    fn rich_text(&mut self, section: &Value, pointer: &str) {
        if section["type"] != "rich_text_section" {
            self.fault("unsupported element type", &format!("{pointer}/type"));
        }
        self.fields(section, &[("type", Words), ("elements", List)], pointer);
        let pointer = format!("{pointer}/elements");
        for (index, piece) in self.items(section, "elements", usize::MAX, &pointer) {
            let pointer = format!("{pointer}/{index}");
            let kind = piece["type"].as_str().unwrap_or_default();
            let Some(known) = fields::of_rich_text(kind) else {
                self.fault("unsupported element type", &format!("{pointer}/type"));
                continue;
            };
            self.fields(&piece, known, &pointer);
            if kind == "user" {
                self.user(&piece["user_id"], &format!("{pointer}/user_id"));
            } else if piece["text"].as_str().unwrap_or_default().is_empty() {
                self.fault("must be more than 0 characters", &format!("{pointer}/text"));
            }
        }
    }

    fn element(&mut self, element: &Value, pointer: &str) {
        let kind = element["type"].as_str().unwrap_or_default();
        let Some(known) = fields::of_element(kind) else {
            self.fault("unsupported element type", &format!("{pointer}/type"));
            return;
        };
        self.fields(element, known, pointer);
        self.action_id(&element["action_id"], &format!("{pointer}/action_id"));
        let placeholder = format!("{pointer}/placeholder");
        self.plain_if_any(&element["placeholder"], 150, &placeholder);
        self.confirm(&element["confirm"], &format!("{pointer}/confirm"));
        if element["focus_on_load"] == true && std::mem::replace(&mut self.has_focus, true) {
            let pointer = format!("{pointer}/focus_on_load");
            self.fault("only one element can have the focus", &pointer);
        }
        match kind {
            "button" => self.button(element, pointer),
            "plain_text_input" => self.input(element, pointer),
            "static_select" => self.select(element, pointer),
            _ => self.user(&element["initial_user"], &format!("{pointer}/initial_user")),
        }
    }

    fn action_id(&mut self, id: &Value, pointer: &str) {
        self.length(id, 255, pointer);
        if let Some(id) = id.as_str()
            && !self.actions.insert(id.to_owned())
        {
            self.fault("action_id already exists", pointer);
        }
    }

    fn button(&mut self, button: &Value, pointer: &str) {
        self.plain(&button["text"], 75, &format!("{pointer}/text"));
        for (name, limit) in [("value", 2000), ("url", 3000), ("accessibility_label", 75)] {
            self.length(&button[name], limit, &format!("{pointer}/{name}"));
        }
        self.style(&button["style"], &format!("{pointer}/style"));
        self.url(&button["url"], &format!("{pointer}/url"));
    }

    fn style(&mut self, style: &Value, pointer: &str) {
        if !style.is_null() && style != "primary" && style != "danger" {
            self.fault("must be one of primary, danger", pointer);
        }
    }

    fn url(&mut self, url: &Value, pointer: &str) {
        let Some(text) = url.as_str() else { return };
        let takes = |url: url::Url| ["http", "https", "mailto"].contains(&url.scheme());
        if !url::Url::parse(text).is_ok_and(takes) {
            self.fault("must be a valid URL", pointer);
        }
    }

    fn input(&mut self, input: &Value, pointer: &str) {
        let length = |name: &str| input[name].as_u64();
        let (least, most) = (length("min_length"), length("max_length"));
        if least.is_some_and(|least| least > 3000) {
            let pointer = format!("{pointer}/min_length");
            self.fault("must be between 0 and 3000", &pointer);
        }
        if most.is_some_and(|most| !(1..=3000).contains(&most)) {
            let pointer = format!("{pointer}/max_length");
            self.fault("must be between 1 and 3000", &pointer);
        }
        if least.zip(most).is_some_and(|(least, most)| least > most) {
            let pointer = format!("{pointer}/min_length");
            self.fault("must be no more than max_length", &pointer);
        }
    }

    fn select(&mut self, select: &Value, pointer: &str) {
        let options = format!("{pointer}/options");
        for (index, option) in self.items(select, "options", 100, &options) {
            let pointer = format!("{options}/{index}");
            self.fields(&option, fields::OPTION, &pointer);
            self.plain(&option["text"], 75, &format!("{pointer}/text"));
            let description = format!("{pointer}/description");
            self.plain_if_any(&option["description"], 75, &description);
            if option["value"].is_null() {
                self.fault("missing required field: value", &pointer);
            }
            self.length(&option["value"], 150, &format!("{pointer}/value"));
        }
        let initial = &select["initial_option"];
        let options = select["options"].as_array();
        if !initial.is_null() && !options.is_some_and(|options| options.contains(initial)) {
            let pointer = format!("{pointer}/initial_option");
            self.fault("must be one of the options", &pointer);
        }
    }

    fn user(&mut self, id: &Value, pointer: &str) {
        if id
            .as_str()
            .is_some_and(|id| crate::people::find(id).is_none())
        {
            self.fault("invalid user", pointer);
        }
    }

    fn confirm(&mut self, confirm: &Value, pointer: &str) {
        if confirm.is_null() {
            return;
        }
        self.fields(confirm, fields::CONFIRM, pointer);
        self.style(&confirm["style"], &format!("{pointer}/style"));
        for (name, limit) in [("title", 100), ("confirm", 30), ("deny", 30)] {
            self.plain(&confirm[name], limit, &format!("{pointer}/{name}"));
        }
        self.text(&confirm["text"], 300, &format!("{pointer}/text"));
    }
}
