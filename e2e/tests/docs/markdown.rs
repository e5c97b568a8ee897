//! A document as `CommonMark` reads it.

use std::{
    collections::HashMap,
    ops::Range,
    path::{Path, PathBuf},
};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::repository;

/// What the tests want of a document.
pub(crate) struct Document {
    /// From the repository's root.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) headings: Vec<Heading>,
    /// Where links and pictures lead.
    pub(crate) links: Vec<Piece>,
    /// Code within lines.
    pub(crate) spans: Vec<Piece>,
    pub(crate) blocks: Vec<Block>,
    /// What is bold.
    pub(crate) strong: Vec<Piece>,
    /// The code with which each item of a list begins.
    pub(crate) leading: Vec<Piece>,
}

pub(crate) struct Heading {
    pub(crate) level: usize,
    /// What GitHub makes of it for links.
    pub(crate) anchor: String,
}

pub(crate) struct Piece {
    pub(crate) line: usize,
    pub(crate) text: String,
}

pub(crate) struct Block {
    pub(crate) line: usize,
    /// What stands behind the fence; nothing if it is indented.
    pub(crate) info: String,
    pub(crate) text: String,
}

impl Document {
    pub(crate) fn read(path: impl AsRef<Path>) -> Self {
        let text = repository::read(&path);
        let mut document = Self {
            path: path.as_ref().to_owned(),
            text: String::new(),
            headings: Vec::new(),
            links: Vec::new(),
            spans: Vec::new(),
            blocks: Vec::new(),
            strong: Vec::new(),
            leading: Vec::new(),
        };
        let mut collector = Collector::new(&mut document, &text);
        for (event, place) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
            collector.take(event, &place);
        }
        document.text = text;
        document
    }

    /// Every document of the repository.
    pub(crate) fn all() -> Vec<Self> {
        repository::files("", ".md")
            .into_iter()
            .map(Self::read)
            .collect()
    }

    /// Where a piece stands, for people.
    pub(crate) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

struct Collector<'a> {
    document: &'a mut Document,
    source: &'a str,
    /// Headings of each anchor so far.
    anchors: HashMap<String, usize>,
    heading: Option<String>,
    strong: Option<Piece>,
    block: Option<Block>,
    /// At an item's beginning, where only code has come yet.
    leads: bool,
}

impl<'a> Collector<'a> {
    fn new(document: &'a mut Document, source: &'a str) -> Self {
        Self {
            document,
            source,
            anchors: HashMap::new(),
            heading: None,
            strong: None,
            block: None,
            leads: false,
        }
    }

    fn line(&self, place: &Range<usize>) -> usize {
        self.source[..place.start].lines().count().max(1)
            + usize::from(self.source[..place.start].ends_with('\n'))
    }

    fn take(&mut self, event: Event<'_>, place: &Range<usize>) {
        let line = self.line(place);
        match event {
            Event::Start(tag) => self.start(tag, line),
            Event::End(tag) => self.end(tag),
            Event::Code(text) => {
                let piece = || Piece {
                    line,
                    text: text.to_string(),
                };
                if self.leads {
                    self.document.leading.push(piece());
                }
                self.document.spans.push(piece());
                self.word(&text);
            }
            Event::Text(text) => {
                self.leads &= matches!(&*text, ", " | " or ");
                if let Some(block) = &mut self.block {
                    block.text.push_str(&text);
                }
                self.word(&text);
            }
            Event::SoftBreak | Event::HardBreak => self.word(" "),
            _ => {}
        }
    }

    fn word(&mut self, text: &str) {
        for open in [
            self.heading.as_mut(),
            self.strong.as_mut().map(|piece| &mut piece.text),
        ]
        .into_iter()
        .flatten()
        {
            open.push_str(text);
        }
    }

    fn start(&mut self, tag: Tag<'_>, line: usize) {
        let empty = || Piece {
            line,
            text: String::new(),
        };
        match tag {
            Tag::Item => self.leads = true,
            Tag::Paragraph => {}
            Tag::Heading { .. } => self.heading = Some(String::new()),
            Tag::Strong => self.strong = Some(empty()),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                let text = dest_url.to_string();
                self.document.links.push(Piece { line, text });
            }
            Tag::CodeBlock(kind) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                let text = String::new();
                self.block = Some(Block { line, info, text });
            }
            _ => self.leads = false,
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                let text = self.heading.take().unwrap_or_default();
                let anchor = self.anchor(&text);
                let level = level as usize;
                self.document.headings.push(Heading { level, anchor });
            }
            TagEnd::Strong => self.document.strong.extend(self.strong.take()),
            TagEnd::CodeBlock => self.document.blocks.extend(self.block.take()),
            TagEnd::Item => self.leads = false,
            _ => {}
        }
    }

    /// GitHub's rule: lower case, no punctuation but `-` and `_`, hyphens for spaces; further ones
    /// of the same name are numbered.
    fn anchor(&mut self, heading: &str) -> String {
        let slug: String = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let count = self.anchors.entry(slug.clone()).or_default();
        *count += 1;
        if *count == 1 {
            slug
        } else {
            format!("{slug}-{}", *count - 1)
        }
    }
}
