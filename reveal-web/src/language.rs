//! In which language a page is shown: the one chosen on the page, else the one that the browser
//! likes best.

use poem::{Request, http::header::ACCEPT_LANGUAGE};
use shared::text::Locale;

/// The language that a request asks for, if it asks for one that we speak.
pub(crate) fn asked_for(request: &Request) -> Option<Locale> {
    let chosen = request.uri().query().and_then(|query| {
        let mut fields = query.split('&');
        fields.find_map(|field| field.strip_prefix("lang=").and_then(Locale::from_tag))
    });
    let liked = || {
        let header = request.headers().get(ACCEPT_LANGUAGE)?;
        Locale::preferred(header.to_str().ok()?)
    };
    chosen.or_else(liked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_on_the_page_comes_first() {
        let asked = |uri: &str, header: &str| {
            let request = Request::builder()
                .uri(uri.parse().unwrap())
                .header(ACCEPT_LANGUAGE, header)
                .finish();
            asked_for(&request)
        };
        for (uri, header, expected) in [
            ("/s/x", "fr-CA,en;q=0.5", Some(Locale::Fr)),
            ("/s/x?lang=en", "fr-CA,en;q=0.5", Some(Locale::En)),
            ("/s/x?a=b&lang=fr", "en", Some(Locale::Fr)),
            ("/s/x?lang=de", "fr", Some(Locale::Fr)),
            ("/s/x?lang=de", "de", None),
        ] {
            assert_eq!(asked(uri, header), expected, "{uri} {header}");
        }
    }
}
