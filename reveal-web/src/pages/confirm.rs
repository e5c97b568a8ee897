//! Before the secret is shown: who sends it, how long it lives, one button.

use leptos::prelude::*;
use poem::http::StatusCode;
use shared::{
    crypto::LinkToken,
    store::look::Preview,
    text::{self, Message, text},
};

use super::{Frame, Kind, Page, layout};

/// Why the page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// The link was opened.
    Visit,
    /// The button was pressed on a page that was made too long ago.
    TooLate,
}

/// The page with the button. `confirmation` goes with the button and proves that the page was seen.
///
/// Whoever presses it twice would lose the secret, as the second answer takes the place of the
/// first. The script lets one press through; without it the style sheet keeps the second one off
/// for a while: at once where there are only mice, and with the next frame where there are fingers.
/// There a tap gives the focus before it is complete in Firefox, and `:active` lasts into the
/// second of two quick taps in Chromium.
pub(crate) fn confirm(
    frame: Frame<'_>,
    occasion: Occasion,
    preview: &Preview,
    token: &LinkToken,
    confirmation: String,
) -> Page {
    let locale = frame.locale;
    let sender = preview.sender_name.as_str();
    let left = text::duration(locale, preview.now.until(preview.expires_at));
    let until = text::instant(locale, preview.expires_at, preview.recipient_tz.as_deref());
    let time_left = Message::ConfirmTimeLeft {
        left: &left,
        until: &until,
    };
    let title = text(locale, Message::ConfirmTitle);
    let again = (occasion == Occasion::TooLate).then(
        || view! { <p class="notice" role="status">{text(locale, Message::ConfirmAgain)}</p> },
    );
    let issued = preview
        .is_issued
        .then(|| view! { <p id="issued">{text(locale, Message::ConfirmIssued)}</p> });
    let content = view! {
        <h1>{title.clone()}</h1>
        <p class="lead">
            {layout::naming(locale, sender, |sender| Message::ConfirmLead { sender })}
        </p>
        {again}
        <p>{text(locale, Message::ConfirmOnce)}</p>
        {issued}
        <p>
            <time datetime=text::rfc3339(preview.expires_at)>{text(locale, time_left)}</time>
        </p>
        <p class="soft" id="recorded">
            {text(locale, Message::ConfirmRecorded)}
            {privacy_notice(frame)}
        </p>
        <form method="post" action="../reveal" autocomplete="off">
            <input type="hidden" name="token" value=token.encode().as_str().to_owned()/>
            <input type="hidden" name="confirmation" value=confirmation/>
            <input type="hidden" name="lang" value=locale.tag()/>
            <button type="submit" id="reveal" tabindex="0">{text(locale, Message::ConfirmButton)}</button>
            <p
                id="opening"
                role="status"
                data-opening=text(locale, Message::ConfirmOpening)
                data-late=text(locale, Message::ConfirmLate)
            ></p>
        </form>
        <p class="soft">
            {layout::naming(locale, sender, |sender| Message::ConfirmCaution { sender })}
        </p>
    };
    let html = layout::render(frame, Kind::Confirm, &title, content);
    Page {
        about: Some(preview.secret),
        ..Page::new(StatusCode::OK, Kind::Confirm, html)
    }
}

/// Where operators say more about what is written down, if they do.
fn privacy_notice(frame: Frame<'_>) -> impl IntoView + use<> {
    let url = frame.theme.brand.privacy.as_ref()?;
    let link = text(frame.locale, Message::PrivacyNotice);
    Some(view! { " "<a href=url.as_str().to_owned()>{link}</a> })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::{
        domain::{clock::Timestamp, display_name::DisplayName, ids::SecretId},
        text::Locale,
    };

    use super::{
        super::parsed::{Parsed, theme},
        *,
    };

    fn page(text: &str) -> Parsed {
        Parsed::of(&html(text))
    }

    fn html(text: &str) -> String {
        let theme = theme(text);
        let frame = Frame {
            theme: &theme,
            locale: Locale::Fr,
            is_repeatable: true,
        };
        let preview = Preview {
            secret: SecretId::generate(),
            sender_name: DisplayName::stored(text, "U1"),
            recipient_locale: None,
            recipient_tz: None,
            now: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(900_000),
            is_issued: true,
        };
        let token = LinkToken::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let page = confirm(
            frame,
            Occasion::TooLate,
            &preview,
            &token,
            "confirmation".to_owned(),
        );
        page.html.to_string()
    }

    proptest! {
        /// The name of a sender is what somebody typed in Slack; the brand is the operator's text.
        #[test]
        fn no_name_makes_an_element(name in "[^\\p{C}\\s]{1,40}") {
            let page = page(&name);
            let shown = DisplayName::stored(&name, "U1");
            prop_assert!(page.text_of("article").contains(shown.as_str()));
            prop_assert!(page.text_of("header").contains(&name));
            prop_assert!(page.text_of("footer").contains(&name));
            prop_assert!(page.text_of("title").contains(&name));
            prop_assert_eq!(page.elements, self::page("poste 4321").elements);
        }
    }

    /// With the largest logo and long names, in letters of one byte.
    #[test]
    fn the_page_is_small() {
        let page = html(&"x".repeat(40));
        assert!(page.len() < 15_000, "{}", page.len());
    }

    #[test]
    fn markup_in_a_name_is_text() {
        for name in [
            "</title><script>x</script>",
            "\"><img src=x>",
            "<!--",
            "&lt;",
        ] {
            assert_eq!(page(name).elements, page("a").elements, "{name}");
        }
    }
}
