//! Before the secret is shown: who sends it, how long it lives, one button.

use leptos::prelude::*;
use poem::http::StatusCode;
use shared::{
    crypto::LinkToken,
    store::look::Preview,
    text::{self, Locale, Message, text},
};

use super::{Kind, Page, layout};

/// The page with the button.
pub(crate) fn confirm(locale: Locale, preview: &Preview, token: &LinkToken) -> Page {
    let sender = preview.sender_name.as_str();
    let left = text::duration(locale, preview.now.millis_until(preview.expires_at));
    let until = text::instant(locale, preview.expires_at, preview.recipient_tz.as_deref());
    let title = text(locale, Message::ConfirmTitle);
    let content = view! {
        <h1>{title.clone()}</h1>
        <p class="lead">{text(locale, Message::ConfirmLead { sender })}</p>
        <p>{text(locale, Message::ConfirmOnce)}</p>
        <p class="soft">{text(locale, Message::ConfirmTimeLeft { left: &left, until: &until })}</p>
        <form method="post" action="../reveal" autocomplete="off">
            <input type="hidden" name="token" value=token.encode().as_str().to_owned()/>
            <button type="submit" id="reveal">{text(locale, Message::ConfirmButton)}</button>
        </form>
        <p class="soft">{text(locale, Message::ConfirmCaution { sender })}</p>
    };
    Page {
        kind: Kind::Confirm,
        about: Some(preview.secret),
        ..Page::new(StatusCode::OK, layout::render(locale, &title, content))
    }
}
