//! Pages as browsers read them, for tests.

use html5ever::{ParseOpts, parse_document, tendril::TendrilSink as _};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use shared::{domain::program::Program, operate::settings::Reader};

use super::Theme;
use crate::brand::Brand;

/// A page read by a parser of the HTML standard.
#[derive(Default)]
pub(super) struct Parsed {
    texts: Vec<(String, String)>,
    /// How many elements there are.
    pub(super) elements: usize,
}

impl Parsed {
    pub(super) fn of(html: &str) -> Self {
        // In one piece: at the start of a piece this parser takes U+FEFF for a byte order mark.
        let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
        let mut parsed = Self::default();
        parsed.visit(&dom.document);
        parsed
    }

    /// The text of the element with this id, or of the one element with this name.
    pub(super) fn text_of(&self, name: &str) -> &str {
        let found = self.texts.iter().find(|(known, _)| known == name);
        &found.unwrap().1
    }

    fn visit(&mut self, node: &Handle) {
        if let NodeData::Element { attrs, name, .. } = &node.data {
            self.elements += 1;
            self.texts.push((name.local.to_string(), text_of(node)));
            for attribute in attrs.borrow().iter() {
                if &*attribute.name.local == "id" {
                    self.texts
                        .push((attribute.value.to_string(), text_of(node)));
                }
            }
        }
        for child in node.children.borrow().iter() {
            self.visit(child);
        }
    }
}

fn text_of(node: &Handle) -> String {
    match &node.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        _ => node.children.borrow().iter().map(text_of).collect(),
    }
}

/// A theme with everything that operators can set, the texts being `text`.
pub(super) fn theme(text: &str) -> Theme {
    let logo = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(logo.path(), [b"<svg>".as_slice(), &[b' '; 6100]].concat()).unwrap();
    let values = [
        ("brand-name", text.to_owned()),
        ("brand-logo", logo.path().display().to_string()),
        ("support-contact", text.to_owned()),
        ("privacy-url", "https://example.org/privacy".to_owned()),
    ];
    let flags = values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let mut reader = Reader::of_flags(Program::Web, flags);
    Theme::new(Brand::read(&mut reader).unwrap())
}
