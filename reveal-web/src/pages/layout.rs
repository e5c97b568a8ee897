//! What all pages share.

use leptos::prelude::*;
use shared::text::{Locale, Message, text};
use zeroize::Zeroizing;

/// The style sheet, allowed by its hash.
pub(crate) const STYLE: &str = include_str!("style.css");

/// Renders a whole page.
///
/// HTML parsers turn a carriage return into a line feed unless it is written as a character
/// reference, and nothing but what people typed holds one: so it is written as such.
pub(super) fn render(locale: Locale, title: &str, content: impl IntoView) -> String {
    let product = text(locale, Message::PageProduct);
    let tab = format!("{title} · {product}");
    let page = view! {
        <html lang=locale.tag()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="robots" content="noindex"/>
                <title>{tab}</title>
                <style>{STYLE}</style>
            </head>
            <body>
                <header>{product}</header>
                <main>
                    <article>{content.into_view()}</article>
                </main>
            </body>
        </html>
    };
    let html = Zeroizing::new(page.to_html());
    let mut whole = String::with_capacity(html.len() + 32);
    whole.push_str("<!DOCTYPE html>");
    for (index, piece) in html.split('\r').enumerate() {
        if index > 0 {
            whole.push_str("&#13;");
        }
        whole.push_str(piece);
    }
    whole
}
