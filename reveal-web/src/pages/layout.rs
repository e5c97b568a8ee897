//! What all pages share.

use leptos::prelude::*;
use shared::text::{Locale, Message, text};
use zeroize::Zeroizing;

use super::{Frame, Kind};
use crate::brand::Contact;

/// Stands for a link in a translated sentence; no text has it.
const MARK: &str = "\u{fffc}";

/// Where leptos lets one text end and the next begin, for scripts that no page here has. It is no
/// HTML, and nothing but leptos writes it: a `<` in a text is escaped.
const LEPTOS_MARK: &str = "<!>";

/// Renders a whole page.
///
/// HTML parsers turn a carriage return into a line feed unless it is written as a character
/// reference, and nothing but what people typed holds one: so it is written as such.
pub(super) fn render(frame: Frame<'_>, kind: Kind, title: &str, content: impl IntoView) -> String {
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
        .map(|contact| view! { <footer><p>{help(locale, kind, contact)}</p></footer> });
    // In the head, so that there is no moment in which the page is there and its script is not.
    let script = kind
        .script()
        .map(|script| view! { <script>{script}</script> });
    let as_it_is = kind == Kind::Revealed;
    let stay_away = as_it_is.then(|| view! { <meta name="google" content="notranslate"/> });
    let page = view! {
        <html
            lang=locale.tag()
            translate=as_it_is.then_some("no")
            class=as_it_is.then_some("notranslate")
        >
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="robots" content="noindex"/>
                // Digits and addresses in a secret are no links.
                <meta
                    name="format-detection"
                    content="telephone=no, date=no, address=no, email=no, url=no"
                />
                {stay_away}
                <title>{tab}</title>
                <style>{theme.style.clone()}</style>
                {script}
            </head>
            <body>
                <header>
                    <span class="brand">{logo}{untranslated(name)}</span>
                    {frame.is_repeatable.then(|| languages(locale))}
                </header>
                <main>
                    <article>{content.into_view()}</article>
                </main>
                {help}
            </body>
        </html>
    };
    let html = Zeroizing::new(page.to_html());
    let mut whole = String::with_capacity(html.len() + 32);
    whole.push_str("<!DOCTYPE html>");
    for (index, line) in html.split('\r').enumerate() {
        if index > 0 {
            whole.push_str("&#13;");
        }
        whole.extend(line.split(LEPTOS_MARK));
    }
    whole
}

/// A sentence with a name in it. `sentence` makes it of what stands for the name.
pub(super) fn naming(
    locale: Locale,
    name: &str,
    sentence: fn(&'static str) -> Message<'static>,
) -> impl IntoView + use<> {
    let sentence = text(locale, sentence(MARK));
    let (before, after) = sentence.split_once(MARK).unwrap_or((&sentence, ""));
    view! { {before.to_owned()}{untranslated(name.to_owned())}{after.to_owned()} }
}

/// What people typed or are called: no translator's business, and its direction is its own.
fn untranslated(text: String) -> impl IntoView {
    view! { <bdi translate="no" class="notranslate">{text}</bdi> }
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

/// On the page with the secret it opens elsewhere: that page can't be had back.
fn help(locale: Locale, kind: Kind, contact: &Contact) -> impl IntoView {
    let elsewhere = kind == Kind::Revealed;
    let sentence = text(locale, Message::PageHelp { contact: MARK });
    let (before, after) = sentence.split_once(MARK).unwrap_or((&sentence, ""));
    let whom = match &contact.link {
        Some(link) => view! {
            <a
                href=link.clone()
                target=elsewhere.then_some("_blank")
                rel=elsewhere.then_some("noopener noreferrer")
                translate="no"
                class="notranslate"
            >
                {contact.text.clone()}
            </a>
        }
        .into_any(),
        None => untranslated(contact.text.clone()).into_any(),
    };
    view! { {before.to_owned()}{whom}{after.to_owned()} }
}
