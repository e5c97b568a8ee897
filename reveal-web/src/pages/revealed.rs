//! The secret.

use leptos::prelude::*;
use poem::http::StatusCode;
use shared::{
    secret::NoteText,
    store::burn::Opened,
    text::{Locale, Message, text},
};

use super::{Page, layout};

/// The page that is sent once.
pub(crate) fn revealed(locale: Locale, opened: &Opened) -> Page {
    let note = opened.note.as_ref().map(NoteText::expose);
    Page {
        about: Some(opened.secret),
        ..Page::new(
            StatusCode::OK,
            html(locale, &opened.sender_name, opened.text.expose(), note),
        )
    }
}

fn html(locale: Locale, sender: &str, secret: &str, note: Option<&str>) -> String {
    let title = text(locale, Message::RevealedTitle);
    let note = note.map(|note| {
        view! {
            <h2>{text(locale, Message::RevealedNote { sender })}</h2>
            <blockquote id="note" dir="auto">{note.to_owned()}</blockquote>
        }
    });
    // The first line end after <pre> is the parser's, not the secret's.
    let content = view! {
        <h1>{title.clone()}</h1>
        <p>{text(locale, Message::RevealedLead { sender })}</p>
        <pre id="secret" dir="auto" tabindex="0" aria-label=text(locale, Message::RevealedLabel)>
            {format!("\n{secret}")}
        </pre>
        {note}
        <p class="soft screen">{text(locale, Message::RevealedGone)}</p>
    };
    layout::render(locale, &title, content)
}

#[cfg(test)]
mod tests {
    use html5ever::{ParseOpts, parse_document, tendril::TendrilSink as _};
    use markup5ever_rcdom::{Handle, NodeData, RcDom};
    use proptest::prelude::*;

    use super::*;

    /// Texts by element id, and how many elements there are.
    fn parse(html: &str) -> (Vec<(String, String)>, usize) {
        let dom = parse_document(RcDom::default(), ParseOpts::default())
            .from_utf8()
            .read_from(&mut html.as_bytes())
            .unwrap();
        let (mut texts, mut elements) = (Vec::new(), 0);
        visit(&dom.document, &mut texts, &mut elements);
        (texts, elements)
    }

    fn visit(node: &Handle, texts: &mut Vec<(String, String)>, elements: &mut usize) {
        if let NodeData::Element { attrs, .. } = &node.data {
            *elements += 1;
            for attribute in attrs
                .borrow()
                .iter()
                .filter(|attr| &*attr.name.local == "id")
            {
                texts.push((attribute.value.to_string(), text_of(node)));
            }
        }
        for child in node.children.borrow().iter() {
            visit(child, texts, elements);
        }
    }

    fn text_of(node: &Handle) -> String {
        match &node.data {
            NodeData::Text { contents } => contents.borrow().to_string(),
            _ => node.children.borrow().iter().map(text_of).collect(),
        }
    }

    fn check(sender: &str, secret: &str, note: &str) {
        let (texts, elements) = parse(&html(Locale::En, sender, secret, Some(note)));
        let (_, plain) = parse(&html(Locale::En, "a", "b", Some("c")));
        let of = |id: &str| texts.iter().find(|(name, _)| name == id).unwrap().1.clone();
        assert_eq!(of("secret"), secret);
        assert_eq!(of("note"), note);
        assert_eq!(elements, plain, "no text makes an element");
    }

    #[test]
    fn what_breaks_pages_comes_through_as_text() {
        for text in [
            "</pre><script>alert(1)</script>",
            "</textarea></title></style>",
            "\n\nleading line ends",
            "\r\nold\rMac\r\n",
            " spaces  \t ",
            "&amp;&#13;&lt;",
            "<!--",
            "\u{202e}right to left\u{2066}",
            "🔑",
        ] {
            check(text, text, text);
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_through_byte_for_byte(
            sender in "[^\0]+", secret in "[^\0]+", note in "[^\0]+",
        ) {
            check(&sender, &secret, &note);
        }
    }
}
