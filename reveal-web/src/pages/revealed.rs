//! The secret.

use leptos::prelude::*;
use poem::http::StatusCode;
use shared::{
    domain::secret::NoteText,
    store::burn::Opened,
    text::{Message, text},
};

use super::{Frame, Kind, Page, layout};

/// The page that is sent once.
pub(crate) fn revealed(frame: Frame<'_>, opened: &Opened) -> Page {
    let note = opened.note.as_ref().map(NoteText::expose);
    let html = html(
        frame,
        opened.sender_name.as_str(),
        opened.text.expose(),
        note,
    );
    Page {
        about: Some(opened.secret),
        ..Page::new(StatusCode::OK, Kind::Revealed, html)
    }
}

/// The secret is hidden from whoever looks over a shoulder until it is asked for. The copy button
/// is there only when the script is. No translator may touch what people typed: a changed secret is
/// none.
fn html(frame: Frame<'_>, sender: &str, secret: &str, note: Option<&str>) -> String {
    let locale = frame.locale;
    let title = text(locale, Message::RevealedTitle);
    let note = note.map(|note| {
        view! {
            <h2>{layout::naming(locale, sender, |sender| Message::RevealedNote { sender })}</h2>
            <blockquote id="note" dir="auto" translate="no" class="notranslate">
                {note.to_owned()}
            </blockquote>
        }
    });
    // The first line end after <pre> is the parser's, not the secret's.
    let content = view! {
        <h1>{title.clone()}</h1>
        <p id="lead">
            {layout::naming(locale, sender, |sender| Message::RevealedLead { sender })}
        </p>
        <p class="notice screen">{text(locale, Message::RevealedGone)}</p>
        <p class="screen">
            <button
                type="button"
                id="copy"
                hidden
                data-done=text(locale, Message::RevealedCopied)
                data-failed=text(locale, Message::RevealedCopyFailed)
            >
                {text(locale, Message::RevealedCopy)}
            </button>
            <span id="copied" role="status"></span>
        </p>
        <details id="shown">
            <summary>
                <span class="closed">{text(locale, Message::RevealedShow)}</span>
                <span class="open">{text(locale, Message::RevealedHide)}</span>
            </summary>
            <div
                id="box"
                role="region"
                tabindex="0"
                aria-label=text(locale, Message::RevealedLabel)
            >
                <pre id="secret" dir="auto" translate="no" class="notranslate">
                    {format!("\n{secret}")}
                </pre>
            </div>
        </details>
        {note}
    };
    layout::render(frame, Kind::Revealed, &title, content)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::text::Locale;

    use super::{
        super::parsed::{Parsed, theme},
        *,
    };

    fn page(locale: Locale, sender: &str, secret: &str, note: &str) -> Parsed {
        let theme = theme("Brand");
        let frame = Frame {
            theme: &theme,
            locale,
            is_repeatable: false,
        };
        Parsed::of(&html(frame, sender, secret, Some(note)))
    }

    fn check(sender: &str, secret: &str, note: &str) {
        for locale in Locale::ALL {
            let page = page(locale, sender, secret, note);
            assert_eq!(page.text_of("secret"), secret);
            assert_eq!(page.text_of("note"), note);
            assert!(page.text_of("lead").contains(sender));
            let plain = self::page(locale, "a", "b", "c");
            assert_eq!(page.elements, plain.elements, "no text makes an element");
        }
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

    /// Without what people typed. The secret itself can have 12,000 characters.
    #[test]
    fn the_page_is_small() {
        let theme = theme("Brand");
        for locale in Locale::ALL {
            let frame = Frame {
                theme: &theme,
                locale,
                is_repeatable: false,
            };
            let page = html(frame, "a", "b", Some("c"));
            assert!(page.len() < 15_000, "{}", page.len());
        }
    }
}
