//! Which requests may open a secret: those that our own page sends.
//!
//! Browsers say where a request comes from: in Fetch Metadata, the older ones in `Origin`. What
//! says neither is no browser that people use. There is no session that another site could ride on:
//! this keeps out scanners that press buttons and pages that send forms here. Source: OWASP's cheat
//! sheet on cross-site request forgery, "Fetch Metadata headers".

use poem::{
    Request,
    http::{HeaderMap, header, uri::Authority},
};
use shared::domain::base_url::PublicBaseUrl;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "it was sent to another host than PUBLIC_BASE_URL's: a proxy in front must pass Host on"
    )]
    OtherHost,
    #[error("the browser says that it doesn't come from our own page")]
    OtherSite,
    #[error("nothing says where it comes from")]
    NoOrigin,
}

/// Checks where a request comes from and where it was sent to.
pub(crate) fn check(request: &Request, own: &PublicBaseUrl) -> Result<(), Refusal> {
    let headers = request.headers();
    // HTTP/2 has the host in the request's own address.
    let authority = request.uri().authority().map(Authority::as_str);
    let host = authority.or_else(|| only(headers, header::HOST.as_str()));
    if !host.is_some_and(|host| own.is_host(host)) {
        return Err(Refusal::OtherHost);
    }
    let fetch = ["site", "mode", "dest"].map(|part| {
        let name = format!("sec-fetch-{part}");
        headers.contains_key(&name).then(|| only(headers, &name))
    });
    match fetch {
        [None, None, None] => match only(headers, header::ORIGIN.as_str()) {
            Some(origin) if origin == own.origin() => Ok(()),
            Some(_) => Err(Refusal::OtherSite),
            None => Err(Refusal::NoOrigin),
        },
        [
            Some(Some("same-origin")),
            Some(Some("navigate")),
            Some(Some("document")),
        ] => Ok(()),
        _ => Err(Refusal::OtherSite),
    }
}

/// The header's value if there is just one.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let own = PublicBaseUrl::parse("https://secrets.example.org").unwrap();
        let mut request = Request::builder().finish();
        for (name, value) in headers {
            let name: header::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        check(&request, &own)
    }

    const HOST: (&str, &str) = ("host", "secrets.example.org");
    const ORIGIN: (&str, &str) = ("origin", "https://secrets.example.org");
    const SITE: (&str, &str) = ("sec-fetch-site", "same-origin");
    const MODE: (&str, &str) = ("sec-fetch-mode", "navigate");
    const DEST: (&str, &str) = ("sec-fetch-dest", "document");

    #[test]
    fn our_own_page_may_and_nobody_else() {
        for headers in [
            &[HOST, SITE, MODE, DEST][..],
            &[HOST, SITE, MODE, DEST, ("origin", "null")],
            &[HOST, ORIGIN],
            &[("host", "secrets.example.org:443"), ORIGIN],
            &[("host", "Secrets.Example.ORG"), ORIGIN],
        ] {
            assert_eq!(checked(headers), Ok(()), "{headers:?}");
        }
        for (headers, refusal) in [
            (&[HOST][..], Refusal::NoOrigin),
            (&[HOST, ("origin", "null")], Refusal::OtherSite),
            (
                &[HOST, ("origin", "https://evil.example")],
                Refusal::OtherSite,
            ),
            (
                &[HOST, ("origin", "http://secrets.example.org")],
                Refusal::OtherSite,
            ),
            (&[HOST, ORIGIN, ORIGIN], Refusal::NoOrigin),
            (
                &[HOST, ("sec-fetch-site", "cross-site"), MODE, DEST, ORIGIN],
                Refusal::OtherSite,
            ),
            (
                &[HOST, ("sec-fetch-site", "none"), MODE, DEST, ORIGIN],
                Refusal::OtherSite,
            ),
            (
                &[HOST, SITE, ("sec-fetch-mode", "cors"), DEST],
                Refusal::OtherSite,
            ),
            (
                &[HOST, SITE, MODE, ("sec-fetch-dest", "iframe")],
                Refusal::OtherSite,
            ),
            (&[HOST, SITE, SITE, MODE, DEST], Refusal::OtherSite),
            (&[HOST, SITE, ORIGIN], Refusal::OtherSite),
            (&[SITE, MODE, DEST], Refusal::OtherHost),
            (
                &[("host", "evil.example"), SITE, MODE, DEST],
                Refusal::OtherHost,
            ),
            (
                &[("host", "secrets.example.org:8443"), ORIGIN],
                Refusal::OtherHost,
            ),
            (&[HOST, HOST, ORIGIN], Refusal::OtherHost),
        ] {
            assert_eq!(checked(headers), Err(refusal), "{headers:?}");
        }
    }
}
