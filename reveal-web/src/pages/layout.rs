//! What all pages share.

use leptos::prelude::*;
use shared::text::{Locale, Message, text};
use zeroize::Zeroizing;

use super::theme::{Frame, SCRIPT};
use crate::brand::Contact;

/// Stands for a link in a translated sentence; no text has it.
const MARK: &str = "\u{fffc}";

/// Whether a page brings the script.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    None,
    Copy,
}

/// Renders a whole page.
///
/// HTML parsers turn a carriage return into a line feed unless it is written as a character
/// reference, and nothing but what people typed holds one: so it is written as such.
pub(super) fn render(
    frame: Frame<'_>,
    title: &str,
    script: Script,
    content: impl IntoView,
) -> String {
    let Frame { theme, locale, .. } = frame;
    let product = text(locale, Message::PageProduct);
    let name = theme.brand.name.clone().unwrap_or(product);
    let tab = format!("{title} · {name}");
    let logo = theme
        .brand
        .logo
        .as_ref()
        .map(|logo| view! { <img src=logo.as_str().to_owned() alt=""/> });
    let help = theme
        .brand
        .support
        .as_ref()
        .map(|contact| view! { <footer><p>{help(locale, contact)}</p></footer> });
    let script = (script == Script::Copy).then(|| view! { <script>{SCRIPT}</script> });
    let page = view! {
        <html lang=locale.tag()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="robots" content="noindex"/>
                <title>{tab}</title>
                <style>{theme.style.clone()}</style>
            </head>
            <body>
                <header>
                    <span class="brand">{logo}<span>{name}</span></span>
                    {frame.can_switch.then(|| languages(locale))}
                </header>
                <main>
                    <article>{content.into_view()}</article>
                </main>
                {help}
                {script}
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

/// Links to the same page in the other languages.
fn languages(locale: Locale) -> impl IntoView {
    let others = Locale::ALL.into_iter().filter(|other| *other != locale);
    let links: Vec<_> = others
        .map(|other| {
            let tag = other.tag();
            let address = format!("?lang={tag}");
            view! { <a href=address lang=tag hreflang=tag>{other.own_name()}</a> }
        })
        .collect();
    view! { <nav aria-label=text(locale, Message::PageLanguage)>{links}</nav> }
}

fn help(locale: Locale, contact: &Contact) -> impl IntoView {
    let sentence = text(locale, Message::PageHelp { contact: MARK });
    let (before, after) = sentence.split_once(MARK).unwrap_or((&sentence, ""));
    let whom = match &contact.link {
        Some(link) => view! { <a href=link.clone()>{contact.text.clone()}</a> }.into_any(),
        None => contact.text.clone().into_any(),
    };
    view! { {before.to_owned()}{whom}{after.to_owned()} }
}
